//! How a message is written as JSON and read: externally tagged enums, as serde has them, with names in camel case.
//!
//! The macros make what serde could derive, in a third of the bytes of wasm. They read in place, so that a message
//! with many members is one call after the other, and nothing is moved or dropped in between.

use std::rc::Rc;

pub use crate::json::Json;

/// What can be read from a message.
pub trait Read: Default {
    /// Becomes what `json` says, which is there under `name`. What does not fit is noted, and nothing is to be made of it.
    fn fill(&mut self, json: Json, name: &'static str, misfit: &mut Option<Misfit>);
}

/// What can be written into a message.
pub trait Write {
    /// Its JSON.
    fn write(&self) -> Json;
}

/// The name of a member or variant that is missing or of another type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Misfit(pub &'static str);

/// Reads a message.
pub fn read<T: Read>(json: Json) -> Result<T, Misfit> {
    let mut misfit = None;
    let message = inner(json, "message", &mut misfit);
    misfit.map_or(Ok(message), Err)
}

/// Reads what is there under `name`.
pub fn inner<T: Read>(json: Json, name: &'static str, misfit: &mut Option<Misfit>) -> T {
    let mut value = T::default();
    value.fill(json, name, misfit);
    value
}

/// Reads the member `name` of an object.
pub fn member(object: &mut Json, name: &'static str, value: &mut impl Read, misfit: &mut Option<Misfit>) {
    value.fill(object.take(name), name, misfit);
}

impl Read for String {
    fn fill(&mut self, json: Json, name: &'static str, misfit: &mut Option<Misfit>) {
        match json {
            Json::String(text) => *self = text,
            _ => *misfit = Some(Misfit(name)),
        }
    }
}

impl Write for String {
    fn write(&self) -> Json {
        Json::from(self.as_str())
    }
}

impl Read for bool {
    fn fill(&mut self, json: Json, name: &'static str, misfit: &mut Option<Misfit>) {
        match json {
            Json::Bool(value) => *self = value,
            _ => *misfit = Some(Misfit(name)),
        }
    }
}

impl Write for bool {
    fn write(&self) -> Json {
        Json::Bool(*self)
    }
}

impl Read for u32 {
    fn fill(&mut self, json: Json, name: &'static str, misfit: &mut Option<Misfit>) {
        match json {
            Json::Number(number) if f64::from(number as u32) == number => *self = number as u32,
            _ => *misfit = Some(Misfit(name)),
        }
    }
}

impl Write for u32 {
    fn write(&self) -> Json {
        Json::Number(f64::from(*self))
    }
}

impl Write for u16 {
    fn write(&self) -> Json {
        Json::Number(f64::from(*self))
    }
}

impl Write for f64 {
    fn write(&self) -> Json {
        Json::Number(*self)
    }
}

impl<T: Read> Read for Rc<T> {
    fn fill(&mut self, json: Json, name: &'static str, misfit: &mut Option<Misfit>) {
        *self = Rc::new(inner(json, name, misfit));
    }
}

impl<T: Read> Read for Option<T> {
    fn fill(&mut self, json: Json, name: &'static str, misfit: &mut Option<Misfit>) {
        if !matches!(json, Json::Null) {
            self.insert(T::default()).fill(json, name, misfit);
        }
    }
}

impl<T: Write> Write for Option<T> {
    fn write(&self) -> Json {
        self.as_ref().map(T::write).unwrap_or_default()
    }
}

impl<T: Read> Read for Vec<T> {
    fn fill(&mut self, json: Json, name: &'static str, misfit: &mut Option<Misfit>) {
        let Json::Array(elements) = json else {
            *misfit = Some(Misfit(name));
            return;
        };
        for element in elements {
            self.push(inner(element, name, misfit));
        }
    }
}

impl<T: Write> Write for Vec<T> {
    fn write(&self) -> Json {
        let mut elements = Vec::new();
        for element in self {
            elements.push(element.write());
        }
        Json::Array(elements)
    }
}

/// A name and a value.
impl Read for (String, String) {
    fn fill(&mut self, json: Json, name: &'static str, misfit: &mut Option<Misfit>) {
        match json {
            Json::Array(pair) if pair.len() == 2 => {
                for (json, text) in pair.into_iter().zip([&mut self.0, &mut self.1]) {
                    text.fill(json, name, misfit);
                }
            }
            _ => *misfit = Some(Misfit(name)),
        }
    }
}

impl Write for (String, String) {
    fn write(&self) -> Json {
        Json::Array(vec![self.0.write(), self.1.write()])
    }
}

/// The JSON of the variant `tag`.
pub fn tagged(tag: &str, held: Option<Json>) -> Json {
    match held {
        None => Json::from(tag),
        Some(held) => Json::Object(vec![(tag.to_owned(), held)]),
    }
}

/// The variant that `json` names, and what it holds.
pub fn variant(json: Json) -> (String, Json) {
    match json {
        Json::String(tag) => (tag, Json::Null),
        Json::Object(mut members) if members.len() == 1 => members.pop().unwrap_or_default(),
        _ => <(String, Json)>::default(),
    }
}

/// The name of a field or variant of Rust on the wire.
macro_rules! camel {
    ($name:ident) => {{
        const RUST: &str = stringify!($name);
        const CAMEL: [u8; length_in_camel_case(RUST)] = in_camel_case(RUST);
        const { ascii(&CAMEL) }
    }};
}

pub const fn length_in_camel_case(name: &str) -> usize {
    let (mut length, mut at) = (0, 0);
    while at < name.len() {
        length += (name.as_bytes()[at] != b'_') as usize;
        at += 1;
    }
    length
}

pub const fn in_camel_case<const LENGTH: usize>(name: &str) -> [u8; LENGTH] {
    let mut camel = [0; LENGTH];
    let (mut to, mut from, mut raise) = (0, 0, false);
    while to < LENGTH {
        let byte = name.as_bytes()[from];
        from += 1;
        if byte == b'_' {
            raise = true;
            continue;
        }
        camel[to] = match (to, raise) {
            (0, _) => byte.to_ascii_lowercase(),
            (_, true) => byte.to_ascii_uppercase(),
            _ => byte,
        };
        raise = false;
        to += 1;
    }
    camel
}

pub const fn ascii(name: &'static [u8]) -> &'static str {
    match std::str::from_utf8(name) {
        Ok(name) => name,
        Err(_) => panic!("names are ASCII"),
    }
}

/// Enums that are read.
macro_rules! read_enum {
    ($($(#[$meta:meta])* pub enum $name:ident {
        $($(#[$doc:meta])* $variant:ident $(($inner:ty))? $({ $($field:ident: $type:ty),* })?,)*
    })*) => {$(
        #[cfg_attr(all(test, not(target_arch = "wasm32")), derive(ts_rs::TS))]
        #[cfg_attr(all(test, not(target_arch = "wasm32")), ts(rename_all = "camelCase", rename_all_fields = "camelCase"))]
        $(#[$meta])*
        pub enum $name { $($(#[$doc])* $variant $(($inner))? $({ $($field: $type),* })?,)* }

        #[allow(unused_mut)]
        impl Read for $name {
            fn fill(&mut self, json: Json, name: &'static str, misfit: &mut Option<Misfit>) {
                let (tag, mut held) = variant(json);
                *self = match tag.as_str() {
                    $(tag if tag == camel!($variant) => {
                        $($(let mut $field = <$type>::default();
                        member(&mut held, camel!($field), &mut $field, misfit);)*)?
                        $name::$variant $((inner::<$inner>(held, camel!($variant), misfit)))? $({ $($field),* })?
                    })*
                    _ => {
                        *misfit = Some(Misfit(name));
                        return;
                    }
                };
            }
        }
    )*};
}

/// Structs that are read.
macro_rules! read_struct {
    ($($(#[$meta:meta])* pub struct $name:ident { $($(#[$doc:meta])* pub $field:ident: $type:ty,)* })*) => {$(
        #[cfg_attr(all(test, not(target_arch = "wasm32")), derive(ts_rs::TS))]
        #[cfg_attr(all(test, not(target_arch = "wasm32")), ts(optional_fields, rename_all = "camelCase"))]
        $(#[$meta])*
        #[derive(Default)]
        pub struct $name { $($(#[$doc])* pub $field: $type,)* }

        impl Read for $name {
            fn fill(&mut self, mut json: Json, name: &'static str, misfit: &mut Option<Misfit>) {
                if !json.is_object() {
                    *misfit = Some(Misfit(name));
                }
                $(member(&mut json, camel!($field), &mut self.$field, misfit);)*
            }
        }
    )*};
}

/// `$pattern`, once for a type.
macro_rules! bound {
    ($type:ty, $pattern:pat) => {
        $pattern
    };
}

/// Enums that are written.
macro_rules! write_enum {
    ($($(#[$meta:meta])* pub enum $name:ident {
        $($(#[$doc:meta])* $variant:ident $(($inner:ty))? $({ $($field:ident: $type:ty),* })?,)*
    })*) => {$(
        #[cfg_attr(all(test, not(target_arch = "wasm32")), derive(ts_rs::TS))]
        #[cfg_attr(all(test, not(target_arch = "wasm32")), ts(rename_all = "camelCase", rename_all_fields = "camelCase"))]
        $(#[$meta])*
        pub enum $name { $($(#[$doc])* $variant $(($inner))? $({ $($field: $type),* })?,)* }

        #[allow(unused_mut, unused_assignments)]
        impl Write for $name {
            fn write(&self) -> Json {
                let mut held = None;
                let tag = match self {$(
                    $name::$variant $((bound!($inner, inner)))? $({ $($field),* })? => {
                        $(held = Some(<$inner>::write(inner));)?
                        $(
                            let mut members = Json::object();
                            $(members.add(camel!($field), $field.write());)*
                            held = Some(members);
                        )?
                        camel!($variant)
                    }
                )*};
                tagged(tag, held)
            }
        }
    )*};
}

/// Structs that are written.
macro_rules! write_struct {
    ($($(#[$meta:meta])* pub struct $name:ident { $($(#[$doc:meta])* pub $field:ident: $type:ty,)* })*) => {$(
        #[cfg_attr(all(test, not(target_arch = "wasm32")), derive(ts_rs::TS))]
        #[cfg_attr(all(test, not(target_arch = "wasm32")), ts(optional_fields, rename_all = "camelCase"))]
        $(#[$meta])*
        pub struct $name { $($(#[$doc])* pub $field: $type,)* }

        impl Write for $name {
            fn write(&self) -> Json {
                let mut json = Json::object();
                $(json.add(camel!($field), self.$field.write());)*
                json
            }
        }
    )*};
}

/// Enums of mere names; the first one is the default.
macro_rules! names {
    ($($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* })*) => {$(
        #[cfg_attr(all(test, not(target_arch = "wasm32")), derive(ts_rs::TS))]
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$doc])* #[cfg_attr(all(test, not(target_arch = "wasm32")), ts(rename = $text))] $variant,)*
        }

        impl $name {
            const ALL: &'static [$name] = &[$($name::$variant),*];

            /// Its name on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                $name::ALL[0]
            }
        }

        impl Read for $name {
            fn fill(&mut self, json: Json, name: &'static str, misfit: &mut Option<Misfit>) {
                match $name::ALL.iter().find(|known| json.as_str() == Some(known.as_str())) {
                    Some(known) => *self = *known,
                    None => *misfit = Some(Misfit(name)),
                }
            }
        }

        impl Write for $name {
            fn write(&self) -> Json {
                Json::from(self.as_str())
            }
        }
    )*};
}

pub(crate) use {bound, camel, names, read_enum, read_struct, write_enum, write_struct};

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::wire::{Command, ToVault};

    fn misfit(text: &str) -> Option<&'static str> {
        read::<ToVault>(Json::parse(text).expect("it is JSON")).err().map(|Misfit(name)| name)
    }

    #[test]
    fn what_does_not_fit_is_named() {
        assert_eq!(misfit(r#"{"command":{"id":1,"command":"close"}}"#), None);
        for (text, name) in [
            ("7", "message"),
            (r#"{"other":{}}"#, "message"),
            (r#"{"command":{"id":1.5,"command":"close"}}"#, "id"),
            (r#"{"command":{"id":-1,"command":"close"}}"#, "id"),
            (r#"{"command":{"id":1}}"#, "command"),
            (r#"{"command":{"id":1,"command":{"start":7}}}"#, "start"),
            (r#"{"command":{"id":1,"command":{"signIn":{"popup":true}}}}"#, "params"),
            (r#"{"command":{"id":1,"command":{"signIn":{"popup":true,"params":[["a"]]}}}}"#, "params"),
        ] {
            assert_eq!(misfit(text), Some(name), "{text}");
        }
    }

    #[test]
    fn members_are_read_by_their_names_in_camel_case() {
        let text = r#"{"command":{"id":3,"command":{"signIn":{"returnTo":"/a","params":[["a","b"]],"popup":true}}}}"#;
        match read(Json::parse(text).expect("it is JSON")) {
            Ok(ToVault::Command { id: 3, command: Command::SignIn(sign_in) }) => {
                assert_eq!((sign_in.return_to.as_deref(), sign_in.popup, sign_in.scope), (Some("/a"), true, None));
                assert_eq!(sign_in.params, [("a".to_owned(), "b".to_owned())]);
            }
            _ => panic!("it is a sign-in"),
        }
    }
}
