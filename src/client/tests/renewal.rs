//! New tokens for old: refresh tokens, what fails on the way, and when it is time.

use super::world::{API, OTHER_API, World, response};
use super::{Story, error_of};
use crate::platform::NoAnswer;
use crate::wire::{Command, Reply, Status};

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
