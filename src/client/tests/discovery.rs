//! Metadata and keys: when they are fetched, and what serves while they cannot be.

use super::world::{API, World, response};
use super::{Story, error_of};
use crate::platform::NoAnswer;
use crate::wire::Status;

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
fn a_passing_outage_of_discovery_is_ridden_out() {
    let story = Story::new();
    story.world.fault("openid-configuration", Box::new(|_| Err(NoAnswer)));
    story.world.fault("openid-configuration", Box::new(|_| Ok(response(503, ""))));
    story.starts(None);
    assert_eq!(story.page.state().0, Status::SignedIn);
    assert_eq!(story.world.count("openid-configuration"), 3);
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
