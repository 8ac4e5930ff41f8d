//! The tests: native, in wasm in a browser, of the page part, end to end, and of the package as it is published.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{npm, package, setup, sh};

/// A part of the tests: its name, and what runs it.
type Part = (&'static str, fn() -> Result<Counts>);

/// The parts, in the order in which they run.
const PARTS: [Part; 6] = [
    ("native", native),
    ("wasm", wasm),
    ("page", page),
    ("e2e", end_to_end),
    ("package", packed),
    ("engines", engines),
];
/// What runs only when it is named: all attacks in all placements at both times, of which `e2e` has more than half.
const ATTACKS: Part = ("attacks", attacks);

/// How many tests ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Counts {
    passed: u32,
    failed: u32,
    skipped: u32,
}

/// Runs the named parts, or all; one that fails does not keep the next from running.
pub fn run(names: &[String]) -> Result<()> {
    let all = || PARTS.iter().chain([&ATTACKS]);
    if let Some(unknown) = names.iter().find(|name| !all().any(|part| part.0 == **name)) {
        bail!("there is no part {unknown}: the parts are native, wasm, page, e2e, package, engines and attacks");
    }
    let mut total = Counts::default();
    let mut broken = Vec::new();
    let wanted = |part: &&Part| match names.is_empty() {
        true => part.0 != ATTACKS.0,
        false => names.iter().any(|name| name == part.0),
    };
    for (name, part) in all().filter(wanted) {
        match sh::step(&format!("tests: {name}"), part) {
            Ok(counts) => {
                if counts.passed + counts.failed + counts.skipped == 0 {
                    broken.push(format!("{name} ran no test"));
                }
                total.passed += counts.passed;
                total.failed += counts.failed;
                total.skipped += counts.skipped;
            }
            Err(error) => broken.push(format!("{name}: {error:#}")),
        }
    }
    for problem in &broken {
        eprintln!("xtask: {problem}");
    }
    let skipped = if total.skipped > 0 { format!(", {} skipped", total.skipped) } else { String::new() };
    println!("\n{} passed, {} failed{skipped}", total.passed, total.failed + u32::try_from(broken.len())?);
    if total.failed > 0 || !broken.is_empty() {
        bail!("not all tests pass");
    }
    Ok(())
}

fn native() -> Result<Counts> {
    let text = shown(sh::cargo().args(["test", "--workspace", "--no-fail-fast"]))?;
    Ok(libtest(&text))
}

fn wasm() -> Result<Counts> {
    setup::wasm_target()?;
    let browser = setup::browser()?;
    let capabilities = fs::canonicalize("webdriver.json")?;
    let mut cargo = sh::cargo();
    cargo.args(["test", "--package", "strongroom", "--target", setup::WASM, "--features", "npm", "--lib"]);
    let runner = format!("{} wasm-test-runner", std::env::current_exe()?.display());
    cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner);
    cargo.env("CHROMEDRIVER", &browser.driver).env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", capabilities);
    Ok(libtest(&shown(&mut cargo)?))
}

/// What cargo starts for each test binary: wasm-bindgen's own runner, of the version in the lock file.
pub fn wasm_test_runner() -> Result<()> {
    let args = std::env::args_os().take(1).chain(std::env::args_os().skip(2));
    wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(args)
}

fn page() -> Result<Counts> {
    npm::install()?;
    let mut tests: Vec<_> = fs::read_dir("tests/page")?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    tests.retain(|path| path.to_string_lossy().ends_with(".test.mjs"));
    tests.sort();
    let text = shown(Command::new("node").args(["--test", "--test-reporter=tap"]).args(tests))?;
    Ok(tap(&text))
}

fn end_to_end() -> Result<Counts> {
    playwright("target/e2e-report.json", &[], &[])
}

/// Every attack of `tests/attacks`, everywhere; writes ATTACKS.md.
fn attacks() -> Result<Counts> {
    playwright("target/attacks-report.json", &["attacks.spec"], &[("STRONGROOM_ATTACKS", "all")])
}

/// The package as it is published, in apps of other people's tools.
fn packed() -> Result<Counts> {
    playwright("target/package-report.json", &["--config", "tests/package"], &[])
}

