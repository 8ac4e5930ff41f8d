//! Installing what a machine lacks.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::sh;

/// The target that the package is built for.
pub const WASM: &str = "wasm32-unknown-unknown";

/// The wasm target of the toolchain in use.
pub fn wasm_target() -> Result<()> {
    let installed = sysroot()?.join("lib/rustlib").join(WASM).join("lib");
    if installed.is_dir() {
        return Ok(());
    }
    sh::step("installing the Rust target wasm32-unknown-unknown", || {
        sh::run(Command::new("rustup").args(["target", "add", WASM])).map_err(|error| {
            error.context(
                "install the target wasm32-unknown-unknown for your Rust toolchain (rustup, or your system's package)",
            )
        })
    })
}

/// rustfmt and clippy.
pub fn rust_linters() -> Result<()> {
    let missing = |tool: &str| !sh::succeeds(sh::cargo().args([tool, "--version"]));
    if !missing("fmt") && !missing("clippy") {
        return Ok(());
    }
    sh::step("installing rustfmt and clippy", || {
        sh::run(Command::new("rustup").args(["component", "add", "rustfmt", "clippy"]))
            .map_err(|error| error.context("install rustfmt and clippy for your Rust toolchain"))
    })
}

/// The source of the standard library. `false` where it cannot be had.
pub fn rust_src() -> Result<bool> {
    let source = sysroot()?.join("lib/rustlib/src/rust/library/std");
    if !source.is_dir() {
        eprintln!("── installing the Rust component rust-src …");
        sh::succeeds(Command::new("rustup").args(["component", "add", "rust-src"]));
    }
    Ok(source.is_dir())
}

fn sysroot() -> Result<PathBuf> {
    Ok(PathBuf::from(sh::output(Command::new("rustc").args(["--print", "sysroot"]))?.trim()))
}

/// A browser to test in, and what drives it.
pub struct Browser {
    /// Chromium or Chrome.
    pub chromium: PathBuf,
    /// Its driver, of the same version.
    pub driver: PathBuf,
}

/// Finds Chromium and its driver, or installs Debian's.
pub fn browser() -> Result<Browser> {
    if let Some(browser) = find_browser() {
        return Ok(browser);
    }
    if in_path(&["apt-get"]).is_some() {
        let installed = install("Chromium and its driver", &["chromium", "chromium-driver"]);
        if let (Ok(()), Some(browser)) = (installed, find_browser()) {
            return Ok(browser);
        }
    }
    bail!(
        "the browser tests need Chromium or Chrome and its chromedriver.\n\
         Debian: apt-get install chromium chromium-driver; Fedora: dnf install chromium chromedriver;\n\
         macOS: brew install --cask google-chrome chromedriver; Windows: Chrome, and its chromedriver on the PATH.\n\
         CHROME and CHROMEDRIVER may name them."
    )
}

fn find_browser() -> Option<Browser> {
    let named = |variable: &str| std::env::var_os(variable).map(PathBuf::from).filter(|path| path.exists());
    let mac = PathBuf::from("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome");
    let chromium = named("CHROME")
        .or_else(|| in_path(&["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]))
        .or_else(|| Some(mac).filter(|path| path.exists()))?;
    let driver = named("CHROMEDRIVER").or_else(|| in_path(&["chromedriver"]))?;
    Some(Browser { chromium, driver })
}

/// What drives other browser engines, each by the variable that tells the tests where it is.
pub type Engine = Vec<(&'static str, PathBuf)>;

/// Finds Firefox and WebKit with their drivers, or installs Debian's. One that cannot be had is missing, and that is said.
pub fn engines() -> Engine {
    let found = [("Firefox", firefox as fn() -> Option<Engine>, FIREFOX), ("WebKit", webkit, WEBKIT)];
    let mut engines = Vec::new();
    for (name, find, packages) in found {
        let there = find().or_else(|| {
            in_path(&["apt-get"])?;
            install(name, packages).ok()?;
            find()
        });
        match there {
            Some(engine) => engines.extend(engine),
            None => eprintln!("── {name} and its driver are not here: its tests are skipped"),
        }
    }
    engines
}

/// Debian's packages with Firefox; its driver comes from crates.io.
const FIREFOX: &[&str] = &["--no-install-recommends", "firefox-esr"];
/// Debian's packages with WebKitGTK, its driver and a display that nobody sees.
const WEBKIT: &[&str] = &["--no-install-recommends", "webkit2gtk-driver", "xvfb"];

fn firefox() -> Option<Engine> {
    let firefox = in_path(&["firefox-esr", "firefox"])?;
    Some(vec![("STRONGROOM_FIREFOX", firefox), ("STRONGROOM_GECKODRIVER", geckodriver()?)])
}

/// Firefox's driver: the machine's, or one compiled once.
fn geckodriver() -> Option<PathBuf> {
    let tools = std::env::current_dir().ok()?.join("target/tools");
    let own = tools.join("bin").join(format!("geckodriver{}", std::env::consts::EXE_SUFFIX));
    if let Some(driver) = in_path(&["geckodriver"]).or_else(|| own.exists().then(|| own.clone())) {
        return Some(driver);
    }
    let mut install = sh::cargo();
    install.args(["install", "geckodriver", "--locked", "--quiet", "--debug", "--root"]).arg(&tools);
    sh::step("compiling geckodriver", || sh::run(&mut install)).ok()?;
    own.exists().then_some(own)
}

fn webkit() -> Option<Engine> {
    let driver = ("STRONGROOM_WEBKITDRIVER", in_path(&["WebKitWebDriver"])?);
    Some(vec![driver, ("STRONGROOM_XVFB", in_path(&["Xvfb"])?)])
}

/// Installs `packages` of Debian's, which are `what`; options of apt-get may be among them.
fn install(what: &str, packages: &[&str]) -> Result<()> {
    sh::step(&format!("installing {what}"), || {
        sh::run(&mut apt_get(&["update"]))?;
        sh::run(apt_get(&["install", "-y"]).args(packages))
    })
}

fn apt_get(args: &[&str]) -> Command {
    let root = sh::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    let mut command = Command::new(if root { "apt-get" } else { "sudo" });
    if !root {
        command.args(["-n", "apt-get"]);
    }
    command.args(args).env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn in_path(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    let candidates = names.iter().flat_map(|name| [name.to_string(), format!("{name}.exe")]);
    candidates.flat_map(|name| folders.iter().map(move |folder| folder.join(&name))).find(|path| path.is_file())
}
