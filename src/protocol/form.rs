//! `application/x-www-form-urlencoded` (RFC 6749 appendix B), in bodies, queries and fragments.

use std::borrow::Cow;

/// Encodes `pairs`.
pub fn encode(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// Decodes `text`; whatever it is, something comes out.
pub fn decode(text: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(text.as_bytes())
        .map(|(name, value)| (Cow::into_owned(name), Cow::into_owned(value)))
        .collect()
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
