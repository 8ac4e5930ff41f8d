//! What a provider may offer beyond the code flow: userinfo, claims of other sources, pushed and signed messages.

use super::world::{API, ISSUER, OTHER_ISSUER, World, command, jws, response};
use super::{Story, error_of};
use crate::platform::{NoAnswer, Platform};
use crate::wire::{CheckSession, Command, LoggedOut, Reply, ResponseMode, SignOut, Status, Userinfo};

fn claims_of(reply: Reply) -> serde_json::Value {
    match reply {
        Reply::Claims(claims) => serde_json::from_str(&claims).unwrap(),
        Reply::Error(error) => panic!("{error:?}"),
        _ => panic!("no claims came"),
    }
}

impl Story {
    fn asks_userinfo(&self, sources: bool) -> Reply {
        self.does(Command::Userinfo(Userinfo { sources }))
    }

    /// Grace signs in at the provider while the answer to a request to `url` is under way, and this session follows.
    fn grace_comes_during(&self, url: &str) {
        let (client, page, world) = (self.client.clone(), self.page.clone(), self.world.clone());
        let grace_comes = Box::pin(async move {
            *world.user.borrow_mut() = Some("grace".to_owned());
            let check =
                CheckSession { scope: None, audience: None, resource: None, params: Vec::new(), timeout_ms: None };
            assert!(matches!(command(&client, &page, Command::CheckSession(check)).await, Reply::Checked(_)));
        });
        *self.world.meanwhile.borrow_mut() = Some((url.to_owned(), grace_comes));
    }

