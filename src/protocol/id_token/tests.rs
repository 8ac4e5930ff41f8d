use super::*;
use crate::error::Code;
use crate::protocol::jws::{Alg, Kind, UnverifiedJws};
use proptest::prelude::*;

const NOW: i64 = 1_800_000_000;

fn jws(header: &str, claims: &str) -> String {
    [base64url::encode(header.as_bytes()), base64url::encode(claims.as_bytes()), base64url::encode(b"sig")].join(".")
}

/// Good claims, with `changes` written over them; a `null` takes a claim away.
fn claims(changes: serde_json::Value) -> String {
    let mut claims = serde_json::json!({
        "iss": "https://login.example.com", "sub": "ada", "aud": "spa", "exp": NOW + 300, "iat": NOW, "nonce": "n-once",
    });
    let (Some(claims_map), Some(changes)) = (claims.as_object_mut(), changes.as_object()) else { panic!("objects") };
    claims_map.extend(changes.clone());
    claims_map.retain(|_, value| !value.is_null());
    claims.to_string()
}

fn expected() -> Expected<'static> {
    Expected {
        issuer: "https://login.example.com",
        client_id: "spa",
        nonce: ExpectedNonce::Exactly("n-once"),
        max_age: None,
        acr_values: None,
        registered_alg: None,
        allowed_algs: &[],
        access_token_hash: None,
        code_hash: None,
        subject: None,
        now: UnixTime::from_millis(NOW * 1000),
    }
}

fn parse(raw: &str) -> Result<UnverifiedJws> {
    UnverifiedJws::parse(Kind::IdToken, raw, false)
}

fn check_with(changes: serde_json::Value, expected: &Expected<'_>) -> Result<IdToken> {
    let raw = jws(r#"{"alg":"RS256","kid":"k"}"#, &claims(changes));
    parse(&raw)?.assume_signature_verified().check_id_token(expected)
}

fn check(changes: serde_json::Value) -> Result<IdToken> {
    check_with(changes, &expected())
}

fn refused_claim(result: Result<IdToken>) -> &'static str {
    let error = result.expect_err("it must be refused");
    assert_eq!(*error.code(), Code::InvalidIdToken);
    assert!(!error.message().contains("n-once"));
    error.claim().expect("a claim is named")
}

macro_rules! json { ($($t:tt)*) => { serde_json::json!({ $($t)* }) }; }

#[test]
fn oidcc_client_test() {
    let token = check(json!("name": "Ada")).expect("it is right");
    assert_eq!(token.subject, "ada");
    assert!(token.user_claims().to_text().contains("Ada") && !token.user_claims().to_text().contains("n-once"));
}

#[test]
fn oidcc_client_test_nonce_invalid() {
    for nonce in [serde_json::json!("other"), serde_json::json!(7), serde_json::json!("")] {
        assert_eq!(refused_claim(check(json!("nonce": nonce))), "nonce");
    }
    let error = check(json!("nonce": null)).expect_err("it is missing");
    assert!(error.claim() == Some("nonce") && error.hint().is_some_and(|hint| hint.contains("dropped")));
}

#[test]
fn oidcc_client_test_invalid_iss() {
    assert_eq!(refused_claim(check(json!("iss": "https://login.example.com/"))), "iss");
    assert_eq!(refused_claim(check(json!("iss": null))), "iss");
}

#[test]
fn oidcc_client_test_invalid_aud() {
    assert_eq!(refused_claim(check(json!("aud": "other"))), "aud");
    assert_eq!(refused_claim(check(json!("aud": ["other"]))), "aud");
    assert_eq!(refused_claim(check(json!("aud": []))), "aud");
    assert_eq!(refused_claim(check(json!("aud": ["spa", "other"]))), "aud");
    assert!(check(json!("aud": ["spa"])).is_ok());
}

