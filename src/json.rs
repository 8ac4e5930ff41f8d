//! Untrusted JSON: `JSON.parse` in wasm, `serde_json` elsewhere. The only place where the two differ.
//!
//! A [`Json`] is read by asking for own members by name; anything missing or of another type is `None`.

#[cfg(not(target_arch = "wasm32"))]
type Value = serde_json::Value;
#[cfg(target_arch = "wasm32")]
type Value = wasm_bindgen::JsValue;

/// A JSON value that came from outside.
#[derive(Clone)]
pub struct Json(Value);

#[cfg(not(target_arch = "wasm32"))]
impl Json {
    /// Parses `text`; `None` when it is no JSON, or nested more than 32 levels deep.
    pub fn parse(text: &str) -> Option<Json> {
        serde_json::from_str(shallow(text)?).ok().map(Json)
    }

    /// The own member `name` of an object.
    pub fn get(&self, name: &str) -> Option<Json> {
        self.0.as_object()?.get(name).cloned().map(Json)
    }

    /// The value as a string.
    pub fn as_str(&self) -> Option<String> {
        self.0.as_str().map(str::to_owned)
    }

    /// The value as a number.
    pub fn as_f64(&self) -> Option<f64> {
        self.0.as_f64()
    }

    /// The value as a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        self.0.as_bool()
    }

    /// The elements of an array.
    pub fn as_array(&self) -> Option<Vec<Json>> {
        Some(self.0.as_array()?.iter().cloned().map(Json).collect())
    }

    /// Whether the value is an object (and no array).
    pub fn is_object(&self) -> bool {
        self.0.is_object()
    }

    /// The names of an object's own members.
    pub fn keys(&self) -> Vec<String> {
        self.0.as_object().map(|object| object.keys().cloned().collect()).unwrap_or_default()
    }

    /// The value as JSON text.
    pub fn to_text(&self) -> String {
        self.0.to_string()
    }

    /// An object without members.
    pub fn object() -> Json {
        Json(serde_json::Map::new().into())
    }

    /// A copy of the object with the members of `other` written over its own.
    pub fn merged(&self, other: &Json) -> Json {
        let mut object = self.0.as_object().cloned().unwrap_or_default();
        object.extend(other.0.as_object().cloned().unwrap_or_default());
        Json(object.into())
    }

    /// A copy of the object without the members `names`.
    pub fn without(&self, names: &[&str]) -> Json {
        let mut object = self.0.as_object().cloned().unwrap_or_default();
        object.retain(|name, _| !names.contains(&name.as_str()));
        Json(object.into())
    }
}

#[cfg(target_arch = "wasm32")]
impl Json {
    /// Parses `text`; `None` when it is no JSON, or nested more than 32 levels deep.
    pub fn parse(text: &str) -> Option<Json> {
        js_sys::JSON::parse(shallow(text)?).ok().map(Json)
    }

    /// The own member `name` of an object.
    pub fn get(&self, name: &str) -> Option<Json> {
        use wasm_bindgen::JsValue;
        if !self.is_object() {
            return None;
        }
        let name = JsValue::from_str(name);
        // Not `Reflect::get` alone: a polluted `Object.prototype` must not supply claims.
        let object: &js_sys::Object = wasm_bindgen::JsCast::unchecked_ref(&self.0);
        if !js_sys::Object::has_own(object, &name) {
            return None;
        }
        js_sys::Reflect::get(&self.0, &name).ok().map(Json)
    }

    /// The value as a string.
    pub fn as_str(&self) -> Option<String> {
        self.0.as_string()
    }

    /// The value as a number.
    pub fn as_f64(&self) -> Option<f64> {
        self.0.as_f64()
    }

