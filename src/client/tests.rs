//! The flows in a simulated world: no browser, no network, no waiting.
#![allow(clippy::unwrap_used)]

mod keys;
mod more;
pub(super) mod world;
mod year;

use std::rc::Rc;

use super::Client;
use crate::platform::{NoAnswer, Page};
use crate::wire::{Answer, CheckSession, Command, FetchRequest, Reply, SignIn, SignOut, Start, Status, WireError};
use world::{API, FakePage, ISSUER, ORIGIN, OTHER_API, World, command, response};

struct Story {
    world: Rc<World>,
    client: Rc<Client>,
    page: Rc<FakePage>,
}

impl Story {
    fn new() -> Story {
        Story::with(World::new())
    }

    /// A page load in `world`: a vault and a page of its own.
    fn with(world: Rc<World>) -> Story {
        let client = world.client();
        let page = FakePage::new(&world);
        let dyn_page: Rc<dyn Page> = page.clone();
        client.attach(&dyn_page);
        Story { world, client, page }
    }

    fn does(&self, what: Command) -> Reply {
        let (client, page) = (self.client.clone(), self.page.clone());
        self.world.run(async move { command(&client, &page, what).await })
    }

    fn starts(&self, callback: Option<&str>) -> Reply {
        self.does(Command::Start(Start { callback: callback.map(str::to_owned) }))
    }

