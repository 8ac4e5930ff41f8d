//! JSON: untrusted values that came from outside, and what we write. `JSON.parse` and `JSON.stringify` in wasm,
//! `serde_json` elsewhere.
//!
//! A [`Json`] is read by asking for members by name; anything missing or of another type is `None`.

use serde::ser::{Serialize, Serializer};

/// A JSON value.
#[derive(Clone, Default, PartialEq)]
pub enum Json {
    /// `null`, and JavaScript's `undefined`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number
    Number(f64),
    /// A string
    String(String),
    /// An array
    Array(Vec<Json>),
    /// An object: its own members in their order
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Parses `text`; `None` when it is no JSON, or nested more than 32 levels deep.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn parse(text: &str) -> Option<Json> {
        serde_json::from_str::<serde_json::Value>(shallow(text)?).ok().map(Json::from)
    }

    /// Parses `text`; `None` when it is no JSON, or nested more than 32 levels deep.
    #[cfg(target_arch = "wasm32")]
    pub fn parse(text: &str) -> Option<Json> {
        js_sys::JSON::parse(shallow(text)?).ok().as_ref().map(Json::from_js)
    }

    /// The value as JSON text.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The value as JSON text.
    #[cfg(target_arch = "wasm32")]
    pub fn to_text(&self) -> String {
        js_sys::JSON::stringify(&self.to_js()).map(String::from).unwrap_or_default()
    }

    /// A value of JavaScript, of which all but JSON is `null`; `null` in all when it is nested more than 32 levels deep or
    /// has more than 100,000 values, as one that holds itself. Not by serde-wasm-bindgen: its errors write numbers, and
    /// that takes 4 kB.
    #[cfg(target_arch = "wasm32")]
    pub fn from_js(value: &wasm_bindgen::JsValue) -> Json {
        Json::read_js(value, DEEPEST, &mut 100_000).unwrap_or_default()
    }

    #[cfg(target_arch = "wasm32")]
    fn read_js(value: &wasm_bindgen::JsValue, depth: u32, left: &mut u32) -> Option<Json> {
        use wasm_bindgen::JsCast;
        *left = left.checked_sub(1)?;
        Some(if let Some(text) = value.as_string() {
            Json::String(text)
        } else if let Some(number) = value.as_f64() {
            Json::Number(number)
        } else if let Some(value) = value.as_bool() {
            Json::Bool(value)
        } else if !value.is_object() {
            Json::Null
        } else if js_sys::Array::is_array(value) {
            let mut elements = Vec::new();
            for element in js_sys::Array::from(value) {
                elements.push(Json::read_js(&element, depth.checked_sub(1)?, left)?);
            }
            Json::Array(elements)
        } else {
            let mut members = Vec::new();
            // Own members alone: a polluted `Object.prototype` must not supply claims.
            for member in js_sys::Object::entries(value.unchecked_ref()) {
                let member: js_sys::Array = member.unchecked_into();
                members.push((member.get(0).as_string()?, Json::read_js(&member.get(1), depth.checked_sub(1)?, left)?));
            }
            Json::Object(members)
        })
    }

