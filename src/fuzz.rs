//! Every parser of outside input, for `cargo xtask fuzz` and for the corpus in `tests/fuzz/corpus`.
#![allow(missing_docs)]

use crate::error::Code;
use crate::json::Json;
use crate::message;
use crate::protocol::authorization::{ReceivedAuthorizationResponse, UncheckedAuthorizationResponse};
use crate::protocol::challenge::Challenge;
use crate::protocol::claims;
use crate::protocol::id_token::{Expected, ExpectedNonce};
use crate::protocol::jwk::Jwks;
use crate::protocol::jws::{Alg, Kind, UnverifiedJws};
use crate::protocol::metadata::{Metadata, is_secure_url};
use crate::protocol::token::TokenResponse;
use crate::protocol::transaction::Transaction;
use crate::protocol::userinfo::{UncheckedUserinfo, check_subject};
use crate::protocol::{HttpResponse, UnixTime, dpop};
use crate::secret::CodeVerifier;
use crate::wire::ToVault;

/// The parsers, by name.
pub const TARGETS: [&str; 9] = [
    "callback_url",
    "web_message",
    "jwt",
    "jwks",
    "metadata",
    "token_response",
    "userinfo",
    "www_authenticate",
    "wire",
];

const ISSUER: &str = "https://login.example.com";
const NOW: UnixTime = UnixTime::from_millis(1_800_000_000_000);

/// Feeds `data` to the parser `target`, and panics when what comes out breaks a promise.
pub fn run(target: &str, data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match target {
        "callback_url" => authorization(ReceivedAuthorizationResponse::from_callback_url(&text), &text),
        "web_message" => authorization(ReceivedAuthorizationResponse::from_web_message(&text), &text),
        "jwt" => jwt(&text),
        "jwks" => jwks(&text),
        "metadata" => metadata(&text),
        "token_response" => token_response(&text),
        "userinfo" => userinfo(&text),
        "www_authenticate" => www_authenticate(&text),
        "wire" => drop(Json::parse(&text).map(message::read::<ToVault>)),
        other => panic!("there is no target {other}: the targets are {TARGETS:?}"),
    }
}

fn provider() -> Option<Metadata> {
    let text = format!(
        r#"{{"issuer":"{ISSUER}","authorization_endpoint":"{ISSUER}/a","token_endpoint":"{ISSUER}/t","jwks_uri":"{ISSUER}/k"}}"#
    );
    Metadata::parse(&text, ISSUER).ok()
}

fn transaction() -> Transaction {
    Transaction {
        state: "srtest-state".into(),
        nonce: "nonce".into(),
        code_verifier: CodeVerifier::new("verifier".into()),
        redirect_uri: "https://app.example.com/".into(),
        issuer: ISSUER.into(),
        client_id: "spa".into(),
        scope: "openid".into(),
        audience: None,
        resource: None,
        return_to: None,
        app_state: None,
        max_age: None,
        acr_values: None,
        created_at: NOW,
        silent: false,
        signed_response: false,
    }
}

/// No answer passes that does not have our state.
fn authorization(received: crate::error::Result<ReceivedAuthorizationResponse>, text: &str) {
    let (Ok(received), Some(metadata)) = (received, provider()) else { return };
    let state = received.state();
    let response = match received {
        ReceivedAuthorizationResponse::Plain(response) => response,
        ReceivedAuthorizationResponse::Signed(jws) => {
            let jws = jws.assume_signature_verified();
            match UncheckedAuthorizationResponse::from_signed(jws, &metadata, "spa", NOW) {
                Ok(response) => response,
                Err(_) => return,
            }
        }
    };
    if let Ok(answer) = response.check(&transaction(), &metadata) {
        assert_eq!(state.as_deref(), Some("srtest-state"), "an answer of another request passed: {text}");
        assert!(!answer.code.expose().is_empty());
    }
}