#[test]
fn oidcc_client_test_missing_aud() {
    assert_eq!(refused_claim(check(json!("aud": null))), "aud");
    assert_eq!(refused_claim(check(json!("aud": 7))), "aud");
}

#[test]
fn oidcc_client_test_missing_sub() {
    assert_eq!(refused_claim(check(json!("sub": null))), "sub");
    assert_eq!(refused_claim(check(json!("sub": ""))), "sub");
    assert_eq!(refused_claim(check(json!("sub": 7))), "sub");
    assert_eq!(refused_claim(check(json!("sub": "x".repeat(256)))), "sub");
}

#[test]
fn oidcc_client_test_missing_iat() {
    assert_eq!(refused_claim(check(json!("iat": null))), "iat");
}

#[test]
fn another_azp_is_refused() {
    assert_eq!(refused_claim(check(json!("azp": "other"))), "azp");
    assert_eq!(refused_claim(check(json!("azp": 7))), "azp");
    assert!(check(json!("azp": "spa")).is_ok());
}

#[test]
fn times_have_a_minute_of_leeway() {
    assert!(check(json!("exp": NOW - 59)).is_ok());
    assert_eq!(refused_claim(check(json!("exp": NOW - 60))), "exp");
    assert_eq!(refused_claim(check(json!("exp": null))), "exp");
    assert_eq!(refused_claim(check(json!("exp": "9999999999"))), "exp");
    assert!(check(json!("iat": NOW + 60)).is_ok());
    assert_eq!(refused_claim(check(json!("iat": NOW + 61))), "iat");
    assert!(check(json!("iat": NOW - 100_000)).is_ok(), "an old iat alone is no fault");
    assert_eq!(refused_claim(check(json!("nbf": NOW + 61))), "nbf");
    assert!(check(json!("nbf": NOW + 60)).is_ok());
}

#[test]
fn max_age_wants_a_recent_auth_time() {
    let asked = Expected { max_age: Some(100), ..expected() };
    assert!(check_with(json!("auth_time": NOW as f64 - 160.5), &Expected { max_age: Some(101), ..expected() }).is_ok());
    assert!(check_with(json!("auth_time": NOW - 160), &asked).is_ok());
    assert_eq!(refused_claim(check_with(json!("auth_time": NOW - 161), &asked)), "auth_time");
    assert_eq!(refused_claim(check_with(json!("auth_time": 0), &asked)), "auth_time");
    assert_eq!(refused_claim(check_with(json!(), &asked)), "auth_time");
    assert!(check(json!("auth_time": 0)).is_ok(), "not asked, not checked");
}

#[test]
fn an_acr_must_be_one_of_those_asked_for() {
    let asked = Expected { acr_values: Some("silver gold"), ..expected() };
    assert!(check_with(json!("acr": "gold"), &asked).is_ok());
    assert!(check_with(json!(), &asked).is_ok(), "acr_values asks for a voluntary claim");
    assert_eq!(refused_claim(check_with(json!("acr": "bronze"), &asked)), "acr");
}

#[test]
fn oidcc_client_test_invalid_athash() {
    let digest: Vec<u8> = (0..32).collect();
    let right = base64url::encode(&digest[..16]);
    let with = Expected { access_token_hash: Some(&digest), code_hash: Some(&digest), ..expected() };
    assert!(check_with(json!("at_hash": right, "c_hash": right), &with).is_ok());
    assert!(check_with(json!(), &with).is_ok(), "it need not be there");
    assert_eq!(refused_claim(check_with(json!("at_hash": "AAAA"), &with)), "at_hash");
    assert_eq!(refused_claim(check_with(json!("at_hash": ""), &with)), "at_hash");
    assert_eq!(refused_claim(check_with(json!("at_hash": 7), &with)), "at_hash");
    assert_eq!(refused_claim(check_with(json!("c_hash": "AAAA"), &with)), "c_hash");
}