    /// The value in JavaScript.
    #[cfg(target_arch = "wasm32")]
    pub fn to_js(&self) -> wasm_bindgen::JsValue {
        self.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).unwrap_or_default()
    }

    /// The member `name` of an object.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.members().iter().find(|member| member.0 == name).map(|member| &member.1)
    }

    /// The members of an object; none of anything else.
    pub fn members(&self) -> &[(String, Json)] {
        match self {
            Json::Object(members) => members,
            _ => &[],
        }
    }

    /// The value as a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Json::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value as a number.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Json::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The value as a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Json::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The elements of an array.
    pub fn as_array(&self) -> Option<&[Json]> {
        match self {
            Json::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// Whether the value is an object (and no array).
    pub fn is_object(&self) -> bool {
        matches!(self, Json::Object(_))
    }

    /// The member `name`, if it is a string.
    pub fn str(&self, name: &str) -> Option<String> {
        self.get(name)?.as_str().map(str::to_owned)
    }

    /// The member `name`, if it is a number.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.get(name)?.as_f64()
    }

    /// The member `name`, if it is an array: those of its elements that are strings.
    pub fn strings(&self, name: &str) -> Option<Vec<String>> {
        Some(self.get(name)?.as_array()?.iter().filter_map(Json::as_str).map(str::to_owned).collect())
    }

    /// An object without members.
    pub fn object() -> Json {
        Json::Object(Vec::new())
    }

    /// Adds a member to an object, unless it is `null`.
    pub fn add(&mut self, name: &str, value: impl Into<Json>) {
        self.push(name, value.into());
    }

    fn push(&mut self, name: &str, value: Json) {
        if let (Json::Object(members), false) = (self, matches!(value, Json::Null)) {
            members.push((name.to_owned(), value));
        }
    }

    /// Takes the member `name` out of an object; `null` if there is none.
    pub fn take(&mut self, name: &str) -> Json {
        if let Json::Object(members) = self {
            for member in members {
                if member.0 == name {
                    return std::mem::take(&mut member.1);
                }
            }
        }
        Json::Null
    }

    /// The object with the members of `other` written over its own.
    pub fn merged(&self, other: &Json) -> Json {
        let mut members = self.members().to_vec();
        for (name, value) in other.members() {
            match members.iter_mut().find(|member| member.0 == *name) {
                Some(member) => member.1 = value.clone(),
                None => members.push((name.clone(), value.clone())),
            }
        }
        Json::Object(members)
    }

    /// A copy of the object without the members `names`.
    pub fn without(&self, names: &[&str]) -> Json {
        let mut rest = Vec::new();
        for member in self.members() {
            if !names.contains(&member.0.as_str()) {
                rest.push(member.clone());
            }
        }
        Json::Object(rest)
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Json {
        Json::String(text.to_owned())
    }
}

impl From<Option<&str>> for Json {
    fn from(text: Option<&str>) -> Json {
        text.map(Json::from).unwrap_or_default()
    }
}

impl From<Option<i64>> for Json {
    fn from(number: Option<i64>) -> Json {
        number.map(Json::from).unwrap_or_default()
    }
}

impl From<i64> for Json {
    fn from(number: i64) -> Json {
        Json::Number(number as f64)
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl From<serde_json::Value> for Json {
    fn from(value: serde_json::Value) -> Json {
        use serde_json::Value;
        match value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(value),
            Value::Number(number) => Json::Number(number.as_f64().unwrap_or_default()),
            Value::String(text) => Json::String(text),
            Value::Array(elements) => Json::Array(elements.into_iter().map(Json::from).collect()),
            Value::Object(members) => {
                Json::Object(members.into_iter().map(|(name, value)| (name, Json::from(value))).collect())
            }
        }
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Json::Null => serializer.serialize_unit(),
            Json::Bool(value) => serializer.serialize_bool(*value),
            // JavaScript writes whole numbers without a point.
            #[cfg(not(target_arch = "wasm32"))]
            Json::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
                serializer.serialize_i64(*number as i64)
            }
            Json::Number(number) => serializer.serialize_f64(*number),
            Json::String(text) => serializer.serialize_str(text),
            Json::Array(elements) => serializer.collect_seq(elements),
            Json::Object(members) => serializer.collect_map(members.iter().map(|(name, value)| (name, value))),
        }
    }
}

/// How deep what we read may be nested.
const DEEPEST: u32 = 32;

/// `text`, if it is nested no deeper than anything a provider has to say.
fn shallow(text: &str) -> Option<&str> {
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => depth += 1,
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return None;
        }
    }
    Some(text)
}

/// `number` as people write it. Not by `Display`, which is large for what it does here.
pub fn decimal(number: i64) -> String {
    Json::from(number).to_text()
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn depth_has_a_limit_outside_of_strings() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Json::parse(&nested(32)).is_some());
        assert!(Json::parse(&nested(33)).is_none());
        assert!(Json::parse(&format!("[{:?}]", "[".repeat(100))).is_some());
        assert!(Json::parse(&format!(r#"["\\"{}]"#, ",[]".repeat(100))).is_some());
    }

    #[test]
    fn merging_writes_over() {
        let (one, other) = (Json::parse(r#"{"a":1,"b":2}"#), Json::parse(r#"{"b":3,"c":4}"#));
        let merged = one.zip(other).map(|(one, other)| one.merged(&other).without(&["c"]).to_text());
        assert_eq!(merged.as_deref(), Some(r#"{"a":1,"b":3}"#));
    }
}
