//! Strongroom beside its peers.

use anyhow::Result;

use crate::{npm, package, setup, sh};

/// Where the benchmark and its own npm dependencies are: the peers.
const BENCH: &str = "tests/bench";

/// Measures, and prints the tables; with `write`, into BENCHMARKS.md too. Pages begin once more with servers that answer `latency` milliseconds late.
pub fn run(samples: u32, latency: u32, only: Option<&str>, write: bool) -> Result<()> {
    let browser = setup::browser()?;
    package::build_if_stale()?;
    npm::install_in(BENCH)?;
    let mut bench = sh::node(&format!("{BENCH}/run.mjs"));
    bench.args(["--samples", &samples.to_string(), "--latency", &latency.to_string()]);
    bench.env("STRONGROOM_CHROMIUM", &browser.chromium);
    if let Some(names) = only {
        bench.args(["--only", names]);
    }
    if write {
        bench.arg("--write");
    }
    sh::run(&mut bench)
}