#[test]
fn oidcc_client_test_refresh_token_invalid_sub() {
    let same = Expected { subject: Some("ada"), nonce: ExpectedNonce::IfPresent(Some("n-once")), ..expected() };
    assert!(check_with(json!("nonce": null), &same).is_ok());
    assert!(check_with(json!(), &same).is_ok());
    assert_eq!(refused_claim(check_with(json!("sub": "grace"), &same)), "sub");
    assert_eq!(refused_claim(check_with(json!("nonce": "other"), &same)), "nonce");
    assert_eq!(refused_claim(check_with(json!("iss": "https://evil.test"), &same)), "iss");
}

#[test]
fn oidcc_client_test_idtoken_sig_none() {
    for alg in ["none", "None", "HS256", "rs256", "RS1", "", "ES256K"] {
        let raw = jws(&format!(r#"{{"alg":"{alg}"}}"#), &claims(json!()));
        assert_eq!(parse(&raw).expect_err(alg).claim(), Some("alg"), "{alg}");
    }
    assert_eq!(parse(&jws("{}", "{}")).expect_err("no alg").claim(), Some("alg"));
    assert_eq!(parse(&jws(r#"{"alg":null}"#, "{}")).expect_err("null alg").claim(), Some("alg"));
}

#[test]
fn an_algorithm_the_metadata_does_not_promise_is_refused() {
    let only = ["RS256".to_owned(), "PS256".to_owned()];
    let with = Expected { allowed_algs: &only, ..expected() };
    let token = |alg: &str| {
        let raw = jws(&format!(r#"{{"alg":"{alg}"}}"#), &claims(json!()));
        parse(&raw).expect("it can be read").assume_signature_verified()
    };
    assert!(token("PS256").check_id_token(&with).is_ok() && token("RS256").check_id_token(&with).is_ok());
    assert_eq!(refused_claim(token("ES256").check_id_token(&with)), "alg");
    assert!(token("ES256").check_id_token(&expected()).is_ok(), "nothing promised, nothing excluded");
}

#[test]
fn what_is_no_signed_jwt_is_refused() {
    let good = jws(r#"{"alg":"RS256"}"#, "{}");
    for bad in [
        String::new(),
        "a.b".to_owned(),
        "....".to_owned(),
        format!("{good}.x"),
        format!("{good}="),
        jws(r#"["alg"]"#, "{}"),
        jws(r#"{"alg":"RS256"}"#, "7"),
        jws(r#"{"alg":"RS256","crit":["exp"]}"#, "{}"),
        jws(r#"{"alg":"RS256"}"#, &format!(r#"{{"x":"{}"}}"#, "y".repeat(64 * 1024))),
    ] {
        assert!(parse(&bad).is_err(), "{}", &bad[..bad.len().min(60)]);
    }
}

#[test]
fn the_signing_input_is_the_first_two_parts() {
    let raw = jws(r#"{"alg":"ES256","kid":"k"}"#, "{}");
    let token = parse(&raw).expect("it can be read");
    assert_eq!(token.signing_input(), raw.rsplit_once('.').expect("three parts").0);
    assert_eq!((token.signature(), token.kid(), token.alg()), (b"sig".as_slice(), Some("k"), Alg::ES256));
    assert!(!format!("{token:?}").contains(&raw[..20]));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(raw in ".*", header in ".*", payload in ".*") {
        let _ = parse(&raw);
        if let Ok(token) = parse(&jws(&header, &payload)) {
            let _ = token.assume_signature_verified().check_id_token(&expected());
        }
    }

    #[test]
    fn no_claim_value_makes_it_panic(number: f64, text in ".*", name in "iss|sub|aud|exp|iat|nbf|nonce|azp|auth_time|at_hash|acr") {
        let with = Expected { max_age: Some(u32::MAX), acr_values: Some("x"), access_token_hash: Some(&[1]), ..expected() };
        let _ = check_with(json!(name.as_str(): number), &with);
        let _ = check_with(json!(name.as_str(): text), &with);
    }
}
