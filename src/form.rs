//! `application/x-www-form-urlencoded` (RFC 6749 appendix B), in bodies, queries and fragments: by `URLSearchParams` in wasm, and
//! by the crate `form_urlencoded` elsewhere. Both do what the URL Standard says in section 5.

/// Encodes `pairs`.
#[cfg(not(target_arch = "wasm32"))]
pub fn encode(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// Encodes `pairs`.
#[cfg(target_arch = "wasm32")]
pub fn encode(pairs: &[(&str, &str)]) -> String {
    let Ok(params) = web_sys::UrlSearchParams::new() else { return String::new() };
    for (name, value) in pairs {
        params.append(name, value);
    }
    params.to_string().into()
}

/// Decodes `text`; whatever it is, something comes out.
#[cfg(not(target_arch = "wasm32"))]
pub fn decode(text: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(text.as_bytes()).map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// Decodes `text`; whatever it is, something comes out.
#[cfg(target_arch = "wasm32")]
pub fn decode(text: &str) -> Vec<(String, String)> {
    use wasm_bindgen::JsCast;
    let mut pairs = Vec::new();
    // A leading question mark would be dropped; of two, one stays.
    let Ok(params) = web_sys::UrlSearchParams::new_with_str(&["?", text].concat()) else { return pairs };
    for pair in js_sys::Array::from(&params) {
        let pair: js_sys::Array = pair.unchecked_into();
        if let (Some(name), Some(value)) = (pair.get(0).as_string(), pair.get(1).as_string()) {
            pairs.push((name, value));
        }
    }
    pairs
}

/// `endpoint` with `pairs` added to its query; one it has is kept (RFC 6749 section 3.1).
pub fn append_query(endpoint: &str, pairs: &[(&str, &str)]) -> String {
    let endpoint = endpoint.split_once('#').map_or(endpoint, |(before, _)| before);
    let separator = match endpoint.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some((_, query)) if query.ends_with('&') => "",
        Some(_) => "&",
    };
    [endpoint, separator, &encode(pairs)].concat()
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_written_and_read_is_the_same_as_in_wasm() {
        let pairs = [("a b", "1&2=3"), ("?x", "\u{e9}+"), ("", "")];
        assert_eq!(encode(&pairs), "a+b=1%262%3D3&%3Fx=%C3%A9%2B&=");
        assert_eq!(decode("?a=%zz&b"), [("?a", "%zz"), ("b", "")].map(|(n, v)| (n.to_owned(), v.to_owned())));
    }

    #[test]
    fn a_query_that_is_there_is_kept() {
        let pairs = [("a", "1 2"), ("b", "&=")];
        let appended = |endpoint| append_query(endpoint, &pairs);
        assert_eq!(appended("https://x/auth"), "https://x/auth?a=1+2&b=%26%3D");
        assert_eq!(appended("https://x/auth?"), "https://x/auth?a=1+2&b=%26%3D");
        assert_eq!(appended("https://x/auth?p=q"), "https://x/auth?p=q&a=1+2&b=%26%3D");
        assert_eq!(appended("https://x/auth?p=q#f"), "https://x/auth?p=q&a=1+2&b=%26%3D");
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(pairs in prop::collection::vec((".*", ".*"), 0..5)) {
            let borrowed: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let text = encode(&borrowed);
            prop_assert!(text.is_ascii());
            prop_assert_eq!(decode(&text), pairs);
        }

        #[test]
        fn anything_can_be_decoded(text in ".*") {
            decode(&text);
        }
    }
}
