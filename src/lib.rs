//! Strongroom: browser authentication whose tokens the page cannot read.
//!
//! ```text
//!  page ── Command ──▶ client ── requests of `protocol` ──▶ provider
//!       ◀── Ask ──────        ◀─ responses, checked ───────
//!       ── Answer ───▶        ── tokens ──▶ vault ── Authorization ──▶ API
//!       ◀── Reply, State ──
//! ```
//!
//! Invariants, each with a test:
//! - `protocol` is pure: no web-sys, no clock, no randomness, no await.
//! - An unchecked response and a checked one have different types.
//! - No message of `wire` holds a token; secrets have a redacted `Debug` and are zeroed when dropped.
//! - A token goes only to a URL that matches an entry of `apis`, as the platform parses it.
//! - A network failure never ends a session.

// Only the npm package's face uses everything.
#![cfg_attr(any(test, not(all(target_arch = "wasm32", feature = "npm"))), allow(dead_code))]

#[cfg(target_arch = "wasm32")]
mod browser;
mod client;
mod error;
#[cfg(all(any(test, fuzzing), not(target_arch = "wasm32")))]
pub mod fuzz;
#[cfg(all(target_arch = "wasm32", feature = "npm"))]
mod js;
mod json;
mod message;
mod options;
mod platform;
mod protocol;
mod secret;
mod table;
mod vault;
mod wire;
