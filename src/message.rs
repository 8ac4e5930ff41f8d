//! How a message is written as JSON and read: externally tagged enums, as serde has them, with names in camel case.
//!
//! The macros make what serde could derive, in a quarter of the bytes of wasm.

pub use crate::json::Json;

/// What a message is made of. Its JSON is that of serde's externally tagged enums, with names in camel case.
///
/// The impls are made by macros of ours, because what serde derives is four times as large in the wasm.
pub trait Wire: Sized {
    /// Reads `json`, which is there under `name`.
    fn read(json: Json, name: &'static str) -> Result<Self, Misfit>;
    /// Writes it.
    fn write(&self) -> Json;
}

/// The name of a member or variant that is missing or of another type.
#[derive(Debug)]
pub struct Misfit(pub &'static str);

impl Wire for String {
    fn read(json: Json, name: &'static str) -> Result<Self, Misfit> {
        match json {
            Json::String(text) => Ok(text),
            _ => Err(Misfit(name)),
        }
    }

    fn write(&self) -> Json {
        Json::from(self.as_str())
    }
}

impl Wire for bool {
    fn read(json: Json, name: &'static str) -> Result<Self, Misfit> {
        json.as_bool().ok_or(Misfit(name))
    }

    fn write(&self) -> Json {
        Json::Bool(*self)
    }
}

impl Wire for f64 {
    fn read(json: Json, name: &'static str) -> Result<Self, Misfit> {
        json.as_f64().ok_or(Misfit(name))
    }

    fn write(&self) -> Json {
        Json::Number(*self)
    }
}

impl Wire for u32 {
    fn read(json: Json, name: &'static str) -> Result<Self, Misfit> {
        let number = f64::read(json, name)?;
        let whole = number as u32;
        if f64::from(whole) == number { Ok(whole) } else { Err(Misfit(name)) }
    }

    fn write(&self) -> Json {
        Json::Number(f64::from(*self))
    }
}

impl Wire for u16 {
    fn read(json: Json, name: &'static str) -> Result<Self, Misfit> {
        u16::try_from(u32::read(json, name)?).map_err(|_| Misfit(name))
    }

    fn write(&self) -> Json {
        u32::from(*self).write()
    }
}

impl<T: Wire> Wire for Box<T> {
    fn read(json: Json, name: &'static str) -> Result<Self, Misfit> {
        T::read(json, name).map(Box::new)
    }

    fn write(&self) -> Json {
        T::write(self)
    }
}

impl<T: Wire> Wire for Option<T> {
    fn read(json: Json, name: &'static str) -> Result<Self, Misfit> {
        match json {
            Json::Null => Ok(None),
            json => T::read(json, name).map(Some),
        }
    }

    fn write(&self) -> Json {
        self.as_ref().map(T::write).unwrap_or_default()
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn read(json: Json, name: &'static str) -> Result<Self, Misfit> {
        let Json::Array(elements) = json else { return Err(Misfit(name)) };
        let mut all = Vec::new();
        for element in elements {
            all.push(T::read(element, name)?);
        }
        Ok(all)
    }

    fn write(&self) -> Json {
        let mut all = Vec::new();
        for element in self {
            all.push(element.write());
        }
        Json::Array(all)
    }
}

/// A name and a value.
impl Wire for (String, String) {
    fn read(json: Json, name: &'static str) -> Result<Self, Misfit> {
        let Json::Array(mut pair) = json else { return Err(Misfit(name)) };
        match (pair.pop(), pair.pop(), pair.pop()) {
            (Some(Json::String(value)), Some(Json::String(key)), None) => Ok((key, value)),
            _ => Err(Misfit(name)),
        }
    }

    fn write(&self) -> Json {
        Json::Array(vec![self.0.write(), self.1.write()])
    }
}

/// Reads the member `name` of an object.
pub fn member<T: Wire>(object: &mut Json, name: &'static str) -> Result<T, Misfit> {
    T::read(object.take(name), name)
}

/// The JSON of the variant `tag`.
pub fn tagged(tag: &str, held: Option<Json>) -> Json {
    match held {
        None => Json::from(tag),
        Some(held) => Json::Object(vec![(tag.to_owned(), held)]),
    }
}

/// The variant that `json` names, and what it holds.
pub fn variant(json: Json, name: &'static str) -> Result<(String, Json), Misfit> {
    match json {
        Json::String(tag) => Ok((tag, Json::Null)),
        Json::Object(mut members) if members.len() == 1 => members.pop().ok_or(Misfit(name)),
        _ => Err(Misfit(name)),
    }
}

/// The name of a field or variant of Rust on the wire.
macro_rules! camel {
    ($name:ident) => {{
        const RUST: &str = stringify!($name);
        const CAMEL: [u8; length_in_camel_case(RUST)] = in_camel_case(RUST);
        const { unwrap_name(std::str::from_utf8(&CAMEL)) }
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

pub const fn unwrap_name(name: Result<&'static str, std::str::Utf8Error>) -> &'static str {
    match name {
        Ok(name) => name,
        Err(_) => panic!("names are ASCII"),
    }
}

/// `$pattern`, once for a type.
macro_rules! bound {
    ($type:ty, $pattern:pat) => {
        $pattern
    };
}

macro_rules! wire_enum {
    ($($(#[$meta:meta])* pub enum $name:ident {
        $($(#[$doc:meta])* $variant:ident $(($inner:ty))? $({ $($field:ident: $type:ty),* })?,)*
    })*) => {$(
        #[cfg_attr(all(test, not(target_arch = "wasm32")), derive(ts_rs::TS))]
        #[cfg_attr(all(test, not(target_arch = "wasm32")), ts(rename_all = "camelCase", rename_all_fields = "camelCase"))]
        $(#[$meta])*
        pub enum $name { $($(#[$doc])* $variant $(($inner))? $({ $($field: $type),* })?,)* }

        #[allow(unused_mut, unused_assignments, unused_variables)]
        impl Wire for $name {
            fn read(json: Json, name: &'static str) -> Result<Self, Misfit> {
                let (tag, mut held) = variant(json, name)?;
                $(if tag == camel!($variant) {
                    return Ok($name::$variant
                        $((<$inner>::read(held, camel!($variant))?))?
                        $({ $($field: member(&mut held, camel!($field))?),* })?);
                })*
                Err(Misfit(name))
            }

            fn write(&self) -> Json {
                match self {$(
                    $name::$variant $((bound!($inner, inner)))? $({ $($field),* })? => {
                        let mut held = None;
                        $(held = Some(<$inner>::write(inner));)?
                        $(
                            let mut members = Json::object();
                            $(members.add(camel!($field), $field.write());)*
                            held = Some(members);
                        )?
                        tagged(camel!($variant), held)
                    }
                )*}
            }
        }
    )*};
}

macro_rules! wire_names {
    ($($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* })*) => {$(
        #[cfg_attr(all(test, not(target_arch = "wasm32")), derive(ts_rs::TS))]
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$doc])* #[cfg_attr(all(test, not(target_arch = "wasm32")), ts(rename = $text))] $variant,)*
        }

        impl $name {
            /// Its name on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }
        }

        impl Wire for $name {
            fn read(json: Json, name: &'static str) -> Result<Self, Misfit> {
                $(if json.as_str() == Some($text) {
                    return Ok($name::$variant);
                })*
                Err(Misfit(name))
            }

            fn write(&self) -> Json {
                Json::from(self.as_str())
            }
        }
    )*};
}

macro_rules! wire_struct {
    ($($(#[$meta:meta])* pub struct $name:ident { $($(#[$doc:meta])* pub $field:ident: $type:ty,)* })*) => {$(
        #[cfg_attr(all(test, not(target_arch = "wasm32")), derive(ts_rs::TS))]
        #[cfg_attr(all(test, not(target_arch = "wasm32")), ts(optional_fields, rename_all = "camelCase"))]
        $(#[$meta])*
        pub struct $name { $($(#[$doc])* pub $field: $type,)* }

        impl Wire for $name {
            fn read(mut json: Json, name: &'static str) -> Result<Self, Misfit> {
                match json.is_object() {
                    true => Ok($name { $($field: member(&mut json, camel!($field))?,)* }),
                    false => Err(Misfit(name)),
                }
            }

            fn write(&self) -> Json {
                let mut json = Json::object();
                $(json.add(camel!($field), self.$field.write());)*
                json
            }
        }
    )*};
}

pub(crate) use {bound, camel, wire_enum, wire_names, wire_struct};