    /// The value as a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        self.0.as_bool()
    }

    /// The elements of an array.
    pub fn as_array(&self) -> Option<Vec<Json>> {
        if !js_sys::Array::is_array(&self.0) {
            return None;
        }
        Some(js_sys::Array::from(&self.0).iter().map(Json).collect())
    }

    /// Whether the value is an object (and no array).
    pub fn is_object(&self) -> bool {
        self.0.is_object() && !js_sys::Array::is_array(&self.0)
    }

    /// The names of an object's own members.
    pub fn keys(&self) -> Vec<String> {
        if !self.is_object() {
            return Vec::new();
        }
        let object: &js_sys::Object = wasm_bindgen::JsCast::unchecked_ref(&self.0);
        js_sys::Object::keys(object).iter().filter_map(|key| key.as_string()).collect()
    }

    /// The value as JSON text.
    pub fn to_text(&self) -> String {
        js_sys::JSON::stringify(&self.0).map(String::from).unwrap_or_default()
    }

    /// An object without members.
    pub fn object() -> Json {
        Json(js_sys::Object::new().into())
    }

    /// A copy of the object with the members of `other` written over its own.
    pub fn merged(&self, other: &Json) -> Json {
        let copy = self.without(&[]);
        for name in other.keys().into_iter().filter(|name| name != "__proto__") {
            if let Some(value) = other.get(&name) {
                let _ = js_sys::Reflect::set(&copy.0, &wasm_bindgen::JsValue::from_str(&name), &value.0);
            }
        }
        copy
    }

    /// A copy of the object without the members `names`.
    pub fn without(&self, names: &[&str]) -> Json {
        let copy = js_sys::JSON::parse(&self.to_text()).unwrap_or_else(|_| js_sys::Object::new().into());
        let object: &js_sys::Object = wasm_bindgen::JsCast::unchecked_ref(&copy);
        for name in names {
            let _ = js_sys::Reflect::delete_property(object, &wasm_bindgen::JsValue::from_str(name));
        }
        Json(copy)
    }
}

impl Json {
    /// The own member `name`, if it is a string.
    pub fn str(&self, name: &str) -> Option<String> {
        self.get(name)?.as_str()
    }

    /// The own member `name`, if it is a number.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.get(name)?.as_f64()
    }

    /// The own member `name`, if it is an array: those of its elements that are strings.
    pub fn strings(&self, name: &str) -> Option<Vec<String>> {
        Some(self.get(name)?.as_array()?.iter().filter_map(Json::as_str).collect())
    }
}

/// `text`, if it is nested no deeper than anything a provider has to say.
fn shallow(text: &str) -> Option<&str> {
    const DEEPEST: u32 = 32;
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

/// Writes `members` as a JSON object of strings, numbers and nested JSON text; the counterpart of [`Json`] for what we store.
#[derive(Default)]
pub struct JsonWriter(String);

impl JsonWriter {
    /// Adds a string member.
    pub fn string(&mut self, name: &str, value: &str) -> &mut Self {
        self.name(name);
        quote(&mut self.0, value);
        self
    }

    /// Adds a string member if there is a value.
    pub fn optional(&mut self, name: &str, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.string(name, value),
            None => self,
        }
    }

    /// Adds a number member.
    pub fn number(&mut self, name: &str, value: i64) -> &mut Self {
        self.name(name);
        self.0.push_str(&value.to_string());
        self
    }

    /// Adds a member whose value is JSON text already.
    pub fn raw(&mut self, name: &str, json: &str) -> &mut Self {
        self.name(name);
        self.0.push_str(json);
        self
    }

    /// The object as text.
    pub fn finish(&mut self) -> String {
        if self.0.is_empty() {
            self.0.push('{');
        }
        self.0.push('}');
        std::mem::take(&mut self.0)
    }

    fn name(&mut self, name: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        quote(&mut self.0, name);
        self.0.push(':');
    }
}

/// Appends `value` as a JSON string (RFC 8259 section 7).
fn quote(out: &mut String, value: &str) {
    out.push('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\0'..='\x1f' => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.push_str("\\u00");
                out.push(HEX[c as usize >> 4] as char);
                out.push(HEX[c as usize & 15] as char);
            }
            _ => out.push(c),
        }
    }
    out.push('"');
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
