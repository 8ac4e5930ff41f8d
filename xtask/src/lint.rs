//! Formatting, lints, types.

use std::process::Command;

use anyhow::Result;

use crate::{npm, package, setup, sh};

/// What the web linter looks at.
const WEB: &[&str] = &[
    "pkg-template",
    "www",
    "tests",
    "xtask/src",
    "package.json",
    "tsconfig.json",
    "biome.json",
    "typedoc.json",
    "playwright.config.mjs",
];

/// Checks everything; the first failure ends it.
pub fn check() -> Result<()> {
    setup::rust_linters()?;
    setup::wasm_target()?;
    npm::install()?;
    sh::step("rustfmt", || sh::run(sh::cargo().args(["fmt", "--all", "--check"])))?;
    sh::step("clippy", || {
        sh::run(sh::cargo().args(["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]))
    })?;
    sh::step("clippy for wasm", || {
        let package = ["clippy", "--quiet", "--package", "strongroom", "--all-targets", "--features", "npm"];
        sh::run(sh::cargo().args(package).args(["--target", setup::WASM, "--", "-D", "warnings"]))
    })?;
    package::docs()?;
    sh::step("types", || sh::run(npm::tool("typescript/bin/tsc").arg("--noEmit")))?;
    sh::step("biome", || sh::run(biome().args(["ci", "--error-on-warnings"]).args(WEB)))
}

/// Mends formatting and what else is safe to mend.
pub fn fix() -> Result<()> {
    npm::install()?;
    sh::run(sh::cargo().args(["fmt", "--all"]))?;
    sh::run(biome().args(["check", "--write"]).args(WEB))
}

/// Writes `pkg-template/src/wire.ts` anew from `src/wire.rs`.
pub fn bindings() -> Result<()> {
    let test = ["test", "--quiet", "--package", "strongroom", "--lib", "wire_types"];
    sh::run(sh::cargo().args(test).env("STRONGROOM_UPDATE", "1"))
}

fn biome() -> Command {
    npm::tool("@biomejs/biome/bin/biome")
}
