//! Frames that are asked while a session lives.

use super::world::{API, ORIGIN, World};
use super::{Story, error_of};
use crate::wire::{Answer, Reply, Status};

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
