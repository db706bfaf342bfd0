//! A Python virtual environment (`.venv`) for the real clients that the contract tests run.

use crate::progress::{Done, Step, fail};
use crate::{paths, process};
use anyhow::{Context, Result};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

const REQUIREMENTS: &str = "tests/clients/requirements.txt";
/// What openenv-core asks for.
const MIN_MINOR: u32 = 10;

/// The environment's Python.
pub(crate) fn python() -> PathBuf {
    folder().join("bin").join("python")
}

fn folder() -> PathBuf {
    paths::root().join(".venv")
}

/// Makes the environment where it is missing or of other requirements.
pub(crate) fn ensure(step: &mut Step) -> Result<Done> {
    let requirements = fs::read_to_string(paths::root().join(REQUIREMENTS))
        .with_context(|| format!("cannot read {REQUIREMENTS}"))?;
    let mark = folder().join(".omniguard-requirements");
    if fs::read_to_string(&mark).is_ok_and(|made_from| made_from == requirements)
        && process::output(Command::new(python()).arg("--version")).is_some()
    {
        return Ok(Done::AlreadyThere);
    }
    let Some(system) = system_python() else {
        return fail(
            format!("no python3 of version 3.{MIN_MINOR} or newer is on PATH"),
            "install Python 3 with your system's package manager (Debian: `apt-get install python3 \
             python3-venv`)",
        );
    };
    let log = paths::log("python")?;
    let mut venv = Command::new(system);
    venv.args(["-m", "venv", "--clear"]).arg(folder());
    let remedy = "install the module venv (Debian: `apt-get install python3-venv`)";
    step.run(&mut venv, &log, "making the environment", remedy)?;
    let mut pip = Command::new(python());
    pip.args(["-m", "pip", "install", "--disable-pip-version-check", "-r", REQUIREMENTS])
        .current_dir(paths::root());
    step.run(&mut pip, &log, "installing", "look at pip's message above")?;
    fs::write(&mark, requirements).with_context(|| format!("cannot write {}", mark.display()))?;
    Ok(Done::Now("installed"))
}

fn system_python() -> Option<&'static str> {
    let check = format!("import sys; sys.exit(sys.version_info < (3, {MIN_MINOR}))");
    ["python3", "python"]
        .into_iter()
        .find(|python| process::output(Command::new(python).args(["-c", &check])).is_some())
}
