//! Running other programs, visibly.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// The folder of the workspace.
pub fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map(PathBuf::from).unwrap_or(here)
}

/// `cargo`, the one that runs us.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // What cargo tells the programs it runs must not reach the builds they start.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("CARGO_PKG") || name == "CARGO_MANIFEST_DIR" || name == "RUSTUP_TOOLCHAIN" {
            command.env_remove(name);
        }
    }
    command
}

/// `node` with a script.
pub fn node(script: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(script);
    command
}

/// Runs `command` to its end; an error if that is not a success.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{} cannot be started", name(command)))?;
    if !status.success() {
        bail!("{} has failed ({status})", name(command));
    }
    Ok(())
}

/// Runs `command` quietly and gives back what it printed; its errors are shown only if it fails.
pub fn output(command: &mut Command) -> Result<String> {
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("{} cannot be started", name(command)))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!("{} has failed ({})\n{text}{}", name(command), output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(text)
}

/// Whether `command` can be started and ends well.
pub fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Does `task`, telling what it is and how long it took.
pub fn step<T>(what: &str, task: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("── {what} …");
    let started = Instant::now();
    let result = task().with_context(|| what.to_owned())?;
    eprintln!("── {what}: {:.1} s", started.elapsed().as_secs_f32());
    Ok(result)
}

fn name(command: &Command) -> String {
    let args = command.get_args().take(4).map(|arg| arg.to_string_lossy().into_owned());
    std::iter::once(command.get_program().to_string_lossy().into_owned()).chain(args).collect::<Vec<_>>().join(" ")
}