    pub(super) fn status_of(&self, url: &str) -> u16 {
        match self.fetches(url) {
            Reply::Response(head) => head.status,
            _ => panic!("no response came"),
        }
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

#[test]
fn a_refresh_of_one_user_leaves_the_next_ones_tokens_alone() {
    let refused = r#"{"error":"invalid_grant"}"#;
    for refuses in [false, true] {
        let story = Story::new();
        story.world.issues_refresh_tokens.set(true);
        story.starts(None);
        story.world.pass(3_600_000);
        story.grace_comes_during("/token");
        if refuses {
            story.world.fault("/token", Box::new(move |_| Ok(response(400, refused))));
        }
        story.fetches(API);
        let of_grace = story.world.issued_last();
        story.world.pass(3_600_000);
        story.fetches(API);
        let requests = story.world.requests.borrow();
        let refreshes: Vec<_> = requests.iter().filter(|request| request.contains("=refresh_token")).collect();
        assert_eq!(refreshes.len(), 2);
        assert!(refreshes[1].contains(&of_grace), "{} is not {of_grace}", refreshes[1]);
        assert!(story.page.claims().contains("grace"));
    }
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

#[test]
fn metadata_and_keys_are_the_browsers_to_keep_across_page_loads() {
    let world = World::new();
    Story::with(world.clone()).starts(None);
    world.pass(599_000);
    Story::with(world.clone()).starts(None);
    assert_eq!((world.count("openid-configuration"), world.count("/jwks")), (1, 1));
    world.pass(1_001);
    Story::with(world.clone()).starts(None);
    assert_eq!(
        (world.count("openid-configuration"), world.count("/jwks")),
        (2, 2),
        "after ten minutes they are fetched"
    );
}

#[test]
fn endpoints_that_are_down_end_no_running_session() {
    let story = Story::new();
    story.world.issues_refresh_tokens.set(true);
    story.starts(None);
    story.world.pass(3_700_000);
    for _ in 0..6 {
        story.world.fault("openid-configuration", Box::new(|_| Err(NoAnswer)));
        story.world.fault("/jwks", Box::new(|_| Err(NoAnswer)));
    }
    assert_eq!(story.status_of(API), 200, "what the provider published last still serves");
}

#[test]
fn a_refused_token_is_renewed_once_and_the_request_sent_again() {
    let story = Story::new();
    story.starts(None);
    story.world.refusals.borrow_mut().push((401, r#"Bearer error="invalid_token""#));
    assert_eq!(story.status_of(API), 200);
    let tokens: Vec<_> = story.world.api_calls.borrow().iter().map(|call| call.1.clone()).collect();
    assert!(tokens.len() == 2 && tokens[0] != tokens[1], "{tokens:?}");

    story.world.refusals.borrow_mut().extend([(401, r#"Bearer error="invalid_token""#); 2]);
    assert_eq!(story.status_of(API), 401, "the second refusal is the page's");
    assert_eq!(story.world.api_calls.borrow().len(), 4);
}

#[test]
fn a_refusal_without_a_reason_is_believed_of_an_old_token() {
    let story = Story::new();
    story.starts(None);
    story.world.refusals.borrow_mut().push((401, ""));
    assert_eq!(story.status_of(API), 401, "a fresh token is not to blame");
    story.world.pass(60_000);
    story.world.refusals.borrow_mut().push((401, "Bearer"));
    assert_eq!(story.status_of(API), 200);
    story.world.refusals.borrow_mut().push((403, r#"Bearer error="access_denied""#));
    assert_eq!(story.status_of(API), 403);
}

#[test]
fn more_scope_is_asked_for_once() {
    let story = Story::new();
    story.starts(None);
    let challenge = r#"Bearer error="insufficient_scope", scope="write:orders""#;
    story.world.refusals.borrow_mut().push((403, challenge));
    assert_eq!(story.status_of(API), 200);
    assert!(story.page.asked.borrow().last().unwrap().contains("write%3Aorders"));
    let asked = story.page.asked.borrow().len();
    story.world.refusals.borrow_mut().push((403, challenge));
    assert_eq!(story.status_of(API), 403, "it was asked for already");
    assert_eq!(story.page.asked.borrow().len(), asked);
}

#[test]
fn keys_are_asked_for_once_in_half_a_minute_when_none_fits() {
    let story = Story::new();
    story.starts(None);
    story.world.alg.set("ES384");
    for (pass, keys) in [(0, 2), (29_000, 2), (1_000, 3)] {
        story.world.pass(pass);
        assert_eq!(error_of(story.checks_session()).claim.as_deref(), Some("signature"));
        assert_eq!(story.world.count("/jwks"), keys, "after {pass} ms more");
    }
}

#[test]
fn authorization_details_that_were_granted_are_told() {
    let story = Story::new();
    story.world.more_of_tokens.set(r#","authorization_details":[{"type":"payment"}]"#);
    story.starts(None);
    match story.checks_session() {
        Reply::Checked(granted) => {
            assert_eq!(granted.authorization_details.as_deref(), Some(r#"[{"type":"payment"}]"#));
        }
        _ => panic!("the user is signed in at the provider"),
    }
}

#[test]
fn a_front_channel_sign_out_is_heard_if_issuer_and_session_are_ours() {
    let story = Story::new();
    story.world.more_claims.set(r#","sid":"session-1""#);
    story.starts(None);
    let says = |iss: &str, sid: &str| {
        story.does(Command::LoggedOut(LoggedOut { iss: iss.to_owned(), sid: sid.to_owned() }));
        story.page.state().0
    };
    assert_eq!(says("https://another.example", "session-1"), Status::SignedIn);
    assert_eq!(says(ISSUER, "session-2"), Status::SignedIn);
    assert_eq!(says(ISSUER, "session-1"), Status::SignedOut);
    assert_eq!(story.signed_out_for().code, "signed_out");
}

#[test]
fn a_device_whose_clock_is_wrong_goes_by_the_providers_where_it_shows() {
    // Two hours ahead: the ID token looks expired.
    for (shows, status) in [(true, Status::SignedIn), (false, Status::SignedOut)] {
        let world = World::new();
        world.clock_ahead.set(7_200_000);
        world.shows_date.set(shows);
        let story = Story::with(world.clone());
        story.starts(None);
        assert_eq!(story.page.state().0, status);
        if shows {
            assert_eq!(story.status_of(API), 200);
            world.pass(540_000);
            assert_eq!((story.status_of(API), world.expired_calls.get()), (200, 0));
        } else {
            assert!(story.signed_out_for().hint.is_some_and(|hint| hint.contains("clock")));
        }
    }
}

#[test]
fn renewals_are_told_and_made_under_a_lock_of_their_configuration() {
    let story = Story::new();
    story.world.issues_refresh_tokens.set(true);
    story.starts(None);
    assert_eq!(story.page.told(), (0, Vec::new()), "the first token is no renewal");
    story.world.pass(3_600_000);
    story.fetches(API);
    assert_eq!(story.page.told(), (1, Vec::new()));
    assert!(story.world.locked.borrow().iter().all(|name| name == "strongroom srtest-"));
    for _ in 0..3 {
        story.world.fault("/token", Box::new(|_| Ok(response(503, ""))));
    }
    story.world.pass(3_600_000);
    story.fetches(API);
    *story.world.user.borrow_mut() = None;
    story.world.fault("/token", Box::new(|_| Ok(response(400, r#"{"error":"invalid_grant"}"#))));
    story.fetches(API);
    let told = story.page.told();
    assert_eq!(told, (1, vec![("provider_unavailable".to_owned(), true), ("login_required".to_owned(), false)]));
}

#[test]
fn only_a_refused_refresh_token_and_an_unknown_user_end_a_session_together() {
    let story = Story::new();
    story.world.issues_refresh_tokens.set(true);
    story.starts(None);
    story.world.pass(3_600_000);
    story.world.fault("/token", Box::new(|_| Ok(response(400, r#"{"error":"invalid_grant"}"#))));
    assert_eq!(story.status_of(API), 200, "the frame is tried first");
    assert_eq!(story.page.state().0, Status::SignedIn);
}

#[test]
fn what_is_due_is_renewed_when_the_page_is_looked_at() {
    let story = Story::new();
    story.world.issues_refresh_tokens.set(true);
    story.starts(None);
    story.fetches(API);
    story.does(Command::Awake { visible: false });
    story.world.pass(3_580_000);
    story.does(Command::Awake { visible: false });
    assert_eq!(story.world.count("=refresh_token"), 0);
    story.does(Command::Awake { visible: true });
    story.asks_userinfo(false);
    assert_eq!(story.world.count("=refresh_token"), 1);
}

#[test]
fn a_sign_out_revokes_the_refresh_token_first() {
    let story = Story::new();
    story.world.issues_refresh_tokens.set(true);
    story.starts(None);
    for revoke in [true, false] {
        story.does(Command::SignOut(SignOut { local: true, revoke, params: Vec::new(), return_to: None }));
        story.world.run(story.world.sleep(1000));
    }
    let requests = story.world.requests.borrow();
    let revoked: Vec<_> = requests.iter().filter(|request| request.contains("/revoke ")).collect();
    assert_eq!(revoked.len(), 2);
    assert!(
        revoked[0].contains("token_type_hint=refresh_token") && revoked[1].contains("token_type_hint=access_token")
    );
}
