//! Builds the Worker with worker-build and runs it with wrangler.

use crate::progress::{self, Done, Step, fail};
use crate::tools::Tool;
use crate::{http, npm, page, paths, process};
use anyhow::{Context, Result};
use std::fs;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const START_LIMIT: Duration = Duration::from_mins(2);

/// Where worker-build puts the Worker; wrangler.toml's `main` lies in it.
pub(crate) fn output() -> PathBuf {
    paths::root().join("build")
}

/// `worker-build --release`, with every tool named so that it downloads none.
pub(crate) fn build(step: &mut Step) -> Result<Done> {
    let mut command = Command::new(Tool::worker_build().path()?);
    command
        // The output folder is relative to the crate.
        .args(["--release", "--out-dir", "../../build", "crates/edge", "--locked"])
        .current_dir(paths::root())
        .env("PATH", page::tool_path()?)
        .env("WASM_BINDGEN_BIN", Tool::wasm_bindgen()?.path()?)
        .env("WASM_OPT_BIN", npm::bin("wasm-opt"))
        .env("ESBUILD_BIN", npm::bin("esbuild"));
    let remedy = "put right what the compiler says";
    step.run(&mut command, &paths::log("worker")?, "building", remedy)?;
    Ok(Done::Now("built"))
}

/// A wrangler command under the pinned Node, offline and silent about itself.
pub(crate) fn wrangler(subcommand: &str) -> Result<Command> {
    let mut command = npm::node();
    command
        .arg(paths::root().join("node_modules/wrangler/bin/wrangler.js"))
        .arg(subcommand)
        .env("PATH", page::tool_path()?)
        .env("WRANGLER_SEND_METRICS", "false")
        .env("WRANGLER_HIDE_BANNER", "true")
        // Without questions: it never waits for an answer.
        .env("CI", "true");
    Ok(command)
}

/// A Worker that answers on `url`; stopped when dropped.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) url: String,
    pub(crate) process: process::Running,
}

/// How to run the Worker.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    pub(crate) address: SocketAddr,
    /// Where the Durable Objects keep their state.
    pub(crate) state: &'a Path,
    pub(crate) log: &'a Path,
    /// Secrets, where they are not those of `.dev.vars`.
    pub(crate) env_file: Option<&'a Path>,
    /// Output on the terminal instead of in the log.
    pub(crate) verbose: bool,
}

/// Fails with the flag's name where the port is not free.
pub(crate) fn check_port(address: SocketAddr) -> Result<()> {
    let Err(error) = TcpListener::bind(address) else { return Ok(()) };
    match error.kind() {
        std::io::ErrorKind::AddrInUse => fail(
            format!("port {} is in use by another program", address.port()),
            &format!(
                "stop that program, or choose another port: `cargo xtask serve --port {}`",
                address.port().checked_add(1).unwrap_or(8787)
            ),
        ),
        std::io::ErrorKind::PermissionDenied => fail(
            format!("port {} may not be used without privileges", address.port()),
            "choose a port from 1024 up: `cargo xtask serve --port 8787`",
        ),
        _ => fail(
            format!("cannot listen on {address} ({error})"),
            "choose another address or port: `cargo xtask serve --ip 127.0.0.1 --port 8787`",
        ),
    }
}

/// A port that is free now.
pub(crate) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((IpAddr::from([127, 0, 0, 1]), 0))?;
    Ok(listener.local_addr()?.port())
}

/// The command that serves the built Worker until it is ended.
pub(crate) fn dev(address: SocketAddr, state: &Path) -> Result<Command> {
    let mut command = wrangler("dev")?;
    command
        .args(["--local", "--show-interactive-dev-session=false"])
        .args(["--ip", &address.ip().to_string()])
        .args(["--port", &address.port().to_string(), "--inspector-port", "0"])
        .arg("--persist-to")
        .arg(state);
    Ok(command)
}

/// Starts the built Worker and waits until `/healthz` answers.
pub(crate) fn start(run: &Run<'_>) -> Result<Worker> {
    check_port(run.address)?;
    fs::create_dir_all(run.state)?;
    fs::write(run.log, "")?;
    let mut command = dev(run.address, run.state)?;
    if let Some(file) = run.env_file {
        command.arg("--env-file").arg(file);
    }
    if !run.verbose {
        process::send_output_to(&mut command, run.log)?;
    }
    let mut process = process::Running::start(&mut command)?;
    // A wildcard address is reached through loopback.
    let asked = match run.address.ip() {
        ip if ip.is_unspecified() => SocketAddr::from(([127, 0, 0, 1], run.address.port())),
        _ => run.address,
    };
    let url = format!("http://{asked}");
    let started = Instant::now();
    loop {
        if http::status(asked, "/healthz") == Some(200) {
            return Ok(Worker { url, process });
        }
        if let Some(status) = process.try_wait()? {
            process::exit_if_stopping();
            let problem = format!("wrangler ended at once ({})", process::ending(status));
            return fail(problem + &log_end(run), "put right what it says");
        }
        if started.elapsed() > START_LIMIT {
            let seconds = START_LIMIT.as_secs();
            let problem = format!("{url}/healthz did not answer 200 within {seconds} s");
            return fail(problem + &log_end(run), "put right what the Worker says");
        }
        std::thread::sleep(Duration::from_millis(150));
    }
}

fn log_end(run: &Run<'_>) -> String {
    let text = fs::read_to_string(run.log).unwrap_or_default();
    let lines = progress::telling_lines(&text).join("\n  ");
    format!("\n  {lines}\n  (all of it: {})", paths::shown(run.log))
}

/// The Worker's size as `wrangler deploy` would send it, in bytes compressed: offline, and at the
/// same time a check that the configuration and the bundle hold together.
pub(crate) fn dry_run() -> Result<String> {
    let folder = paths::root().join("target").join("xtask").join("deploy");
    let log = paths::log("deploy")?;
    fs::write(&log, "")?;
    let mut command = wrangler("deploy")?;
    command.args(["--dry-run", "--outdir"]).arg(folder);
    let status = process::run_logged(&mut command, &log, || {})?;
    let text = fs::read_to_string(&log)?;
    if !status.success() {
        anyhow::bail!("`wrangler deploy --dry-run` failed:\n{text}");
    }
    text.lines()
        .find(|line| line.contains("Total Upload"))
        .map(|line| line.trim().to_owned())
        .context("`wrangler deploy --dry-run` printed no size")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_names_the_flag() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let error = check_port(listener.local_addr().unwrap()).unwrap_err().to_string();
        assert!(error.contains("is in use") && error.contains("--port"), "{error}");
        drop(listener);
        assert!(check_port(SocketAddr::from(([127, 0, 0, 1], free_port().unwrap()))).is_ok());
    }
}
