//! Every developer command of Strongroom: `cargo xtask help`.

mod bench;
mod demo;
mod fuzz;
mod lint;
mod npm;
mod package;
mod setup;
mod sh;
mod size;
mod test;

use std::process::ExitCode;

use anyhow::{Result, bail};
use lexopt::prelude::*;

const HELP: &str = "\
cargo xtask demo [--port N] [--open]   the demo, with its API and its provider, on this machine
                 [--own-origin]        with the vault on an origin of its own
cargo xtask test [PART ...]            all tests, or some: native, wasm, page, e2e, package,
                                       engines (and attacks: each one everywhere, which writes
                                       ATTACKS.md)
cargo xtask build [--dev]              the npm package, into pkg/ (--dev: quicker and larger)
cargo xtask docs                       the documentation of the package's types, into target/docs/
cargo xtask lint                       formatting, clippy, types, documentation
cargo xtask fmt                        what of that can be mended, mended
cargo xtask size [--check]             how large the package is (--check: fails over budget)
cargo xtask fuzz TARGET [--seconds N]   feeds a parser of outside input with what breaks parsers (60 seconds; or all)
cargo xtask bench [--samples N]        Strongroom beside its peers, in one browser (20 samples)
                  [--latency MS]       once more with servers that answer so much later (40; 0: not)
                  [--only NAME,NAME]   some of them, as tests/bench/peers.mjs names them
                  [--write]            into BENCHMARKS.md too
cargo xtask bindings                   the TypeScript types of the wire, from src/wire.rs
cargo xtask help                       this text

Each command installs what it lacks, where the machine lets it, and says so.";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut args = lexopt::Parser::from_env();
    let command = match args.next()? {
        None => "help".to_owned(),
        Some(Long("help") | Short('h')) => "help".to_owned(),
        Some(Value(command)) => command.string()?,
        Some(other) => return Err(other.unexpected().into()),
    };
    std::env::set_current_dir(sh::root())?;
    let (mut port, mut open, mut own_origin) = (0, false, false);
    let (mut samples, mut latency, mut only, mut write) = (20, 40, None, false);
    let (mut dev, mut check, mut seconds, mut rest) = (false, false, 60, Vec::new());
    while let Some(arg) = args.next()? {
        match (command.as_str(), arg) {
            ("demo", Long("port")) => port = args.value()?.parse()?,
            ("demo", Long("open")) => open = true,
            ("demo", Long("own-origin")) => own_origin = true,
            ("build", Long("dev")) => dev = true,
            ("size", Long("check")) => check = true,
            ("bench", Long("samples")) => samples = args.value()?.parse()?,
            ("bench", Long("latency")) => latency = args.value()?.parse()?,
            ("bench", Long("only")) => only = Some(args.value()?.string()?),
            ("bench", Long("write")) => write = true,
            ("fuzz", Long("seconds")) => seconds = args.value()?.parse()?,
            ("test" | "fuzz", Value(part)) => rest.push(part.string()?),
            ("wasm-test-runner", _) => break,
            (_, arg) => return Err(arg.unexpected()).map_err(|error| anyhow::anyhow!("{error}; see cargo xtask help")),
        }
    }
    match command.as_str() {
        "bench" => bench::run(samples, latency, only.as_deref(), write),
        "demo" => demo::run(port, open, own_origin),
        "fuzz" => fuzz::run(&rest, seconds),
        "test" => test::run(&rest),
        "build" => package::build(if dev { package::Kind::Dev } else { package::Kind::Published }),
        "docs" => package::docs(),
        "lint" => lint::check(),
        "fmt" => lint::fix(),
        "size" => size::run(check),
        "bindings" => lint::bindings(),
        "wasm-test-runner" => test::wasm_test_runner(),
        "help" => {
            println!("{HELP}");
            Ok(())
        }
        other => bail!("there is no command {other}\n\n{HELP}"),
    }
}
