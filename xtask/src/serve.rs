//! `cargo xtask serve`: set-up, builds, and the Worker on one port until Ctrl-C.

use crate::{edge, page, paths, process, setup};
use anyhow::{Result, bail};
use std::net::{IpAddr, SocketAddr};

/// What `serve` was asked for.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) port: u16,
    pub(crate) ip: IpAddr,
    pub(crate) verbose: bool,
}

/// Builds the page and the Worker.
pub(crate) fn build_all() -> Result<()> {
    let mut steps = setup::ensure(setup::FOR_SERVE, 2)?;
    steps.step("page", page::build)?;
    steps.step("Worker", edge::build)
}

/// Runs until the Worker ends or a signal comes.
pub(crate) fn serve(options: &Options) -> Result<()> {
    let address = SocketAddr::new(options.ip, options.port);
    // Before minutes of set-up, not after them.
    edge::check_port(address)?;
    build_all()?;
    let (state, log) = (paths::local().join("state"), paths::log("wrangler")?);
    let run =
        edge::Run { address, state: &state, log: &log, env_file: None, verbose: options.verbose };
    println!("starting the Worker …");
    let mut worker = edge::start(&run)?;
    println!("\n  OmniGuard is served at {}\n", worker.url);
    println!("  log: {}   stop: Ctrl-C", paths::shown(&log));
    let status = worker.process.wait()?;
    process::exit_if_stopping();
    bail!("the Worker's runtime ended ({}): see {}", process::ending(status), paths::shown(&log))
}
