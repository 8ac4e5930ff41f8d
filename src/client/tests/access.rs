//! Calls of APIs: which token goes where, and what a refusal leads to.

use super::world::{API, command};
use super::{Story, get};
use crate::wire::Reply;

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
            async move { matches!(command(&client, &page, get(API)).await, Reply::Response(_)) }
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
