//! The Rust toolchain's parts and the workspace's crates.

use crate::progress::{Done, Step, fail};
use crate::{paths, process};
use anyhow::Result;
use std::path::Path;
use std::process::Command;

/// The page and the Worker.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";
/// Core must build where there is no operating system at all.
pub(crate) const BARE_METAL: &str = "riscv32imac-unknown-none-elf";

/// A cargo command in the workspace.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(paths::root());
    command
}

/// Adds a compilation target through rustup where the toolchain lacks it.
pub(crate) fn ensure_target(step: &mut Step, target: &str) -> Result<Done> {
    let folder = process::output(
        Command::new("rustc")
            .args(["--print", "target-libdir", "--target", target])
            .current_dir(paths::root()),
    );
    if folder.is_some_and(|folder| Path::new(folder.trim()).is_dir()) {
        return Ok(Done::AlreadyThere);
    }
    rustup(step, &["target", "add", target], target)
}

/// Adds rustfmt and clippy where the toolchain lacks them.
pub(crate) fn ensure_components(step: &mut Step) -> Result<Done> {
    let mut done = Done::AlreadyThere;
    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if process::output(cargo().args([subcommand, "--version"])).is_none() {
            done = rustup(step, &["component", "add", component], component)?;
        }
    }
    Ok(done)
}

fn rustup(step: &mut Step, arguments: &[&str], what: &str) -> Result<Done> {
    if process::which("rustup").is_none() {
        return fail(
            format!("the Rust toolchain lacks {what}, and rustup is not on PATH to add it"),
            "install rustup (https://rustup.rs), or add it with your system's package manager",
        );
    }
    let mut command = Command::new("rustup");
    command.args(arguments).current_dir(paths::root());
    let remedy = format!("run `rustup {}` by hand and look at its message", arguments.join(" "));
    step.run(&mut command, &paths::log("rustup")?, "adding", &remedy)?;
    Ok(Done::Now("added"))
}

/// Downloads the crates of the lockfile, since the page is built offline.
pub(crate) fn ensure_crates(step: &mut Step) -> Result<Done> {
    if process::output(cargo().args(["fetch", "--locked", "--offline"])).is_some() {
        return Ok(Done::AlreadyThere);
    }
    let mut fetch = cargo();
    fetch.args(["fetch", "--locked"]);
    let remedy = "if Cargo.lock is out of date, run `cargo update --workspace` and commit it";
    step.run(&mut fetch, &paths::log("crates")?, "downloading", remedy)?;
    Ok(Done::Now("downloaded"))
}