/// Of the end-to-end tests those that are tagged so, in Firefox and WebKit.
fn engines() -> Result<Counts> {
    npm::install()?;
    let engines = setup::engines();
    let env: Vec<_> = engines.iter().filter_map(|(name, path)| Some((*name, path.to_str()?))).collect();
    playwright("target/engines-report.json", &["--config", "tests/engines"], &env)
}

/// Runs Playwright, which leaves its report at `report`.
fn playwright(report: &str, args: &[&str], env: &[(&str, &str)]) -> Result<Counts> {
    let browser = setup::browser()?;
    package::build_if_stale()?;
    let _ = fs::remove_file(report);
    let mut playwright = npm::tool("@playwright/test/cli.js");
    playwright.arg("test").args(args).envs(env.iter().copied());
    playwright
        .env("STRONGROOM_CHROMIUM", &browser.chromium)
        .env("PLAYWRIGHT_JSON_OUTPUT_FILE", fs::canonicalize(".")?.join(report));
    let ended = sh::run(&mut playwright);
    if !Path::new(report).exists() {
        ended?;
        bail!("Playwright left no report");
    }
    playwright_counts(&fs::read_to_string(report)?)
}

/// Runs `command`, shows what it prints, and gives it back. Failing tests are in the counts, not an error.
fn shown(command: &mut Command) -> Result<String> {
    use std::io::{BufRead, BufReader};
    let mut child = command.stdout(Stdio::piped()).spawn().context("the tests cannot be started")?;
    let mut text = String::new();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            println!("{line}");
            text.push_str(&line);
            text.push('\n');
        }
    }
    let status = child.wait()?;
    if !status.success() && !text.contains("test result: FAILED") && !text.contains("\nnot ok ") {
        bail!("the tests could not be run to their end ({status})");
    }
    Ok(text)
}

/// The counts in the output of `cargo test`: one summary line for each test binary.
fn libtest(text: &str) -> Counts {
    let mut counts = Counts::default();
    for line in text.lines().filter(|line| line.starts_with("test result: ")) {
        counts.passed += before(line, " passed");
        counts.failed += before(line, " failed");
        counts.skipped += before(line, " ignored");
    }
    counts
}

/// The counts in the output of Node's test runner.
fn tap(text: &str) -> Counts {
    let count = |name: &str| {
        let line = text.lines().rev().find_map(|line| line.strip_prefix("# ")?.strip_prefix(name));
        line.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
    };
    Counts { passed: count("pass "), failed: count("fail "), skipped: count("skipped ") }
}

/// The counts in Playwright's JSON report, in its `stats`.
fn playwright_counts(report: &str) -> Result<Counts> {
    let stats =
        report.rfind("\"stats\"").and_then(|at| report.get(at..)).context("Playwright's report has no stats")?;
    let count = |name: &str| {
        let after = stats.split(&format!("\"{name}\":")).nth(1)?;
        after.trim_start().split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    };
    let number = |name| count(name).with_context(|| format!("Playwright's report does not count {name}"));
    Ok(Counts {
        passed: number("expected")?,
        failed: number("unexpected")? + number("flaky")?,
        skipped: number("skipped")?,
    })
}

/// The number before `word`.
fn before(line: &str, word: &str) -> u32 {
    let text = line.split(word).next().unwrap_or("");
    let digits = text.rsplit(|c: char| !c.is_ascii_digit()).next().unwrap_or("");
    if line.contains(word) { digits.parse().unwrap_or(0) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_cargo_test_are_summed() {
        let text = "test result: ok. 96 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\nx\n\
                    test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured";
        assert_eq!(libtest(text), Counts { passed: 98, failed: 3, skipped: 1 });
        assert_eq!(libtest("no tests"), Counts::default());
    }

    #[test]
    fn counts_of_node_are_read() {
        assert_eq!(tap("ok 1\n# pass 12\n# fail 1\n# skipped 2\n"), Counts { passed: 12, failed: 1, skipped: 2 });
    }

    #[test]
    fn counts_of_playwright_are_read() {
        let report = r#"{"suites":[],"stats":{"duration":1.5,"expected": 7,"skipped": 1,"unexpected": 2,"flaky": 0}}"#;
        assert_eq!(playwright_counts(report).ok(), Some(Counts { passed: 7, failed: 2, skipped: 1 }));
        assert!(playwright_counts("{}").is_err());
    }
}
