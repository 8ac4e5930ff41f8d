//! The npm dependencies of the workspace, and the tools among them.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::sh;

/// Where npm notes what it has installed.
const INSTALLED: &str = "node_modules/.package-lock.json";

/// Installs the locked dependencies, unless they are there.
pub fn install() -> Result<()> {
    install_in(".")
}

/// The same for a folder that has dependencies of its own.
pub fn install_in(folder: &str) -> Result<()> {
    let folder = Path::new(folder);
    let version = sh::output(Command::new("node").arg("--version"))
        .context("Node.js 20 or newer is needed: https://nodejs.org")?;
    let major = version.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    anyhow::ensure!(major >= Some(20), "Node.js 20 or newer is needed, and this is {}", version.trim());
    let installed = folder.join(INSTALLED);
    if modified(&installed) >= modified(&folder.join("package-lock.json")) && installed.exists() {
        return Ok(());
    }
    sh::step("installing the npm dependencies", || {
        let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
        let ci = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
        sh::run(Command::new(npm).args(ci).current_dir(folder))
    })
}

fn modified(path: &Path) -> Option<std::time::SystemTime> {
    std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

/// A tool of an installed package, by the path of its script under `node_modules`.
pub fn tool(script: &str) -> Command {
    sh::node(&format!("node_modules/{script}"))
}
