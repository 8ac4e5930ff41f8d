//! The provider's keys (RFC 7517, RFC 7518 section 6) and which of them may have signed.

use super::jws::Alg;
use crate::error::{Code, Error, Result};
use crate::json::Json;

/// More than any provider publishes, and no more than is kept.
const MOST_KEYS: usize = 100;
/// The longest key set that is read, in bytes.
const LONGEST: usize = 256 * 1024;
/// How many keys are tried for one token.
const MOST_CANDIDATES: usize = 4;
/// 2048 bits as base64url.
const SHORTEST_MODULUS: usize = 342;

/// A key set, without the keys that can sign nothing for us.
#[derive(Clone)]
pub struct Jwks(Vec<Jwk>);

/// A public key.
#[derive(Clone)]
pub struct Jwk {
    kid: Option<String>,
    kty: String,
    crv: Option<String>,
    alg: Option<String>,
    /// The members that make the key, for WebCrypto.
    pub json: Json,
}

impl Jwks {
    /// Reads a key set; keys of unknown kind or for another use are left out (RFC 7517 section 5).
    pub fn parse(text: &str) -> Result<Jwks> {
        let keys = if text.len() > LONGEST { None } else { Json::parse(text) };
        let keys = keys.as_ref().and_then(|json| json.get("keys")?.as_array());
        let keys = keys.ok_or_else(|| Error::new(Code::DiscoveryFailed, "the provider's jwks_uri holds no key set"))?;
        Ok(Jwks(keys.iter().take(MOST_KEYS).filter_map(Jwk::read).collect()))
    }

    /// The keys that may have signed a token with this `alg` and `kid`.
    pub fn candidates(&self, alg: Alg, kid: Option<&str>) -> Vec<&Jwk> {
        let fits = |key: &&Jwk| key.fits(alg) && kid.is_none_or(|kid| key.kid.as_deref() == Some(kid));
        self.0.iter().filter(fits).take(MOST_CANDIDATES).collect()
    }
}

impl Jwk {
    fn read(json: &Json) -> Option<Jwk> {
        let kty = json.str("kty")?;
        let members: &[&str] = match kty.as_str() {
            "RSA" => &["kty", "n", "e"],
            "EC" => &["kty", "crv", "x", "y"],
            "OKP" => &["kty", "crv", "x"],
            _ => return None,
        };
        let for_signing = json.str("use").is_none_or(|usage| usage == "sig")
            && json.strings("key_ops").is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        if !for_signing || (kty == "RSA" && json.str("n")?.len() < SHORTEST_MODULUS) {
            return None;
        }
        // Only what makes the key: a private part, `alg` or `key_ops` would make the import fail, or succeed too well.
        let mut public = Json::object();
        for name in members {
            public.add(name, json.str(name)?.as_str());
        }
        let (kid, crv, alg) = (json.str("kid"), json.str("crv"), json.str("alg"));
        Some(Jwk { kid, kty, crv, alg, json: public })
    }

    fn fits(&self, alg: Alg) -> bool {
        let (kty, crv) = match alg {
            Alg::RS256 | Alg::RS384 | Alg::RS512 | Alg::PS256 | Alg::PS384 | Alg::PS512 => ("RSA", None),
            Alg::ES256 => ("EC", Some("P-256")),
            Alg::ES384 => ("EC", Some("P-384")),
            Alg::ES512 => ("EC", Some("P-521")),
            Alg::EdDSA => ("OKP", Some("Ed25519")),
            // Never from the provider's published keys.
            Alg::HS256 | Alg::HS384 | Alg::HS512 => return false,
        };
        self.kty == kty
            && crv.is_none_or(|crv| self.crv.as_deref() == Some(crv))
            && self.alg.as_deref().is_none_or(|only| only == alg.as_str())
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys(keys: &str) -> Jwks {
        Jwks::parse(&format!(r#"{{"keys":[{keys}]}}"#)).expect("a key set")
    }

    fn rsa(more: &str) -> String {
        format!(r#"{{"kty":"RSA","e":"AQAB","n":"{}"{more}}}"#, "a".repeat(342))
    }

    const EC: &str = r#"{"kty":"EC","crv":"P-256","x":"x","y":"y","kid":"ec"}"#;

    #[test]
    fn oidcc_client_test_kid_absent_single_jwks() {
        assert_eq!(keys(&format!("{},{EC}", rsa(r#","kid":"1""#))).candidates(Alg::RS256, None).len(), 1);
    }

    #[test]
    fn oidcc_client_test_kid_absent_multiple_jwks() {
        let many = keys(&[rsa(r#","kid":"1""#), rsa(r#","kid":"2""#)].join(","));
        assert_eq!(many.candidates(Alg::RS256, None).len(), 2);
        assert_eq!(many.candidates(Alg::RS256, Some("2")).len(), 1);
        assert_eq!(many.candidates(Alg::RS256, Some("3")).len(), 0, "another kid is another key");
        let flood = keys(&vec![rsa(""); 50].join(","));
        assert_eq!(flood.candidates(Alg::RS256, None).len(), MOST_CANDIDATES);
    }

    #[test]
    fn a_key_for_something_else_is_no_candidate() {
        for more in [r#","use":"enc""#, r#","key_ops":["encrypt"]"#, r#","alg":"RS512""#, r#","alg":"RSA-OAEP""#] {
            assert!(keys(&rsa(more)).candidates(Alg::RS256, None).is_empty(), "{more}");
        }
        assert_eq!(
            keys(&rsa(r#","use":"sig","key_ops":["verify"],"alg":"PS256""#)).candidates(Alg::PS256, None).len(),
            1
        );
        assert!(keys(EC).candidates(Alg::ES384, Some("ec")).is_empty(), "another curve");
        assert!(keys(EC).candidates(Alg::RS256, Some("ec")).is_empty(), "another kind");
        for weak in [r#"{"kty":"oct","k":"c2VjcmV0"}"#, r#"{"kty":"RSA","e":"AQAB","n":"AQAB"}"#, "{}", "7", "null"] {
            assert!(keys(weak).0.is_empty(), "{weak}");
        }
    }

    #[test]
    fn only_public_members_reach_the_platform() {
        let key = &keys(&rsa(r#","d":"private","alg":"RS256","key_ops":["verify"],"ext":true"#)).0[0];
        let names: Vec<&str> = key.json.members().iter().map(|member| member.0.as_str()).collect();
        assert_eq!(names, ["kty", "n", "e"]);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = Jwks::parse(&text);
        }
    }
}
