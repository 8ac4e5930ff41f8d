//! The parser that the environment variable `STRONGROOM_FUZZ` names, under libFuzzer: `cargo xtask fuzz`.
#![no_main]

use std::sync::LazyLock;

static TARGET: LazyLock<String> = LazyLock::new(|| std::env::var("STRONGROOM_FUZZ").unwrap_or_default());

libfuzzer_sys::fuzz_target!(|data: &[u8]| strongroom::fuzz::run(&TARGET, data));