    /// Signs in by redirect, up to the moment where the provider sends the user back to the URL returned.
    fn leaves(&self, return_to: Option<&str>) -> String {
        let sign_in = SignIn {
            return_to: return_to.map(str::to_owned),
            app_state: Some(r#"{"cart":7}"#.to_owned()),
            scope: None,
            params: Vec::new(),
            popup: false,
        };
        assert!(matches!(self.does(Command::SignIn(sign_in)), Reply::Done));
        let url = self.page.went_to.borrow().clone().expect("the page left");
        self.world.authorize(&url)
    }

    fn fetches(&self, url: &str) -> Reply {
        self.does(Command::Fetch(FetchRequest {
            url: url.to_owned(),
            method: "GET".to_owned(),
            headers: Vec::new(),
            init: Vec::new(),
            keepalive: false,
        }))
    }

    fn checks_session(&self) -> Reply {
        self.does(Command::CheckSession(CheckSession {
            scope: None,
            audience: None,
            resource: None,
            params: Vec::new(),
            timeout_ms: None,
        }))
    }

    fn signed_out_for(&self) -> WireError {
        match self.page.state() {
            (Status::SignedOut, Some(reason)) => reason,
            state => panic!("not signed out: {state:?}"),
        }
    }
}

fn error_of(reply: Reply) -> WireError {
    match reply {
        Reply::Error(error) => error,
        _ => panic!("no error came"),
    }
}

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
        let sign_in =
            SignIn { return_to: Some(url.to_owned()), app_state: None, scope: None, params: Vec::new(), popup: false };
        let error = error_of(story.does(Command::SignIn(sign_in)));
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
fn a_token_goes_to_its_api_and_nowhere_else() {
    let story = Story::new();
    story.starts(None);
    assert!(matches!(story.fetches("https://api.example.com/orders"), Reply::Response(_)));
    for url in [
        "https://api.example.com.evil.test/orders",
        "https://evil.test/https://api.example.com/",
        "http://api.example.com/orders",
        "https://api.example.com:8443/orders",
        "https://api.example.com@evil.test/",
        "https://user@api.example.com/",
        "blob:https://api.example.com/1",
        "not a url",
    ] {
        assert!(matches!(story.fetches(url), Reply::NotAnApi), "{url}");
    }
    let calls = story.world.api_calls.borrow();
    assert_eq!(calls.len(), 1);
    assert!(calls[0].1.starts_with("Bearer access-"), "{}", calls[0].1);
}

#[test]
fn a_cached_token_serves_until_a_minute_before_its_end() {
    let story = Story::new();
    story.starts(None);
    let tokens = || story.world.count("/token");
    story.fetches(API);
    story.world.pass(3600 * 1000 - 60_000 - 1);
    story.fetches(API);
    assert_eq!(tokens(), 1);
    story.world.pass(10_001);
    story.fetches(API);
    assert_eq!(tokens(), 2);
}

#[test]
fn many_callers_share_one_renewal() {
    let story = Story::new();
    story.starts(None);
    story.world.pass(3_600_000);
    let before = story.world.count("/token");
    let calls: Vec<_> = (0..25)
        .map(|_| {
            let (client, page) = (story.client.clone(), story.page.clone());
            async move {
                let fetch = FetchRequest {
                    url: API.to_owned(),
                    method: "GET".to_owned(),
                    headers: Vec::new(),
                    init: Vec::new(),
                    keepalive: false,
                };
                matches!(command(&client, &page, Command::Fetch(fetch)).await, Reply::Response(_))
            }
        })
        .collect();
    let client = story.client.clone();
    let all: Vec<bool> = story.world.run(async move {
        let flights: Vec<_> = calls.into_iter().map(|call| client.launch(call)).collect();
        let mut outcomes = Vec::new();
        for flight in flights {
            outcomes.push(flight.landed().await);
        }
        outcomes
    });
    assert!(all.iter().all(|ok| *ok));
    assert_eq!(story.world.count("/token") - before, 1);
}

#[test]
fn a_refresh_token_spares_the_frame_and_rotates() {
    let story = Story::new();
    story.world.issues_refresh_tokens.set(true);
    story.starts(None);
    for _ in 0..3 {
        story.world.pass(3_600_000);
        assert!(matches!(story.fetches(API), Reply::Response(_)));
    }
    assert_eq!(story.page.asked.borrow().len(), 1, "only the page load asked in a frame");
    assert_eq!(story.world.count("grant_type=refresh_token"), 3);
    let requests = story.world.requests.borrow();
    let mut used: Vec<_> =
        requests.iter().filter_map(|request| request.split("refresh_token=refresh-").nth(1)).collect();
    used.dedup();
    assert_eq!(used.len(), 3, "each one is used once");
}

#[test]
fn a_refresh_asks_for_what_was_granted_or_for_another_api() {
    let story = Story::new();
    story.world.issues_refresh_tokens.set(true);
    story.starts(None);
    story.world.pass(3_600_000);
    story.fetches(API);
    story.fetches(OTHER_API);
    let requests = story.world.requests.borrow();
    let refreshes: Vec<_> = requests.iter().filter(|request| request.contains("=refresh_token")).collect();
    assert!(!refreshes[0].contains("scope="), "the provider knows what it granted: {}", refreshes[0]);
    assert!(refreshes[1].contains("scope=openid+profile+email+write%3Apayments"), "{}", refreshes[1]);
    assert!(refreshes[1].contains("resource=https%3A%2F%2Fpay.example.com%2F"), "{}", refreshes[1]);
    assert_eq!(refreshes.len(), 2);
}

#[test]
fn a_refused_refresh_token_leads_to_the_frame() {
    let story = Story::new();
    story.world.issues_refresh_tokens.set(true);
    story.starts(None);
    story.world.pass(3_600_000);
    story.world.fault("/token", Box::new(|_| Ok(response(400, ""))));
    assert!(matches!(story.fetches(API), Reply::Response(_)));
    assert_eq!(story.page.asked.borrow().len(), 2);
}

#[test]
fn a_network_failure_ends_no_session() {
    let story = Story::new();
    story.world.issues_refresh_tokens.set(true);
    story.starts(None);
    story.world.pass(3_600_000);
    let faults: [fn() -> std::result::Result<crate::protocol::HttpResponse, NoAnswer>; 3] =
        [|| Ok(response(503, "busy")), || Ok(response(200, "<html>sign in to this hotspot</html>")), || Err(NoAnswer)];
    for (fault, times) in faults.into_iter().zip([3, 1, 1]) {
        for _ in 0..times {
            story.world.fault("/token", Box::new(move |_| fault()));
        }
        let error = error_of(story.fetches(API));
        assert!(["network", "provider_unavailable"].contains(&error.code.as_str()), "{error:?}");
        assert_eq!(story.page.state().0, Status::SignedIn);
    }
    assert!(matches!(story.fetches(API), Reply::Response(_)), "the session lives on");
}

#[test]
fn a_renewal_that_fails_ahead_of_time_costs_nothing() {
    let story = Story::new();
    story.world.issues_refresh_tokens.set(true);
    story.starts(None);
    story.world.pass(3_600_000 - 30_000);
    story.world.fault("/token", Box::new(|_| Err(NoAnswer)));
    assert!(matches!(story.fetches(API), Reply::Response(_)));
}

#[test]
fn check_session_tells_what_was_granted_and_no_token() {
    let story = Story::new();
    story.starts(None);
    match story.checks_session() {
        Reply::Checked(granted) => {
            assert_eq!(granted.audience.as_deref(), Some(API));
            assert!(granted.scope.contains("read:orders") && granted.expires_at.is_some());
            assert!(granted.claims.contains("ada") && !granted.claims.contains("nonce"));
        }
        _ => panic!("the user is signed in at the provider"),
    }
    assert_eq!(story.page.asked.borrow().len(), 2, "it always asks the provider");
}

#[test]
fn check_session_of_a_user_who_left_signs_out() {
    let story = Story::new();
    story.starts(None);
    *story.world.user.borrow_mut() = None;
    assert_eq!(error_of(story.checks_session()).code, "login_required");
    assert_eq!(story.signed_out_for().code, "login_required");
}

#[test]
fn a_frame_that_answers_nothing_has_a_cause() {
    let story = Story::new();
    story.starts(None);
    for (answer, code) in [(Some(Answer::LoadedOther), "frame_blocked"), (None, "timeout")] {
        *story.page.frame.borrow_mut() = Some(answer);
        assert_eq!(error_of(story.checks_session()).code, code);
        assert_eq!(story.page.state().0, Status::SignedIn, "that says nothing about the user");
    }
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
fn another_user_takes_nothing_over() {
    let story = Story::new();
    story.world.issues_refresh_tokens.set(true);
    story.starts(None);
    *story.world.user.borrow_mut() = Some("grace".to_owned());
    assert!(matches!(story.checks_session(), Reply::Checked(granted) if granted.claims.contains("grace")));
    story.fetches(API);
    let calls = story.world.api_calls.borrow();
    let last_token = story.world.requests.borrow().iter().filter(|request| request.contains("/token")).count();
    assert_eq!((calls.len(), last_token), (1, 2), "the second user's own token serves");
}

#[test]
fn sign_out_forgets_before_it_leaves() {
    let story = Story::new();
    story.starts(None);
    assert!(matches!(
        story.does(Command::SignOut(SignOut { local: false, revoke: true, params: Vec::new(), return_to: None })),
        Reply::Done
    ));
    assert_eq!(story.signed_out_for().code, "signed_out");
    let url = story.page.went_to.borrow().clone().unwrap();
    assert!(url.starts_with("https://login.example.com/logout?") && url.contains("id_token_hint="), "{url}");
    assert_eq!(error_of(story.fetches(API)).code, "not_signed_in");
    let state = url.split("state=").nth(1).unwrap().split('&').next().unwrap();
    let back = Story::with(story.world.clone());
    back.starts(Some(&format!("{ORIGIN}/?state={state}")));
    assert_eq!(back.signed_out_for().code, "signed_out");
    assert!(back.page.asked.borrow().is_empty(), "who signs out is not signed in again at once");
}

#[test]
fn a_sign_out_returns_to_where_the_page_wants() {
    let story = Story::new();
    story.starts(None);
    let leaves = |return_to: &str| {
        story.does(Command::SignOut(SignOut {
            local: false,
            revoke: false,
            params: Vec::new(),
            return_to: Some(return_to.to_owned()),
        }))
    };
    assert_eq!(error_of(leaves("https://evil.example/")).code, "invalid_option");
    assert_eq!(story.page.state().0, Status::SignedIn, "a wrong option changes nothing");
    leaves("https://app.example.com/bye");
    let url = story.page.went_to.borrow().clone().unwrap();
    let state = url.split("state=").nth(1).unwrap().split('&').next().unwrap();
    let back = Story::with(story.world.clone());
    let reply = back.starts(Some(&format!("{ORIGIN}/?state={state}")));
    assert!(
        matches!(reply, Reply::Started(started) if started.return_to.as_deref() == Some("https://app.example.com/bye"))
    );
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
    let elsewhere = SignIn {
        return_to: Some("https://auth.example.com/".to_owned()),
        app_state: None,
        scope: None,
        params: Vec::new(),
        popup: false,
    };
    assert_eq!(error_of(story.does(Command::SignIn(elsewhere))).code, "invalid_option");
}

#[test]
fn a_renewal_under_way_does_not_undo_a_sign_out() {
    for refresh_tokens in [true, false] {
        let story = Story::new();
        story.world.issues_refresh_tokens.set(refresh_tokens);
        story.starts(None);
        story.world.pass(3_600_000);
        let (client, page) = (story.client.clone(), story.page.clone());
        let sign_out = Command::SignOut(SignOut { local: true, revoke: true, params: Vec::new(), return_to: None });
        let leaves = Box::pin(async move { drop(command(&client, &page, sign_out).await) });
        *story.world.meanwhile.borrow_mut() = Some(("/token".to_owned(), leaves));
        assert!(matches!(story.fetches(API), Reply::Error(_)));
        assert_eq!(story.signed_out_for().code, "signed_out");
        assert_eq!(error_of(story.fetches(API)).code, "not_signed_in");
    }
}

#[test]
fn a_local_sign_out_stays_here() {
    let story = Story::new();
    story.starts(None);
    story.does(Command::SignOut(SignOut { local: true, revoke: true, params: Vec::new(), return_to: None }));
    assert_eq!(story.signed_out_for().code, "signed_out");
    assert!(story.page.went_to.borrow().is_none());
}

#[test]
fn metadata_and_keys_are_fetched_once() {
    let story = Story::new();
    story.starts(None);
    story.checks_session();
    story.checks_session();
    assert_eq!((story.world.count("openid-configuration"), story.world.count("/jwks")), (1, 1));
    story.world.pass(600_001);
    story.checks_session();
    assert_eq!((story.world.count("openid-configuration"), story.world.count("/jwks")), (2, 2));
}

#[test]
fn a_passing_outage_of_discovery_is_ridden_out() {
    let story = Story::new();
    story.world.fault("openid-configuration", Box::new(|_| Err(NoAnswer)));
    story.world.fault("openid-configuration", Box::new(|_| Ok(response(503, ""))));
    story.starts(None);
    assert_eq!(story.page.state().0, Status::SignedIn);
    assert_eq!(story.world.count("openid-configuration"), 3);
}

#[test]
fn a_user_known_at_top_level_and_not_in_a_frame_means_blocked_cookies() {
    for (origin, code) in [(ORIGIN, "login_required"), ("https://shop.test", "third_party_cookies_blocked")] {
        let world = World::new();
        world.origin.set(origin);
        let callback = Story::with(world.clone()).leaves(None);
        let story = Story::with(world.clone());
        story.starts(Some(&callback));
        *world.user.borrow_mut() = None;
        let error = error_of(story.checks_session());
        assert_eq!((error.code.as_str(), error.error.as_deref()), (code, Some("login_required")));
        let same_site = origin == ORIGIN;
        assert_eq!(error.hint.is_none(), same_site);
        assert_eq!(story.page.state().0 == Status::SignedOut, same_site, "blocked cookies say nothing about the user");
    }
}
