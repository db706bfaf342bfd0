//! Tools from npm (`package.json`), installed by `npm ci` when the lockfile changed.

use crate::progress::{Done, Step, fail};
use crate::{paths, process, versions};
use anyhow::{Context, Result};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// A program of an installed npm package.
pub(crate) fn bin(name: &str) -> PathBuf {
    bin_folder().join(name)
}

/// `node_modules/.bin`
pub(crate) fn bin_folder() -> PathBuf {
    paths::root().join("node_modules").join(".bin")
}

/// Runs a script under the Node that the lockfile pins, whatever the system's is.
pub(crate) fn node() -> Command {
    let mut command = Command::new(bin("node"));
    command.current_dir(paths::root());
    command
}

/// Installs the packages where they are missing or of another lockfile.
pub(crate) fn ensure(step: &mut Step) -> Result<Done> {
    let lock = fs::read_to_string(paths::root().join("package-lock.json"))
        .context("cannot read package-lock.json")?;
    // `npm ci` empties node_modules first, so a mark in it says what the folder was made from.
    let mark = paths::root().join("node_modules").join(".omniguard-lock");
    if fs::read_to_string(&mark).is_ok_and(|made_from| made_from == lock) && node_is_right() {
        return Ok(Done::AlreadyThere);
    }
    if process::which("npm").is_none() {
        return fail(
            "npm is not on PATH",
            "install Node.js with npm (https://nodejs.org, or your system's package manager); any \
             version that brings npm 9 or newer will do, the right Node is installed by npm",
        );
    }
    let mut command = Command::new("npm");
    command.args(["ci", "--no-audit", "--no-fund"]).current_dir(paths::root());
    let remedy = "run `npm ci` by hand and look at its message";
    step.run(&mut command, &paths::log("npm")?, "installing", remedy)?;
    if !node_is_right() {
        return fail(
            format!("node_modules/.bin/node is not Node {}", versions::NODE_MAJOR),
            "npm did not run the install script of the package `node`: run `npm ci \
             --foreground-scripts` by hand and look at its message",
        );
    }
    fs::write(&mark, lock).with_context(|| format!("cannot write {}", mark.display()))?;
    Ok(Done::Now("installed"))
}

fn node_is_right() -> bool {
    process::output(node().arg("--version"))
        .is_some_and(|version| version.starts_with(&format!("v{}.", versions::NODE_MAJOR)))
}
