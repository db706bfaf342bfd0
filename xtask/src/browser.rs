//! Chromium for the end-to-end tests.

use crate::progress::{Done, Step, fail};
use crate::{paths, process};
use anyhow::Result;
use std::path::PathBuf;
use std::process::Command;

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const MAC_APPS: [&str; 2] = [
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// `$CHROME_PATH`, else the first one in the usual places.
pub(crate) fn find() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("CHROME_PATH") {
        return Some(PathBuf::from(path)).filter(|path| path.is_file());
    }
    NAMES
        .iter()
        .find_map(|name| process::which(name))
        .or_else(|| MAC_APPS.iter().map(PathBuf::from).find(|path| path.is_file()))
}

/// Installs Chromium through apt where it is missing.
pub(crate) fn ensure(step: &mut Step) -> Result<Done> {
    if find().is_some() {
        return Ok(Done::AlreadyThere);
    }
    if let Some(path) = std::env::var_os("CHROME_PATH") {
        return fail(
            format!("CHROME_PATH names {}, which is no file", path.display()),
            "set CHROME_PATH to the browser's program, or unset it to have one looked for",
        );
    }
    let remedy = "install Chromium or Chrome, or set CHROME_PATH to the program of one";
    if process::which("apt-get").is_none() {
        return fail("neither Chromium nor Chrome was found", remedy);
    }
    let log = paths::log("chromium")?;
    step.run(&mut apt(&["update"]), &log, "updating apt's lists", remedy)?;
    step.run(&mut apt(&["install", "-y", "chromium"]), &log, "installing", remedy)?;
    match find() {
        Some(_) => Ok(Done::Now("installed")),
        None => fail("apt installed chromium, but no browser was found afterwards", remedy),
    }
}

/// apt-get, through sudo where we are not root; never asking for a password.
pub(crate) fn apt(arguments: &[&str]) -> Command {
    let mut command = if nix::unistd::geteuid().is_root() {
        Command::new("apt-get")
    } else {
        let mut sudo = Command::new("sudo");
        sudo.args(["-n", "apt-get"]);
        sudo
    };
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    command
}
