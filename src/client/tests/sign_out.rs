//! Sign-outs: here, at the provider, and heard from it.

use super::world::{API, ISSUER, ORIGIN, command};
use super::{Story, error_of, local_sign_out, sign_out};
use crate::platform::Platform;
use crate::wire::{Command, LoggedOut, Reply, Status};

#[test]
fn sign_out_forgets_before_it_leaves() {
    let story = Story::new();
    story.starts(None);
    assert!(matches!(story.does(sign_out(true, None)), Reply::Done));
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
    let leaves = |return_to: &str| story.does(sign_out(false, Some(return_to)));
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
fn a_renewal_under_way_does_not_undo_a_sign_out() {
    for refresh_tokens in [true, false] {
        let story = Story::new();
        story.world.issues_refresh_tokens.set(refresh_tokens);
        story.starts(None);
        story.world.pass(3_600_000);
        let (client, page) = (story.client.clone(), story.page.clone());
        let leaves = Box::pin(async move { drop(command(&client, &page, local_sign_out(true)).await) });
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
    story.does(local_sign_out(true));
    assert_eq!(story.signed_out_for().code, "signed_out");
    assert!(story.page.went_to.borrow().is_none());
}

#[test]
fn a_sign_out_revokes_the_refresh_token_first() {
    let story = Story::new();
    story.world.issues_refresh_tokens.set(true);
    story.starts(None);
    for revoke in [true, false] {
        story.does(local_sign_out(revoke));
        story.world.run(story.world.sleep(1000));
    }
    let requests = story.world.requests.borrow();
    let revoked: Vec<_> = requests.iter().filter(|request| request.contains("/revoke ")).collect();
    assert_eq!(revoked.len(), 2);
    assert!(
        revoked[0].contains("token_type_hint=refresh_token") && revoked[1].contains("token_type_hint=access_token")
    );
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
