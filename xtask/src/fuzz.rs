//! Fuzzing: the parsers of outside input under libFuzzer, with the stable compiler.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::sh;

const CRATE: &str = "tests/fuzz/Cargo.toml";
const CORPUS: &str = "tests/fuzz/corpus";
/// Where inputs that were interesting are kept between runs, and those that broke something.
const WORK: &str = "target/fuzz";
/// What libFuzzer needs to see where an input gets to.
const COVERAGE: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1";

/// Feeds each of `targets` (all, if `all` is named) for `seconds` seconds.
pub fn run(targets: &[String], seconds: u32) -> Result<()> {
    let mut known: Vec<String> =
        fs::read_dir(CORPUS)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    known.sort();
    let wanted = if targets == ["all"] { known.as_slice() } else { targets };
    if wanted.is_empty() || wanted.iter().any(|target| !known.contains(target)) {
        bail!("name a target, or all: the targets are {}", known.join(", "));
    }
    let host = host()?;
    let binary = Path::new(WORK).join(&host).join("release/strongroom-fuzz");
    sh::step("compiling the fuzz targets", || {
        // With a target named, the flags are not those of build scripts and macros.
        let mut cargo = sh::cargo();
        cargo.args([
            "build",
            "--quiet",
            "--release",
            "--manifest-path",
            CRATE,
            "--target-dir",
            WORK,
            "--target",
            &host,
        ]);
        sh::run(cargo.env("RUSTFLAGS", COVERAGE))
            .map_err(|error| error.context("libFuzzer is C++: a C++ compiler is needed (Debian: apt-get install g++)"))
    })?;
    for target in wanted {
        let found = format!("{WORK}/corpus/{target}");
        fs::create_dir_all(&found)?;
        let mut fuzzer = Command::new(&binary);
        fuzzer.arg(&found).arg(format!("{CORPUS}/{target}")).env("STRONGROOM_FUZZ", target);
        fuzzer.arg(format!("-max_total_time={seconds}")).arg(format!("-artifact_prefix={WORK}/{target}-"));
        fuzzer.args(["-print_final_stats=1", "-verbosity=0"]);
        sh::step(&format!("fuzzing {target} for {seconds} s"), || {
            sh::run(&mut fuzzer).map_err(|error| {
                error.context(format!("keep the input that {WORK}/{target}-* holds, as a file of {CORPUS}/{target}"))
            })
        })?;
    }
    Ok(())
}

fn host() -> Result<String> {
    let version = sh::output(Command::new("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| anyhow::anyhow!("rustc -vV names no host"))
}
