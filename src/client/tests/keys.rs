//! Tokens bound to a key of the vault (RFC 9449), and tokens that the page may have.

use super::world::{API, ISSUER, World, decoded, part_of};
use super::{Story, error_of, local_sign_out};
use crate::wire::{Command, Dpop, LoggedOut, ProofAlg, Reply, Status, TokenWish};

#[test]
fn tokens_are_bound_to_a_key_and_each_call_proves_it() {
    let world = World::new();
    world.configure.set(|options| options.dpop = Dpop::Allowed);
    world.token_type.set("dPoP");
    let story = Story::with(world.clone());
    story.starts(None);
    assert!(story.page.asked.borrow()[0].contains("dpop_jkt="), "a code of this page load is bound to the key");
    assert_eq!(story.status_of(&format!("{API}orders?page=2")), 200);
    let proofs: Vec<String> = world.proofs.borrow().iter().map(|proof| decoded(proof)).collect();
    assert!(proofs[0].contains(r#""htm":"POST""#) && proofs[0].contains("/token") && !proofs[0].contains("ath"));
    assert!(proofs[1].contains(r#""htm":"GET""#) && proofs[1].contains(r#""htu":"https://api.example.com/orders""#));
    assert!(proofs[1].contains(r#""ath":""#) && !proofs[1].contains("page=2"), "{}", proofs[1]);
    assert!(world.api_calls.borrow()[0].1.starts_with("DPoP "));
    assert!(!Story::with(world).leaves(None).is_empty());
}

#[test]
fn a_nonce_is_heeded_and_the_request_made_once_more() {
    let world = World::new();
    world.configure.set(|options| options.dpop = Dpop::Required);
    world.token_type.set("DPoP");
    world.nonce.set("server-nonce");
    let story = Story::with(world.clone());
    story.starts(None);
    assert_eq!((story.page.state().0, world.count("/token")), (Status::SignedIn, 2));
    story.checks_session();
    assert_eq!(world.count("/token"), 3, "the nonce is known by now");
    world.refusals.borrow_mut().push((401, r#"DPoP error="use_dpop_nonce""#));
    assert_eq!(story.status_of(API), 200);
}

#[test]
fn what_the_option_demands_of_keys_holds() {
    for (dpop, token_type, code) in [
        (Dpop::Off, "DPoP", Some("invalid_response")),
        (Dpop::Allowed, "Bearer", None),
        (Dpop::Required, "Bearer", Some("unsupported")),
    ] {
        let world = World::new();
        match dpop {
            Dpop::Off => {}
            Dpop::Allowed => world.configure.set(|options| options.dpop = Dpop::Allowed),
            Dpop::Required => world.configure.set(|options| options.dpop = Dpop::Required),
        }
        world.token_type.set(token_type);
        let story = Story::with(world);
        story.starts(None);
        match code {
            Some(code) => assert_eq!(story.signed_out_for().code, code),
            None => assert_eq!(story.page.state().0, Status::SignedIn),
        }
    }
}

/// The public key in the last proof.
fn key_of_last_proof(world: &World) -> String {
    let proof = world.proofs.borrow().last().expect("a proof was sent").clone();
    part_of(&proof, 0).split("\"jwk\":").nth(1).unwrap().to_owned()
}

#[test]
fn a_redirect_is_bound_to_a_key_that_outlives_it() {
    let world = World::new();
    world.configure.set(|options| options.dpop = Dpop::Required);
    world.token_type.set("DPoP");
    let leaving = Story::with(world.clone());
    let callback = leaving.leaves(None);
    assert!(leaving.page.went_to.borrow().as_ref().unwrap().contains("dpop_jkt="));
    let kept = world.keys.borrow().clone();
    assert_eq!(kept.len(), 1);
    let story = Story::with(world.clone());
    story.starts(Some(&callback));
    assert_eq!((story.page.state().0, world.keys.borrow().clone()), (Status::SignedIn, kept));
    let first = key_of_last_proof(&world);
    Story::with(world.clone()).starts(None);
    assert_eq!(key_of_last_proof(&world), first, "a page load later it is the same key");
}

#[test]
fn a_vault_that_outlives_its_pages_keeps_its_key_to_itself() {
    let world = World::new();
    world.shared.set(true);
    world.configure.set(|options| options.dpop = Dpop::Required);
    world.token_type.set("DPoP");
    let leaving = Story::with(world.clone());
    let callback = leaving.leaves(None);
    assert!(
        !leaving.page.went_to.borrow().as_ref().unwrap().contains("dpop_jkt="),
        "it may be gone when the answer comes"
    );
    let story = Story::with(world.clone());
    story.starts(Some(&callback));
    assert_eq!(story.page.state().0, Status::SignedIn);
    assert!(world.keys.borrow().is_empty());
}

#[test]
fn a_key_goes_with_the_session_it_was_for() {
    let world = World::new();
    world.configure.set(|options| options.dpop = Dpop::Required);
    world.token_type.set("DPoP");
    let story = Story::with(world.clone());
    story.starts(None);
    let first = key_of_last_proof(&world);
    story.does(local_sign_out(false));
    assert!(world.keys.borrow().is_empty());
    story.checks_session();
    assert!(key_of_last_proof(&world) != first);
}

#[test]
fn a_key_goes_with_a_session_that_ended_at_the_provider() {
    let world = World::new();
    world.configure.set(|options| options.dpop = Dpop::Required);
    world.token_type.set("DPoP");
    world.more_claims.set(r#","sid":"session-1""#);
    let story = Story::with(world.clone());
    story.starts(None);
    assert_eq!(world.keys.borrow().len(), 1);
    story.does(Command::LoggedOut(LoggedOut { iss: ISSUER.to_owned(), sid: "session-1".to_owned() }));
    assert_eq!((story.page.state().0, world.keys.borrow().len()), (Status::SignedOut, 0));
}

#[test]
fn an_algorithm_that_is_newly_wanted_gets_a_key_of_its_own() {
    let world = World::new();
    world.configure.set(|options| options.dpop = Dpop::Required);
    world.token_type.set("DPoP");
    world.proof_algs.set(r#"["ES256","EdDSA"]"#);
    let alg_after_load = || {
        Story::with(world.clone()).starts(None);
        part_of(world.proofs.borrow().last().expect("a proof was sent"), 0)
    };
    assert!(alg_after_load().contains(r#""alg":"ES256""#));
    world.configure.set(|options| {
        options.dpop = Dpop::Required;
        options.dpop_signing_alg = ProofAlg::EdDSA;
    });
    assert!(alg_after_load().contains(r#""alg":"EdDSA""#));
}

#[test]
fn proofs_are_signed_with_the_algorithm_that_option_and_provider_agree_on() {
    for (wanted, promised, used) in [
        (ProofAlg::ES256, r#"["ES256","EdDSA"]"#, "ES256"),
        (ProofAlg::EdDSA, r#"["ES256","EdDSA"]"#, "EdDSA"),
        (ProofAlg::EdDSA, r#"["ES256"]"#, "ES256"),
    ] {
        let world = World::new();
        match wanted {
            ProofAlg::ES256 => world.configure.set(|options| options.dpop = Dpop::Required),
            ProofAlg::EdDSA => world.configure.set(|options| {
                options.dpop = Dpop::Required;
                options.dpop_signing_alg = ProofAlg::EdDSA;
            }),
        }
        world.token_type.set("DPoP");
        world.proof_algs.set(promised);
        Story::with(world.clone()).starts(None);
        let proof = world.proofs.borrow()[0].clone();
        assert!(part_of(&proof, 0).contains(&format!(r#""alg":"{used}""#)), "{wanted:?} {promised}");
    }
}

impl Story {
    fn asks_token(&self) -> Reply {
        self.does(Command::AccessToken(TokenWish { scope: None, audience: None, resource: None }))
    }
}

#[test]
fn the_page_gets_an_access_token_where_the_option_says_so_and_nowhere_else() {
    let story = Story::new();
    story.starts(None);
    let refusal = error_of(story.asks_token());
    assert!(refusal.code == "unsupported" && refusal.hint.unwrap().contains("dangerouslyExposeAccessToken"));

    let world = World::new();
    world.configure.set(|options| options.dangerously_expose_access_token = true);
    let story = Story::with(world);
    story.starts(None);
    let Reply::AccessToken(token) = story.asks_token() else { panic!("no token came") };
    assert_eq!(story.status_of(API), 200);
    assert_eq!(story.world.api_calls.borrow()[0].1, format!("Bearer {token}"));
}

#[test]
fn a_bound_token_is_of_no_use_to_the_page() {
    let world = World::new();
    world.token_type.set("DPoP");
    world.configure.set(|options| {
        options.dangerously_expose_access_token = true;
        options.dpop = Dpop::Allowed;
    });
    let story = Story::with(world);
    story.starts(None);
    assert!(error_of(story.asks_token()).message.contains("bound to a key"));
}
