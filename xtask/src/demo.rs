//! The demo.

use anyhow::Result;

use crate::{package, sh};

/// Builds the package and runs the demo until it is interrupted. Ctrl-C reaches the servers too, being of one group.
pub fn run(port: u16, open: bool, own_origin: bool) -> Result<()> {
    package::build_if_stale()?;
    let mut servers = sh::node("www/servers/demo.mjs");
    servers.args(["--port", &port.to_string()]);
    if open {
        servers.arg("--open");
    }
    if own_origin {
        servers.arg("--own-origin");
    }
    sh::run(&mut servers)
}
