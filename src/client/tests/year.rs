//! Long runs in the simulated world: a year of renewals, many clients at once, and faults without end.

use std::collections::BTreeMap;

use super::super::redeem::JITTER;
use super::Story;
use super::world::{API, Dice, World, response};
use crate::platform::{NoAnswer, Platform};
use crate::protocol::scope::Scope;
use crate::protocol::token::TokenResponse;
use crate::vault::{Target, Vault};
use crate::wire::{Command, Reply, Status};

#[test]
fn a_year_of_renewals_hands_out_no_expired_token_and_makes_no_storm() {
    let mut dice = Dice(2026);
    let world = World::new();
    world.issues_refresh_tokens.set(true);
    world.token_life.set(600);
    let story = Story::with(world.clone());
    story.starts(None);
    let (mut calls, mut days) = (0, 0.0);
    while days < 365.0 {
        // Mostly in use; now and then a night or a journey, whose time the steady clock may not count.
        let (pass, asleep) = match dice.roll(100) {
            0 => (8 * 3_600_000 + dice.roll(3_600_000) as i64, true),
            1..=10 => (dice.roll(3_600_000) as i64, false),
            _ => (dice.roll(240_000) as i64, false),
        };
        let steady = world.steady.get();
        world.pass(pass);
        if asleep {
            world.steady.set(steady);
            story.does(Command::Awake { visible: true });
        }
        days += pass as f64 / 86_400_000.0;
        assert!(matches!(story.fetches(API), Reply::Response(_)));
        calls += 1;
        // The world refuses a token that it issued more than ten minutes ago: see `World::fetch`.
        assert_eq!(world.expired_calls.get(), 0, "after {days} days");
    }
    let renewals = world.count("grant_type=refresh_token");
    println!("{calls} calls in {days:.0} days, {renewals} renewals");
    // One for each nine minutes at most, and none without need.
    assert!(renewals as f64 <= days * 1440.0 / 8.8 && renewals > 10_000, "{renewals}");
    assert_eq!(story.page.state().0, Status::SignedIn);
}

#[test]
fn many_clients_that_start_together_do_not_renew_together() {
    let mut dice = Dice(7);
    let world = World::new();
    let client = world.client();
    let mut at = BTreeMap::<i64, u32>::new();
    let clients = 100_000;
    for _ in 0..clients {
        world.seed(dice.roll(u64::MAX));
        let body = r#"{"access_token":"t","token_type":"Bearer","expires_in":3600}"#;
        let tokens = TokenResponse::from_response(&response(200, body)).unwrap();
        let mut vault = Vault::default();
        let jitter = i64::from(client.jitter(JITTER));
        vault.store(Target::default(), Scope::default(), tokens, None, world.moment(), jitter);
        *at.entry(vault.next_due_in(world.moment()).unwrap() / 1000).or_default() += 1;
    }
    let peak = at.values().max().copied().unwrap_or_default();
    let mean = f64::from(clients) / at.len() as f64;
    println!("{clients} clients renew within {} s: at most {peak} in one second, {mean:.0} on average", at.len());
    assert!(at.len() >= 10 && f64::from(peak) < mean * 1.5, "{at:?}");
}

#[test]
fn a_thousand_faults_end_no_session_and_look_like_no_theft() {
    let seed = 20_261_121;
    let mut dice = Dice(seed);
    let world = World::new();
    world.issues_refresh_tokens.set(true);
    world.is_strict.set(true);
    world.token_life.set(600);
    let story = Story::with(world.clone());
    story.starts(None);
    let mut failed = 0;
    for _ in 0..1000 {
        world.pass(600_000);
        let times = 1 + dice.roll(3);
        let kind = dice.roll(9);
        for _ in 0..times {
            world.fault(
                "/token",
                Box::new(move |_| match kind {
                    0 => Ok(response(503, "")),
                    1 => Ok(response(429, r#"{"error":"slow_down"}"#)),
                    2 => Ok(response(500, "<html>")),
                    3 => Ok(response(200, "<html>sign in to this hotspot</html>")),
                    4 => Ok(response(200, r#"{"access_token":"trunc"#)),
                    5 => Ok(response(502, "")),
                    _ => Err(NoAnswer),
                }),
            );
        }
        // Half of what is lost is lost on the way back.
        world.loses_answers.set(kind >= 7);
        failed += u32::from(matches!(story.fetches(API), Reply::Error(_)));
        world.loses_answers.set(false);
        world.faults.borrow_mut().clear();
        assert!(matches!(story.fetches(API), Reply::Response(_)), "the next use succeeds");
    }
    println!("seed {seed}: 1000 faults, {failed} calls failed, {} reuses of a refresh token", world.reuses.get());
    assert_eq!(story.page.state().0, Status::SignedIn);
    assert_eq!(world.reuses.get(), 0);
}
