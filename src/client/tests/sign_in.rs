//! Ways in: silently, by redirect, by an answer that is none.

use super::world::{ISSUER, ORIGIN, World};
use super::{Story, error_of, sign_in};
use crate::wire::{Answer, Reply, ResponseMode, Status};

#[test]
fn a_page_load_signs_in_silently() {
    let story = Story::new();
    assert!(matches!(story.starts(None), Reply::Started(started) if started.return_to.is_none()));
    assert_eq!(story.page.state().0, Status::SignedIn);
    let asked = story.page.asked.borrow();
    assert!(asked[0].contains("prompt=none") && asked[0].contains("code_challenge_method=S256"));
    assert!(asked[0].contains("resource=https%3A%2F%2Fapi.example.com%2F") && asked[0].contains("read%3Aorders"));
}

#[test]
fn a_user_unknown_to_the_provider_is_signed_out_with_the_reason() {
    let story = Story::new();
    *story.world.user.borrow_mut() = None;
    assert!(matches!(story.starts(None), Reply::Started(_)));
    assert_eq!(story.signed_out_for().code, "login_required");
}

#[test]
fn a_redirect_signs_in_and_returns() {
    let world = World::new();
    let callback = Story::with(world.clone()).leaves(Some("https://app.example.com/orders?page=2"));
    let story = Story::with(world);
    match story.starts(Some(&callback)) {
        Reply::Started(started) => {
            assert_eq!(started.return_to.as_deref(), Some("https://app.example.com/orders?page=2"));
            assert_eq!(started.app_state.as_deref(), Some(r#"{"cart":7}"#));
        }
        _ => panic!("start must not fail"),
    }
    assert_eq!(story.page.state().0, Status::SignedIn);
    assert!(story.page.asked.borrow().is_empty(), "a redirect needs no frame");
}

#[test]
fn a_return_to_another_origin_is_refused() {
    for url in ["https://evil.example/", "//evil.example", "javascript:alert(1)", "https://app.example.com.evil.test/"]
    {
        let story = Story::new();
        let error = error_of(story.does(sign_in(Some(url))));
        assert_eq!(error.code, "invalid_option", "{url}");
        assert!(story.page.went_to.borrow().is_none());
    }
}

#[test]
fn a_callback_is_answered_once_and_a_second_time_does_no_harm() {
    let world = World::new();
    let callback = Story::with(world.clone()).leaves(None);
    assert!(matches!(Story::with(world.clone()).starts(Some(&callback)), Reply::Started(_)));
    let again = Story::with(world.clone());
    again.starts(Some(&callback));
    assert_eq!(world.count("grant_type=authorization_code&code=code-1"), 0);
    assert_eq!(again.page.state().0, Status::SignedIn, "the session goes on, silently");
    *world.user.borrow_mut() = None;
    let third = Story::with(world);
    third.starts(Some(&callback));
    let reason = third.signed_out_for();
    assert_eq!((reason.code.as_str(), reason.reasons[0].code.as_str()), ("login_required", "already_handled"));
}

#[test]
fn a_callback_of_unknown_state_redeems_nothing() {
    let story = Story::new();
    *story.world.user.borrow_mut() = None;
    story.starts(Some("https://app.example.com/?code=stolen&state=srtest-unknown"));
    assert_eq!(story.signed_out_for().reasons[0].code, "missing_transaction");
    assert_eq!(story.world.count("/token"), 0);
}

#[test]
fn a_transaction_lives_fifteen_minutes() {
    let world = World::new();
    let callback = Story::with(world.clone()).leaves(None);
    world.pass(15 * 60 * 1000 + 1);
    *world.user.borrow_mut() = None;
    let story = Story::with(world.clone());
    story.starts(Some(&callback));
    assert_eq!(story.signed_out_for().reasons[0].code, "missing_transaction");
    assert_eq!(world.count("/token"), 0);
}

#[test]
fn nothing_stored_outlives_its_use() {
    let world = World::new();
    let callback = Story::with(world.clone()).leaves(None);
    let state = callback.split("state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    assert_eq!(world.stored.borrow().values().filter(|text| text.contains("code_verifier")).count(), 1);
    Story::with(world.clone()).starts(Some(&callback));
    for (key, text) in world.stored.borrow().iter() {
        let trace = text.strip_prefix("handled ").unwrap_or(text);
        assert!(trace.starts_with("{\"created_at\":") && !trace.contains(','), "only a trace stays: {text}");
        assert!(!key.contains(&state) && !text.contains(&state) && !text.contains("verifier"));
    }
    world.pass(16 * 60 * 1000);
    Story::with(world.clone()).leaves(None);
    Story::with(world.clone()).starts(None);
    let traces = world.stored.borrow().values().filter(|text| text.starts_with("handled ")).count();
    assert_eq!(traces, 0, "and not for long");
}

#[test]
fn a_refused_consent_is_the_reason() {
    let world = World::new();
    let callback = Story::with(world.clone()).leaves(Some("https://app.example.com/orders"));
    let denied = callback.replace("code=", "error=access_denied&error_description=no&x=");
    let story = Story::with(world);
    match story.starts(Some(&denied)) {
        Reply::Started(started) => assert_eq!(started.return_to.as_deref(), Some("https://app.example.com/orders")),
        _ => panic!("start must not fail"),
    }
    let reason = story.signed_out_for();
    assert_eq!((reason.code.as_str(), reason.error_description.as_deref()), ("access_denied", Some("no")));
    assert!(story.page.asked.borrow().is_empty(), "who says no is not asked again at once");
}

#[test]
fn an_answer_to_another_request_is_refused() {
    let story = Story::new();
    *story.page.frame.borrow_mut() =
        Some(Some(Answer::Url(format!("{ORIGIN}/callback.html?code=injected&state=srtest-other&iss={ISSUER}"))));
    story.starts(None);
    assert_eq!(story.signed_out_for().code, "state_mismatch");
    assert_eq!(story.world.count("/token"), 0);
}

#[test]
fn a_vault_of_another_origin_has_its_answers_there_and_returns_to_the_page() {
    let world = World::new();
    world.configure.set(|options| {
        options.vault_origin = Some("https://auth.example.com".to_owned());
        options.redirect_uri = "https://auth.example.com/callback.html".to_owned();
        options.post_logout_redirect_uri = Some("https://auth.example.com/callback.html".to_owned());
        options.silent.redirect_uri = "https://auth.example.com/callback.html".to_owned();
    });
    let leaving = Story::with(world.clone());
    let callback = leaving.leaves(Some("https://app.example.com/orders"));
    assert!(callback.starts_with("https://auth.example.com/callback.html?"), "{callback}");
    let story = Story::with(world);
    let started = story.starts(Some(&callback));
    assert!(
        matches!(started, Reply::Started(started) if started.return_to.as_deref() == Some("https://app.example.com/orders"))
    );
    assert_eq!(story.page.state().0, Status::SignedIn);
    let elsewhere = sign_in(Some("https://auth.example.com/"));
    assert_eq!(error_of(story.does(elsewhere)).code, "invalid_option");
}

#[test]
fn requests_are_pushed_when_the_option_says_so() {
    let world = World::new();
    world.configure.set(|options| options.pushed_authorization_requests = Some(true));
    let story = Story::with(world.clone());
    story.starts(None);
    assert_eq!(story.page.state().0, Status::SignedIn);
    assert_eq!(story.page.asked.borrow()[0], format!("{ISSUER}/authorize?client_id=spa&request_uri=urn%3Apushed%3A0"));
    assert_eq!(world.count("/par"), 1);
}

#[test]
fn a_signed_answer_signs_in_and_an_unsigned_one_does_not() {
    let world = World::new();
    world.configure.set(|options| options.response_mode = Some(ResponseMode::Jwt));
    let callback = Story::with(world.clone()).leaves(None);
    assert!(callback.contains("?response="));
    let story = Story::with(world.clone());
    story.starts(Some(&callback));
    assert_eq!(story.page.state().0, Status::SignedIn);

    let story = Story::with(world.clone());
    let went = story.leaves(None);
    let forged = went.rsplit_once('.').unwrap().0.to_owned() + ".YmFk";
    let story = Story::with(world.clone());
    story.starts(Some(&forged));
    let refused = story.signed_out_for();
    assert_eq!((refused.code.as_str(), refused.claim.as_deref()), ("invalid_response", Some("signature")));
}

#[test]
fn an_hmac_is_taken_on_the_word_of_the_token_endpoint_only_if_the_option_says_so() {
    let story = Story::new();
    story.world.alg.set("HS256");
    story.starts(None);
    let refused = story.signed_out_for();
    assert_eq!((refused.code.as_str(), refused.claim.as_deref()), ("invalid_id_token", Some("alg")));

    let world = World::new();
    world.alg.set("HS256");
    world.configure.set(|options| options.dangerously_accept_hmac_id_tokens = true);
    let story = Story::with(world);
    story.starts(None);
    assert_eq!(story.page.state().0, Status::SignedIn);
}

#[test]
fn an_algorithm_that_the_client_is_not_registered_for_is_refused() {
    let world = World::new();
    world.configure.set(|options| options.id_token_signing_alg = Some("RS256".to_owned()));
    let story = Story::with(world);
    story.starts(None);
    assert_eq!(story.signed_out_for().claim.as_deref(), Some("alg"));
}
