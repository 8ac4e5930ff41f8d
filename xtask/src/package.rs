//! The npm package: wasm, its glue, the page part, types and texts, into `pkg/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result};

use crate::{npm, setup, sh};

/// Where the package is put.
pub const PKG: &str = "pkg";
/// Where the wasm and its glue are made.
const STAGE: &str = "target/npm/stage";
/// The optimised wasm with the names of its functions, for `cargo xtask size`.
pub const NAMED: &str = "target/npm/stage/named.wasm";
/// What the published wasm leaves out: panic messages, source locations and `Debug` output, none of which is ever shown.
const RUSTFLAGS: &str = "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none";

/// What rustc uses of WebAssembly by default, and no more: every browser of the last years has it.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Small once compressed: inlining saves bytes here and makes them compress worse, by 3 % of the whole; so does giving
/// a name to what is computed twice, by 0.7 %.
const OPTIMISE: [&str; 8] = [
    "-Oz",
    "--converge",
    "--one-caller-inline-max-function-size",
    "0",
    "--always-inline-max-function-size",
    "0",
    "--skip-pass=local-cse",
    "--skip-pass=simplify-locals",
];

/// What compresses better: like functions side by side, locals numbered alike, and no name of an import with a hash in
/// it, here and again in the glue.
const PACK: [&str; 6] = [
    "--reorder-functions-by-name",
    "--coalesce-locals",
    "--reorder-locals",
    "--minify-imports-and-exports-and-modules",
    "--strip-producers",
    "--strip-target-features",
];

/// How a package is built.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    /// As it is published.
    Published,
    /// Quicker to make, and larger.
    Dev,
}

/// Builds the package.
pub fn build(kind: Kind) -> Result<()> {
    setup::wasm_target()?;
    npm::install()?;
    let wasm = sh::step("compiling the vault to wasm", || compile(kind))?;
    sh::step("generating the glue", || {
        let mut bindgen = wasm_bindgen_cli_support::Bindgen::new();
        bindgen.input_path(&wasm).out_name("strongroom").typescript(false).web(true)?;
        fs::create_dir_all(STAGE)?;
        bindgen.generate(STAGE)
    })?;
    // Everything in it is published: nothing of an earlier build may stay.
    let _ = fs::remove_dir_all(PKG);
    fs::create_dir_all(PKG)?;
    let (bound, packed) = (format!("{STAGE}/strongroom_bg.wasm"), format!("{PKG}/strongroom_bg.wasm"));
    if kind == Kind::Dev {
        fs::copy(&bound, &packed)?;
    } else {
        sh::step("optimising the wasm", || {
            let wasm_opt = || npm::tool("binaryen/bin/wasm-opt");
            sh::run(wasm_opt().args(OPTIMISE).args(FEATURES).args(["-g", &bound, "-o", NAMED]))?;
            let names = sh::output(wasm_opt().args(PACK).args(FEATURES).args([NAMED, "-o", &packed]))?;
            Ok(fs::write(format!("{STAGE}/names.json"), names)?)
        })?;
    }
    sh::step("bundling the page part", || {
        sh::run(&mut npm::tool("typescript/bin/tsc"))?;
        let glue = fs::canonicalize(STAGE)?.join("strongroom.js");
        let mut bundle = sh::node("xtask/src/bundle.mjs");
        bundle.arg(glue).arg(version()?);
        if kind == Kind::Dev {
            bundle.arg("--dev");
        }
        sh::run(&mut bundle)?;
        texts()
    })
}

/// Writes the documentation of the package's types; an export without any, or a broken link, is an error.
pub fn docs() -> Result<()> {
    npm::install()?;
    sh::step("documentation", || sh::run(npm::tool("typedoc/bin/typedoc").args(["--logLevel", "Warn"])))
}

/// Builds the package unless it is newer than everything it is made from.
pub fn build_if_stale() -> Result<()> {
    let made = modified(Path::new("pkg/package.json"));
    let sources =
        ["src", "pkg-template", "xtask/src", "Cargo.toml", "Cargo.lock", "package-lock.json", "tsconfig.json"];
    let newest = sources.iter().filter_map(|source| newest(Path::new(source))).max();
    if made.is_some() && made >= newest { npm::install() } else { build(Kind::Published) }
}

fn compile(kind: Kind) -> Result<PathBuf> {
    let target = match kind {
        Kind::Published => "target/npm",
        Kind::Dev => "target",
    };
    let compile = |from_source: bool| {
        let mut cargo = sh::cargo();
        cargo.args(["build", "--package", "strongroom", "--lib", "--release", "--features", "npm", "--quiet"]);
        cargo.args(["--target", setup::WASM, "--target-dir", target]);
        if from_source {
            cargo.args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"]);
            cargo.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", RUSTFLAGS);
        }
        sh::run(&mut cargo)
    };
    if kind == Kind::Dev {
        compile(false)?;
    } else if !setup::rust_src()? {
        eprintln!("── rust-src cannot be had: the shipped standard library makes the wasm larger");
        compile(false)?;
    } else if let Err(error) = compile(true) {
        eprintln!("── the standard library cannot be built from source here ({error:#}): using the shipped one");
        compile(false)?;
    }
    Ok(Path::new(target).join(setup::WASM).join("release/strongroom.wasm"))
}

/// What the package has beside its code.
fn texts() -> Result<()> {
    fs::create_dir_all(format!("{PKG}/docs"))?;
    for file in ["README.md", "callback.html", "frontchannel.html", "vault.html", "docs/recipes.md"] {
        fs::copy(format!("pkg-template/{file}"), format!("{PKG}/{file}"))?;
    }
    for file in ["LICENSE-MIT", "LICENSE-APACHE", "CHANGELOG.md"] {
        fs::copy(file, format!("{PKG}/{file}"))?;
    }
    let version = version()?;
    let manifest = fs::read_to_string("pkg-template/package.json")?.replace("\"0.0.0\"", &format!("\"{version}\""));
    fs::write(format!("{PKG}/package.json"), manifest)?;
    Ok(())
}

fn version() -> Result<String> {
    version_in(&fs::read_to_string("Cargo.toml")?).context("Cargo.toml has no version")
}

/// The workspace's version in the text of its `Cargo.toml`.
fn version_in(manifest: &str) -> Option<String> {
    let line = manifest.lines().find(|line| line.starts_with("version = "))?;
    line.split('"').nth(1).map(str::to_owned)
}

fn newest(path: &Path) -> Option<SystemTime> {
    if !path.is_dir() {
        return modified(path);
    }
    let entries = fs::read_dir(path).ok()?;
    entries.filter_map(|entry| newest(&entry.ok()?.path())).max()
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_version_is_that_of_the_workspace() {
        assert_eq!(super::version_in("[workspace.package]\nversion = \"1.2.3\"\n").as_deref(), Some("1.2.3"));
        assert_eq!(super::version_in("version.workspace = true"), None);
    }
}
