use super::*;
use crate::json::Json;
use crate::protocol::{HttpResponse, UnixTime};
use crate::secret::RawIdToken;

const NOW: Moment = Moment { wall: UnixTime::from_millis(1_800_000_000_000), steady: 5_000 };

fn id_token() -> Option<IdToken> {
    let claims = Json::parse(r#"{"sub":"ada"}"#).unwrap();
    Some(IdToken { subject: "ada".to_owned(), claims, raw: RawIdToken::new("raw".to_owned()) })
}

fn target(resource: &str) -> Target {
    Target { audience: None, resource: Some(resource.to_owned()) }
}

fn stored(vault: &mut Vault, resource: &str, scope: &str, body: &str) {
    let body = format!(r#"{{"access_token":"{resource} {scope}","token_type":"Bearer"{body}}}"#).replace(' ', "+");
    let response = TokenResponse::from_response(&HttpResponse { status: 200, headers: Vec::new(), body }).unwrap();
    vault.store(target(resource), Scope::parse(scope), response, id_token(), NOW, 0);
}

fn step(vault: &Vault, resource: &str, scope: &str, after_s: i64) -> String {
    match vault.next_step(&target(resource), &Scope::parse(scope), NOW.plus_millis(after_s * 1000)) {
        NextStep::UseAccessToken(token) => token.authorization(),
        other => format!("{other:?}"),
    }
}

#[test]
fn the_decision_table_row_by_row() {
    assert_eq!(step(&Vault::default(), "a", "read", 0), "SignInRequired");

    let mut plain = Vault::default();
    stored(&mut plain, "a", "openid read write", r#","expires_in":600"#);
    for (resource, scope, after_s, expected) in [
        ("a", "read", 0, "Bearer a+openid+read+write"),
        ("a", "openid read write", 539, "Bearer a+openid+read+write"),
        // 60 s before its expiry it is renewed.
        ("a", "read", 540, "AuthorizeSilently"),
        ("a", "read", 601, "AuthorizeSilently"),
        ("a", "read delete", 0, "AuthorizeSilently"),
        ("b", "read", 0, "AuthorizeSilently"),
    ] {
        assert_eq!(step(&plain, resource, scope, after_s), expected, "{resource} {scope} {after_s}");
    }

    let mut refreshing = Vault::default();
    stored(&mut refreshing, "a", "openid read", r#","expires_in":600,"refresh_token":"r""#);
    for (resource, scope, after_s, expected) in [
        ("a", "read", 0, "Bearer a+openid+read"),
        ("a", "read", 540, "Refresh"),
        // A refresh brings no more scope than was granted; another API the provider may allow.
        ("a", "write", 0, "AuthorizeSilently"),
        ("b", "write", 0, "Refresh"),
    ] {
        assert_eq!(step(&refreshing, resource, scope, after_s), expected, "{resource} {scope} {after_s}");
    }
    refreshing.drop_refresh_token();
    assert_eq!(step(&refreshing, "a", "read", 540), "AuthorizeSilently");
}

#[test]
fn several_apis_live_side_by_side_and_the_wider_scope_takes_over() {
    let mut vault = Vault::default();
    stored(&mut vault, "a", "read", r#","expires_in":600"#);
    stored(&mut vault, "b", "read", r#","expires_in":600"#);
    stored(&mut vault, "a", "read write", r#","expires_in":600"#);
    assert_eq!(step(&vault, "a", "read", 0), "Bearer a+read+write");
    assert_eq!(step(&vault, "b", "read", 0), "Bearer b+read");
    assert_eq!(vault.tokens.len(), 2, "what a wider token covers is not kept");
}

#[test]
fn a_token_without_expiry_serves_until_the_api_refuses_it() {
    let mut vault = Vault::default();
    stored(&mut vault, "a", "read", "");
    assert_eq!(step(&vault, "a", "read", 1_000_000_000), "Bearer a+read");
}

#[test]
fn less_than_was_asked_for_is_the_last_word() {
    let mut vault = Vault::default();
    stored(&mut vault, "a", "read write", r#","expires_in":600,"scope":"read""#);
    assert_eq!(step(&vault, "a", "write", 0), "Bearer a+read+write");
}

#[test]
fn a_rotated_refresh_token_keeps_what_it_was_granted_for() {
    let mut vault = Vault::default();
    stored(&mut vault, "a", "read", r#","refresh_token":"first""#);
    vault.refreshed(Some(RefreshToken::new("second".to_owned())), None, NOW);
    let usable = |vault: &Vault, resource: &str| {
        let refresh = vault.refresh_token_for(&target(resource), &Scope::parse("read"), NOW)?;
        Some((refresh.token.expose().to_owned(), refresh.granted, refresh.doubtful))
    };
    assert_eq!(usable(&vault, "a"), Some(("second".to_owned(), true, false)));
    assert_eq!(usable(&vault, "b"), Some(("second".to_owned(), false, false)));
    vault.doubt_refresh_token();
    assert_eq!(usable(&vault, "a"), Some(("second".to_owned(), true, true)));
    assert_eq!(step(&vault, "b", "read", 0), "AuthorizeSilently", "a doubtful one is the last resort");
    vault.refreshed(None, None, NOW);
    assert_eq!(usable(&vault, "a"), Some(("second".to_owned(), true, false)));
}

#[test]
fn a_refresh_token_lives_as_long_as_the_provider_says() {
    let mut vault = Vault::default();
    stored(&mut vault, "a", "read", r#","expires_in":600,"refresh_token":"r","refresh_expires_in":1800"#);
    assert_eq!(step(&vault, "a", "read", 1799), "Refresh");
    assert_eq!(step(&vault, "a", "read", 1800), "AuthorizeSilently");
    vault.refreshed(None, Some(3600), NOW);
    assert_eq!(step(&vault, "a", "read", 3599), "Refresh");
    vault.refreshed(Some(RefreshToken::new("second".to_owned())), None, NOW);
    assert_eq!(step(&vault, "a", "read", 1_000_000), "Refresh", "of the second nothing is known");
}

#[test]
fn either_clock_ends_a_token() {
    let mut vault = Vault::default();
    stored(&mut vault, "a", "read", r#","expires_in":600"#);
    let at = |wall: i64, steady: i64| {
        let now = Moment { wall: NOW.wall.plus_seconds(wall), steady: NOW.steady + steady * 1000 };
        matches!(vault.next_step(&target("a"), &Scope::parse("read"), now), NextStep::UseAccessToken(_))
    };
    assert!(at(0, 0) && at(539, 539) && at(-86_400, 100));
    assert!(!at(86_400, 0), "after a sleep that the steady clock did not count");
    assert!(!at(-86_400, 540), "the wall clock was set back");
    assert_eq!(vault.next_due_in(NOW), Some(540_000));
    assert_eq!(vault.next_due_in(NOW.plus_millis(540_000)), None, "what is due needs no alarm");
    let woken = Moment { wall: NOW.wall.plus_seconds(530), steady: NOW.steady };
    assert_eq!(vault.next_due_in(woken), Some(10_000));
}

#[test]
fn only_what_is_used_is_renewed_ahead() {
    let mut vault = Vault::default();
    stored(&mut vault, "a", "read", r#","expires_in":600"#);
    stored(&mut vault, "b", "read", r#","expires_in":600"#);
    step(&vault, "a", "read", 0);
    assert!(vault.due(NOW).is_empty());
    assert_eq!(vault.due(NOW.plus_millis(540_000)), [(target("a"), Scope::parse("read"))]);
}

#[test]
fn claims_come_from_all_sources_and_the_newer_win() {
    let mut vault = Vault::default();
    assert!(vault.claims_text().is_none());
    stored(&mut vault, "a", "openid", "");
    assert_eq!(vault.claims_text().as_deref(), Some(r#"{"sub":"ada"}"#));
    vault.add_claims(
        Json::parse(r#"{"sub":"ada","name":"Ada","_claim_sources":{"s":{"access_token":"hush"}}}"#).unwrap(),
    );
    let text = vault.claims_text().unwrap();
    assert!(text.contains(r#""name":"Ada""#) && !text.contains("hush"), "{text}");
    let renamed = Json::parse(r#"{"sub":"ada","name":"Countess"}"#).unwrap();
    let newer = IdToken { subject: "ada".to_owned(), claims: renamed, raw: RawIdToken::new("raw".to_owned()) };
    let response = HttpResponse {
        status: 200,
        headers: Vec::new(),
        body: r#"{"access_token":"t","token_type":"Bearer"}"#.to_owned(),
    };
    let response = TokenResponse::from_response(&response).unwrap();
    vault.store(target("a"), Scope::default(), response, Some(newer), NOW, 0);
    assert!(vault.claims_text().unwrap().contains("Countess"));
    vault.add_claims(Json::parse(r#"{"name":"Lady Lovelace"}"#).unwrap());
    assert!(vault.claims_text().unwrap().contains("Lady Lovelace"));
    vault.clear();
    assert!(vault.claims_text().is_none());
}

#[test]
fn a_token_for_no_api_is_not_had_by_refresh_of_one_for_an_api() {
    let mut vault = Vault::default();
    stored(&mut vault, "a", "openid", r#","refresh_token":"r""#);
    assert!(matches!(vault.next_step(&Target::default(), &Scope::default(), NOW), NextStep::AuthorizeSilently));
}

#[test]
fn a_refused_token_is_not_used_again() {
    let mut vault = Vault::default();
    stored(&mut vault, "a", "read", "");
    vault.drop_token("Bearer other");
    assert_eq!(step(&vault, "a", "read", 0), "Bearer a+read");
    vault.drop_token("Bearer a+read");
    assert_eq!(step(&vault, "a", "read", 0), "AuthorizeSilently");
}

#[test]
fn debug_shows_no_token() {
    let mut vault = Vault::default();
    stored(&mut vault, "secret", "read", r#","refresh_token":"secret""#);
    let shown = format!("{vault:?}");
    assert!(shown.contains("granted") && !shown.contains("secret+read") && !shown.contains("refresh"), "{shown}");
}