/// No token passes without our issuer, audience and nonce.
fn jwt(text: &str) {
    for (kind, hmac) in [(Kind::IdToken, false), (Kind::IdToken, true), (Kind::Userinfo, false), (Kind::Claims, false)]
    {
        let Ok(token) = UnverifiedJws::parse(kind, text, hmac) else { continue };
        assert!(hmac || !token.alg().is_hmac());
        assert!(text.starts_with(token.signing_input()) && !token.signing_input().is_empty());
        let claims = |name| token.unverified_claim(name);
        let (iss, nonce) = (claims("iss"), claims("nonce"));
        let expected = Expected {
            issuer: ISSUER,
            client_id: "spa",
            nonce: ExpectedNonce::Exactly("nonce"),
            max_age: Some(60),
            acr_values: Some("gold"),
            registered_alg: None,
            allowed_algs: &[],
            access_token_hash: Some(&[0; 32]),
            code_hash: Some(&[0; 32]),
            subject: None,
            now: NOW,
        };
        if kind != Kind::IdToken {
            let _ = token.assume_signature_verified().claims(ISSUER, "spa", NOW, true);
        } else if let Ok(checked) = token.assume_signature_verified().check_id_token(&expected) {
            assert_eq!((iss.as_deref(), nonce.as_deref()), (Some(ISSUER), Some("nonce")));
            assert!(!checked.subject.is_empty());
            let _ = claims::sources(&checked.claims);
            assert!(!claims::without_access_tokens(&checked.user_claims()).to_text().is_empty());
        }
    }
}

/// No private part of a key, and no secret one, reaches the platform.
fn jwks(text: &str) {
    let Ok(keys) = Jwks::parse(text) else { return };
    for alg in [Alg::RS256, Alg::ES256, Alg::ES512, Alg::EdDSA, Alg::HS256] {
        for key in keys.candidates(alg, None) {
            assert!(!alg.is_hmac());
            assert!(key.json.is_object() && ["d", "p", "q", "k"].iter().all(|name| key.json.get(name).is_none()));
        }
    }
}

/// No metadata passes of another issuer or with an endpoint that is not secure.
fn metadata(text: &str) {
    if let Ok(metadata) = Metadata::parse(text, ISSUER) {
        assert_eq!(metadata.issuer, ISSUER);
        let required = [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri];
        let optional = [&metadata.end_session_endpoint, &metadata.userinfo_endpoint, &metadata.check_session_iframe];
        assert!(required.into_iter().chain(optional.into_iter().flatten()).all(|url| is_secure_url(url)));
    }
}

fn answer(text: &str) -> HttpResponse {
    // The first byte chooses the status.
    let status = match text.bytes().next() {
        Some(b'!') => 400,
        Some(b'?') => 503,
        _ => 200,
    };
    let body = text.strip_prefix(['!', '?']).unwrap_or(text).to_owned();
    HttpResponse { status, headers: vec![("dpop-nonce".to_owned(), "n".to_owned())], body }
}

/// No token passes that a header cannot carry, and no error shows one.
fn token_response(text: &str) {
    let response = answer(text);
    let _ = dpop::wants_nonce(&response);
    if let Ok(tokens) = TokenResponse::from_response(&response) {
        assert_eq!(response.status, 200);
        assert!(tokens.access_token.expose().bytes().all(|byte| byte.is_ascii_graphic()));
        assert!(tokens.expires_in.is_none_or(|seconds| seconds >= 0));
    }
}

/// No claims pass of another user.
fn userinfo(text: &str) {
    let mut response = answer(text);
    for media_type in ["application/json", "application/jwt; charset=utf-8"] {
        response.headers = vec![("content-type".to_owned(), media_type.to_owned())];
        match UncheckedUserinfo::from_response(&response) {
            Ok(UncheckedUserinfo::Plain(claims)) => match check_subject(&claims, "ada") {
                Ok(checked) => assert_eq!(checked.str("sub").as_deref(), Some("ada")),
                Err(error) => assert_eq!(*error.code(), Code::UserinfoSubMismatch),
            },
            Ok(UncheckedUserinfo::Signed(jws)) => assert!(!jws.alg().is_hmac()),
            Err(_) => {}
        }
    }
}

fn www_authenticate(text: &str) {
    for challenge in Challenge::parse(text) {
        assert!(!challenge.scheme.is_empty() && challenge.scheme == challenge.scheme.to_ascii_lowercase());
    }
    if let Some(challenge) = Challenge::of_token(text) {
        assert!(["bearer", "dpop"].contains(&challenge.scheme.as_str()));
    }
}

#[cfg(test)]
mod tests {
    /// Each file of the corpus is input that once was, or may be, trouble.
    #[test]
    fn the_corpus_breaks_no_promise() {
        for target in super::TARGETS {
            let folder = format!("{}/tests/fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
            let files = std::fs::read_dir(&folder).expect("each target has a corpus");
            let mut fed = 0;
            for file in files {
                let path = file.expect("it can be listed").path();
                super::run(target, &std::fs::read(&path).expect("it can be read"));
                fed += 1;
            }
            assert!(fed >= 3, "{folder} has {fed} files");
        }
    }
}
