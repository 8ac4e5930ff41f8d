//! Proofs of possession (RFC 9449): what a DPoP proof says; the platform signs it with a key that nobody can export.

use super::jws::Alg;
use super::{HttpResponse, UnixTime, base64url};
use crate::error::Error;
use crate::json::Json;

/// What a proof is for (RFC 9449 section 4.2).
pub struct Proof<'a> {
    /// The algorithm of its signature
    pub alg: Alg,
    /// The public key: the members of its thumbprint (RFC 7638 section 3.2)
    pub jwk: &'a Json,
    /// `jti`: random, for this proof alone
    pub jti: &'a str,
    /// `htm`: the method
    pub method: &'a str,
    /// The URL, of which `htu` is all but query and fragment
    pub url: &'a str,
    /// `iat`
    pub now: UnixTime,
    /// `ath`: the SHA-256 of the access token that goes with it
    pub access_token_digest: Option<&'a [u8]>,
    /// `nonce`, as the server gave it
    pub nonce: Option<&'a str>,
}

impl Proof<'_> {
    /// Header and claims, to be signed (RFC 7515 section 5.1).
    pub fn signing_input(&self) -> String {
        let mut header = Json::object();
        header.add("typ", "dpop+jwt");
        header.add("alg", self.alg.as_str());
        header.add("jwk", self.jwk.clone());
        let url = self.url.split(['?', '#']).next().unwrap_or("");
        let digest = self.access_token_digest.map(base64url::encode);
        let mut claims = Json::object();
        claims.add("jti", self.jti);
        claims.add("htm", self.method);
        claims.add("htu", url);
        claims.add("iat", self.now.as_millis() / 1000);
        claims.add("ath", digest.as_deref());
        claims.add("nonce", self.nonce);
        [header, claims].map(|part| base64url::encode(part.to_text().as_bytes())).join(".")
    }
}

/// The proof: its signing input and the signature of that.
pub fn signed(signing_input: String, signature: &[u8]) -> String {
    [signing_input, base64url::encode(signature)].join(".")
}

/// The nonce that a server wants in the next proof (RFC 9449 section 8.2).
pub fn nonce_of(headers: &[(String, String)]) -> Option<&str> {
    let header = headers.iter().find(|header| header.0.eq_ignore_ascii_case("dpop-nonce"));
    header.map(|header| header.1.as_str()).filter(|nonce| !nonce.is_empty() && nonce.len() <= 1024)
}

/// Whether the provider refuses a request for want of a nonce, which it gives (RFC 9449 section 8).
pub fn wants_nonce(response: &HttpResponse) -> bool {
    matches!(response.status, 400 | 401)
        && nonce_of(&response.headers).is_some()
        && Json::parse(&response.body).and_then(|json| json.str("error")).as_deref() == Some(USE_NONCE)
}

/// The error code of a server that wants a nonce.
pub const USE_NONCE: &str = "use_dpop_nonce";

/// The provider cannot do what the option `dpop` demands.
pub fn unsupported(why: &'static str) -> Error {
    Error::new(crate::error::Code::Unsupported, why)
        .with_hint("leave the option dpop at true: proofs are then used where the provider can")
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_says_what_rfc_9449_asks_for() {
        let jwk = Json::parse(r#"{"crv":"P-256","kty":"EC","x":"eA","y":"eQ"}"#).unwrap();
        let proof = Proof {
            alg: Alg::ES256,
            jwk: &jwk,
            jti: "random",
            method: "POST",
            url: "https://api.example.com/orders?page=2#top",
            now: UnixTime::from_millis(1_800_000_000_999),
            access_token_digest: Some(&[0; 32]),
            nonce: Some("of the server"),
        };
        let input = proof.signing_input();
        let parts: Vec<serde_json::Value> =
            input.split('.').map(|part| serde_json::from_slice(&base64url::decode(part).unwrap()).unwrap()).collect();
        assert_eq!(
            parts[0],
            serde_json::json!({"typ":"dpop+jwt","alg":"ES256","jwk":{"crv":"P-256","kty":"EC","x":"eA","y":"eQ"}})
        );
        assert_eq!(
            parts[1],
            serde_json::json!({"jti":"random","htm":"POST","htu":"https://api.example.com/orders","iat":1_800_000_000,
                "ath":"A".repeat(43),"nonce":"of the server"})
        );
        let plain = Proof { access_token_digest: None, nonce: None, ..proof }.signing_input();
        assert!(plain.len() < input.len());
        assert_eq!(signed("a.b".to_owned(), b"?>"), "a.b.Pz4");
    }

    #[test]
    fn a_nonce_is_wanted_when_the_server_says_so_and_gives_one() {
        let response = |status, nonce: &str, body: &str| HttpResponse {
            status,
            headers: vec![("dpop-nonce".to_owned(), nonce.to_owned())],
            body: body.to_owned(),
        };
        assert!(wants_nonce(&response(400, "n", r#"{"error":"use_dpop_nonce"}"#)));
        assert!(wants_nonce(&response(401, "n", r#"{"error":"use_dpop_nonce"}"#)));
        assert!(!wants_nonce(&response(400, "", r#"{"error":"use_dpop_nonce"}"#)));
        assert!(!wants_nonce(&response(400, "n", r#"{"error":"invalid_grant"}"#)));
        assert!(!wants_nonce(&response(200, "n", "{}")));
    }
}
