//! The CI jobs: one each with `cargo xtask ci <job>`, all with `cargo xtask test`.

use crate::progress::{Step, Steps, duration};
use crate::setup::{FOR_TEST, Need};
use crate::tools::Tool;
use crate::{
    browser, budgets, edge, npm, page, paths, process, progress, python, rust, setup, static_server,
};
use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use std::ffi::OsStr;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

/// One CI job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Job {
    /// rustfmt agrees
    Fmt,
    /// clippy on the native crates, and on page and Worker for wasm; warnings are errors
    Clippy,
    /// Unit, property, golden and tidy tests
    Unit,
    /// Core builds with no operating system and no features
    BareMetal,
    /// Licences, bans and sources of all dependencies; advisories where they can be fetched
    Deny,
    /// The documentation builds without warnings
    Docs,
    /// The page builds and keeps its size budget
    Web,
    /// The Worker builds, can be deployed, and keeps its size budget
    Edge,
    /// Contract tests and real clients against the running Worker, fault tests against a killed one
    Contract,
    /// The page in Chromium, with the Worker and without any backend
    E2e,
}

impl Job {
    /// Quick ones first; the builds before what needs them.
    const ALL: [Self; 10] = [
        Self::Fmt,
        Self::Deny,
        Self::Clippy,
        Self::Unit,
        Self::BareMetal,
        Self::Docs,
        Self::Web,
        Self::Edge,
        Self::Contract,
        Self::E2e,
    ];

    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    fn needs(self) -> &'static [Need] {
        const FMT: &[Need] = &[Need::Components];
        const CLIPPY: &[Need] = &[Need::WasmTarget, Need::Components];
        const UNIT: &[Need] = &[];
        const BARE_METAL: &[Need] = &[Need::BareMetalTarget];
        const DENY: &[Need] = &[Need::CargoDeny];
        const DOCS: &[Need] = &[Need::WasmTarget];
        const E2E: &[Need] = &[
            Need::WasmTarget,
            Need::Crates,
            Need::Npm,
            Need::Chromium,
            Need::WasmBindgen,
            Need::WorkerBuild,
            Need::Trunk,
        ];
        const CONTRACT: &[Need] = &[
            Need::WasmTarget,
            Need::Crates,
            Need::Npm,
            Need::Python,
            Need::WasmBindgen,
            Need::WorkerBuild,
            Need::Trunk,
        ];
        match self {
            Self::Fmt => FMT,
            Self::Clippy => CLIPPY,
            Self::Unit => UNIT,
            Self::BareMetal => BARE_METAL,
            Self::Deny => DENY,
            Self::Docs => DOCS,
            Self::Web | Self::Edge => setup::FOR_SERVE,
            Self::Contract => CONTRACT,
            Self::E2e => E2E,
        }
    }

    fn run(self) -> Result<()> {
        match self {
            Self::Fmt => process::run(rust::cargo().args(["fmt", "--all", "--check"])),
            Self::Clippy => clippy(),
            Self::Unit => unit(),
            Self::BareMetal => bare_metal(),
            Self::Deny => deny(),
            Self::Docs => docs(),
            Self::Web => {
                build("page", page::build)?;
                budgets::check_page()
            }
            Self::Edge => {
                // The dry run packs the page's files too.
                build_missing_page()?;
                build("Worker", edge::build)?;
                println!("{}", edge::dry_run()?);
                budgets::check_worker()
            }
            Self::Contract => contract(),
            Self::E2e => e2e(),
        }
    }
}

/// Runs one job, after its set-up.
pub(crate) fn one(job: Job) -> Result<ExitCode> {
    setup::ensure(job.needs(), 0)?;
    Ok(report(&[job]))
}

/// Runs every job, after the set-up for all.
pub(crate) fn test() -> Result<ExitCode> {
    setup::ensure(FOR_TEST, 0)?;
    Ok(report(&Job::ALL))
}

