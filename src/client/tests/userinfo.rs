//! Claims: of the userinfo endpoint, and of other sources.

use super::world::{ISSUER, OTHER_ISSUER, World, jws, response};
use super::{Story, error_of};
use crate::wire::{Reply, Status};

fn claims_of(reply: Reply) -> serde_json::Value {
    match reply {
        Reply::Claims(claims) => serde_json::from_str(&claims).unwrap(),
        Reply::Error(error) => panic!("{error:?}"),
        _ => panic!("no claims came"),
    }
}

#[test]
fn userinfo_is_asked_with_a_token_of_its_own_and_its_claims_are_the_users() {
    let story = Story::new();
    story.starts(None);
    let claims = claims_of(story.asks_userinfo(false));
    assert_eq!((claims["email"].as_str(), claims["name"].as_str()), (Some("ada@example.com"), Some("ada")));
    assert!(!story.page.asked.borrow()[1].contains("resource="), "a token for an API is none for the provider");
    claims_of(story.asks_userinfo(false));
    assert_eq!(story.page.asked.borrow().len(), 2, "that token is kept too");
}

#[test]
fn a_sign_in_comes_with_userinfo_if_the_option_says_so() {
    let world = World::new();
    world.configure.set(|options| options.userinfo = true);
    let story = Story::with(world.clone());
    story.starts(None);
    assert_eq!(world.count("/me"), 1);
    assert!(story.page.claims().contains("ada@example.com"));
}

#[test]
fn userinfo_of_another_user_ends_the_sign_in() {
    let world = World::new();
    world.configure.set(|options| options.userinfo = true);
    *world.userinfo.borrow_mut() = ("application/json", r#"{"sub":"grace"}"#.to_owned());
    let story = Story::with(world);
    story.starts(None);
    assert_eq!(story.signed_out_for().code, "userinfo_sub_mismatch");
}

#[test]
fn userinfo_that_cannot_be_had_ends_nothing() {
    let world = World::new();
    world.configure.set(|options| options.userinfo = true);
    for _ in 0..3 {
        world.fault("/me", Box::new(|_| Ok(response(503, ""))));
    }
    let story = Story::with(world);
    story.starts(None);
    assert_eq!(story.page.state().0, Status::SignedIn);
    assert!(!story.page.claims().contains("email"));
}

#[test]
fn signed_userinfo_is_verified() {
    let story = Story::new();
    story.starts(None);
    let with = |claims: &str, signature: &str| {
        *story.world.userinfo.borrow_mut() = ("application/jwt", jws("ES256", claims, signature));
        story.asks_userinfo(false)
    };
    let good = format!(r#"{{"iss":"{ISSUER}","aud":"spa","sub":"ada","email":"a@b.example"}}"#);
    assert_eq!(claims_of(with(&good, "good"))["email"], "a@b.example");
    for (claims, signature, code) in [
        (good.clone(), "bad", "invalid_userinfo"),
        (good.replace(ISSUER, "https://evil.test"), "good", "invalid_userinfo"),
        (good.replace("spa", "other"), "good", "invalid_userinfo"),
        (good.replace("ada", "eve"), "good", "userinfo_sub_mismatch"),
    ] {
        assert_eq!(error_of(with(&claims, signature)).code, code);
        assert_eq!(story.page.state().0, Status::SignedIn, "asked for later, it ends no session");
    }
}

#[test]
fn claims_of_other_sources_are_fetched_and_verified_on_request() {
    let aggregated = jws("ES256", &format!(r#"{{"iss":"{OTHER_ISSUER}","shoe_size":38,"sub":"x"}}"#), "good");
    let sources = format!(
        r#","_claim_names":{{"shoe_size":"one","credit":"two"}},"_claim_sources":{{"one":{{"JWT":"{aggregated}"}},
        "two":{{"endpoint":"{OTHER_ISSUER}/claims","access_token":"source-token"}}}}"#
    );
    let story = Story::new();
    story.world.more_claims.set(Box::leak(sources.into_boxed_str()));
    story.starts(None);
    let before = story.page.claims();
    assert!(before.contains("_claim_names") && !before.contains("38") && !before.contains("source-token"), "{before}");
    let claims = claims_of(story.asks_userinfo(true));
    assert_eq!((claims["shoe_size"].as_i64(), claims["credit"].as_str()), (Some(38), Some("good")));
    assert_eq!(claims["sub"], "ada", "a source speaks of what it is named for");
    assert!(!story.page.claims().contains("source-token"));
}

#[test]
fn claims_that_nobody_vouches_for_are_refused() {
    for (alg, issuer, signature) in
        [("ES256", OTHER_ISSUER, "bad"), ("none", OTHER_ISSUER, "good"), ("ES256", "http://plain.example", "good")]
    {
        let jwt = jws(alg, &format!(r#"{{"iss":"{issuer}","a":1}}"#), signature);
        let claims = format!(r#","_claim_names":{{"a":"s"}},"_claim_sources":{{"s":{{"JWT":"{jwt}"}}}}"#);
        let story = Story::new();
        story.world.more_claims.set(Box::leak(claims.into_boxed_str()));
        story.starts(None);
        assert_eq!(error_of(story.asks_userinfo(true)).code, "invalid_claims");
    }
}

#[test]
fn claims_of_a_user_are_not_learned_of_the_next_one() {
    let sources = format!(
        r#","_claim_names":{{"credit":"two"}},"_claim_sources":{{"two":{{"endpoint":"{OTHER_ISSUER}/claims","access_token":"source-token"}}}}"#
    );
    let story = Story::new();
    story.world.more_claims.set(Box::leak(sources.into_boxed_str()));
    story.starts(None);
    story.world.more_claims.set("");
    story.grace_comes_during("/claims");
    assert_eq!(error_of(story.asks_userinfo(true)).code, "signed_out");
    assert!(story.page.claims().contains("grace") && !story.page.claims().contains("credit"));
}