/// Runs the jobs, each to its end whatever the others did; ends with `N passed, N failed`.
fn report(jobs: &[Job]) -> ExitCode {
    let mut failed = Vec::new();
    for (done, job) in jobs.iter().enumerate() {
        println!("\n── {} ({}/{}) ──", job.name(), done + 1, jobs.len());
        let started = Instant::now();
        let result = job.run();
        process::exit_if_stopping();
        let took = duration(started.elapsed());
        match result {
            Ok(()) => println!("── {} passed in {took}", job.name()),
            Err(error) => {
                println!("── {} FAILED after {took}: {error:#}", job.name());
                failed.push(job.name());
            }
        }
    }
    if !failed.is_empty() {
        println!("\nfailed: {}", failed.join(", "));
    }
    println!("\n{} passed, {} failed", jobs.len() - failed.len(), failed.len());
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One build step within a job.
fn build(label: &str, work: impl FnOnce(&mut Step) -> Result<progress::Done>) -> Result<()> {
    Steps::new(1).step(label, work)
}

fn build_missing_page() -> Result<()> {
    if page::dist().join("index.html").is_file() { Ok(()) } else { build("page", page::build) }
}

/// The crates that run as wasm only.
const WASM_CRATES: [&str; 4] = ["-p", "omniguard-web", "-p", "omniguard-edge"];
const NOT_WASM_CRATES: [&str; 5] =
    ["--workspace", "--exclude", "omniguard-web", "--exclude", "omniguard-edge"];

fn clippy() -> Result<()> {
    let deny_warnings = ["--", "-D", "warnings"];
    process::run(
        rust::cargo()
            .args(["clippy", "--locked", "--all-targets"])
            .args(NOT_WASM_CRATES)
            .args(deny_warnings),
    )?;
    process::run(
        rust::cargo()
            .args(["clippy", "--locked", "--target", rust::WASM])
            .args(WASM_CRATES)
            .args(deny_warnings),
    )
}

fn unit() -> Result<()> {
    process::run(rust::cargo().args(["test", "--locked"]))?;
    // Their pure parts have tests that need neither a browser nor a Worker.
    process::run(rust::cargo().args(["test", "--locked"]).args(WASM_CRATES))
}

fn bare_metal() -> Result<()> {
    process::run(rust::cargo().args([
        "build",
        "--locked",
        "-p",
        "omniguard-core",
        "--no-default-features",
        "--target",
        rust::BARE_METAL,
    ]))
}

fn docs() -> Result<()> {
    let doc = |scope: &[&str]| {
        let mut command = rust::cargo();
        command.args(["doc", "--locked", "--no-deps"]).args(scope);
        process::run(command.env("RUSTDOCFLAGS", "-D warnings"))
    };
    doc(&NOT_WASM_CRATES)?;
    doc(&[&WASM_CRATES[..], &["--target", rust::WASM]].concat())
}

fn deny() -> Result<()> {
    let cargo_deny = Tool::cargo_deny().path()?;
    let check = |parts: &[&str]| {
        let mut command = Command::new(&cargo_deny);
        command.args(["--locked", "check"]).args(parts).current_dir(paths::root());
        command
    };
    process::run(&mut check(&["licenses", "bans", "sources"]))?;
    // The advisories' database comes from a git host, which a closed network may not reach.
    let log = paths::log("advisories")?;
    fs::write(&log, "")?;
    let status = process::run_logged(&mut check(&["advisories"]), &log, || {})?;
    let text = fs::read_to_string(&log)?;
    if status.success() {
        println!("advisories ok");
        return Ok(());
    }
    if text.contains("advisory database") && !text.contains("error[") {
        println!(
            "advisories SKIPPED: their database could not be fetched, so known vulnerabilities \
             were not checked here (see {})",
            paths::shown(&log)
        );
        return Ok(());
    }
    bail!("advisories:\n{text}")
}

/// A free port, and a folder for state in which there is none.
fn fresh(name: &str) -> Result<(SocketAddr, PathBuf)> {
    let state = paths::local().join(format!("state-{name}"));
    if state.exists() {
        fs::remove_dir_all(&state)?;
    }
    Ok((SocketAddr::from(([127, 0, 0, 1], edge::free_port()?)), state))
}

/// Starts the built Worker on a free port, with empty state.
fn start_worker(name: &str) -> Result<edge::Worker> {
    let (address, state) = fresh(name)?;
    let log = paths::log(&format!("wrangler-{name}"))?;
    // No secret of whoever runs the tests: they must neither see a token nor spend its budget.
    fs::create_dir_all(&state)?;
    let secrets = state.join("no-secrets");
    fs::write(&secrets, "")?;
    let run =
        edge::Run { address, state: &state, log: &log, env_file: Some(&secrets), verbose: false };
    let worker = edge::start(&run)?;
    println!("the Worker answers on {} (log: {})", worker.url, paths::shown(&log));
    Ok(worker)
}

fn contract() -> Result<()> {
    build("page", page::build)?;
    build("Worker", edge::build)?;
    let worker = start_worker("contract")?;
    process::run(
        rust::cargo()
            .args(["test", "--locked", "-p", "omniguard-tests", "--test", "contract"])
            .env("OMNIGUARD_URL", &worker.url),
    )?;
    for script in scripts("tests/clients", &["py", "mjs"])? {
        println!("\n{}", paths::shown(&script));
        let mut command = if script.extension().is_some_and(|kind| kind == "py") {
            Command::new(python::python())
        } else {
            npm::node()
        };
        process::run(
            command
                .arg(&script)
                .current_dir(paths::root())
                .env("OMNIGUARD_URL", &worker.url)
                .env("PYTHONDONTWRITEBYTECODE", "1"),
        )?;
    }
    drop(worker);
    faults()
}

/// The fault tests start and kill a Worker of their own: they are told the command.
fn faults() -> Result<()> {
    let (address, state) = fresh("faults")?;
    let server = edge::dev(address, &state)?;
    let log = paths::log("wrangler-faults")?;
    fs::write(&log, "")?;
    println!("\nthe Worker that is killed logs to {}", paths::shown(&log));
    let mut tests = rust::cargo();
    tests
        .args(["test", "--locked", "-p", "omniguard-tests", "--test", "faults"])
        // Their figures are told.
        .args(["--", "--nocapture"])
        .env("OMNIGUARD_URL", format!("http://{address}"))
        .env("OMNIGUARD_SERVER", words(&server)?)
        .env("OMNIGUARD_SERVER_LOG", &log)
        .envs(server.get_envs().filter_map(|(name, value)| Some((name, value?))));
    process::run(&mut tests)
}

/// A command, one word a line.
fn words(command: &Command) -> Result<String> {
    let words: Option<Vec<&str>> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(OsStr::to_str)
        .collect();
    Ok(words.context("the workspace's path is not UTF-8")?.join("\n"))
}

fn e2e() -> Result<()> {
    build("page", page::build)?;
    build("Worker", edge::build)?;
    // The native run that the page's numbers are compared with.
    process::run(rust::cargo().args(["build", "--locked", "-p", "omniguard-cli"]))?;
    let chrome = browser::find().context("no Chromium: run `cargo xtask setup --test`")?;
    let worker = start_worker("e2e")?;
    let static_url = static_server::start(&page::dist())?;
    // Tests that need other variables start a Worker of their own.
    let (address, state) = fresh("e2e-own")?;
    let server = edge::dev(address, &state)?;
    let log = paths::log("wrangler-e2e-own")?;
    fs::write(&log, "")?;
    for script in scripts("tests/e2e", &["mjs"])? {
        println!("\n{}", paths::shown(&script));
        process::run(
            npm::node()
                .arg(&script)
                .env("OMNIGUARD_URL", &worker.url)
                .env("OMNIGUARD_STATIC_URL", &static_url)
                .env("OMNIGUARD_SERVER", words(&server)?)
                .env("OMNIGUARD_SERVER_URL", format!("http://{address}"))
                .env("OMNIGUARD_SERVER_LOG", &log)
                .envs(server.get_envs().filter_map(|(name, value)| Some((name, value?))))
                .env("OMNIGUARD_CLI", paths::root().join("target/debug/omniguard"))
                .env("CHROME_PATH", &chrome),
        )?;
    }
    Ok(())
}

/// The test scripts of a folder, sorted; names that begin with `_` are helpers. None is an error:
/// an empty suite proves nothing.
fn scripts(folder: &str, kinds: &[&str]) -> Result<Vec<PathBuf>> {
    let path = paths::root().join(folder);
    let mut found = Vec::new();
    for entry in fs::read_dir(&path).with_context(|| format!("cannot read {folder}"))? {
        let path = entry?.path();
        if is_script(&path, kinds) {
            found.push(path);
        }
    }
    if found.is_empty() {
        bail!("{folder} holds no test script ({})", kinds.join(", "));
    }
    found.sort();
    Ok(found)
}

fn is_script(path: &Path, kinds: &[&str]) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("_");
    let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or("");
    path.is_file() && !name.starts_with('_') && kinds.contains(&kind)
}

#[cfg(test)]
mod tests {
    use super::Job;
    use crate::setup::FOR_TEST;
    use clap::ValueEnum;

    #[test]
    fn every_job_is_run_by_test_and_its_needs_are_set_up() {
        for job in Job::value_variants() {
            assert!(Job::ALL.contains(job), "{job:?} is not run");
            assert!(job.needs().iter().all(|need| FOR_TEST.contains(need)), "{job:?}");
        }
    }
}
