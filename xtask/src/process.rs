//! Child processes that never outlive us.
//!
//! Each child leads a process group of its own. On Ctrl-C, SIGTERM or SIGHUP every group is asked to
//! end, and killed when it does not; a dropped [`Running`] ends its group too.

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

static GROUPS: Mutex<Vec<i32>> = Mutex::new(Vec::new());
static STOPPING: AtomicBool = AtomicBool::new(false);

const GRACE: Duration = Duration::from_secs(6);
const POLL: Duration = Duration::from_millis(50);

fn groups<T>(change: impl FnOnce(&mut Vec<i32>) -> T) -> T {
    change(&mut GROUPS.lock().unwrap_or_else(PoisonError::into_inner))
}

/// From now on a signal to end us ends all children first.
pub(crate) fn stop_children_on_signals() -> Result<()> {
    ctrlc::set_handler(|| {
        if STOPPING.swap(true, Ordering::SeqCst) {
            return;
        }
        let alive = groups(|groups| groups.clone());
        if !alive.is_empty() {
            // Not `eprintln!`, which panics when the terminal is gone: the children must end then.
            let _ = writeln!(std::io::stderr(), "\nstopping …");
        }
        end_groups(&alive);
        std::process::exit(130);
    })
    .context("cannot listen for Ctrl-C")
}

/// Waits for the signal handler to finish the program, where a signal came.
pub(crate) fn exit_if_stopping() {
    if STOPPING.load(Ordering::SeqCst) {
        std::thread::sleep(GRACE + Duration::from_secs(2));
        std::process::exit(130);
    }
}

fn end_groups(groups: &[i32]) {
    let signal = |group: i32, signal: Option<Signal>| killpg(Pid::from_raw(group), signal).is_ok();
    for &group in groups {
        signal(group, Some(Signal::SIGTERM));
    }
    let asked = Instant::now();
    while asked.elapsed() < GRACE && groups.iter().any(|&group| signal(group, None)) {
        std::thread::sleep(POLL);
    }
    for &group in groups {
        signal(group, Some(Signal::SIGKILL));
    }
}

/// A child process with all its descendants; ended when dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    group: i32,
}

impl Running {
    /// Starts the command in a process group of its own, with no standard input.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command
            .stdin(Stdio::null())
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot run {program}"))?;
        let group = child.id() as i32;
        groups(|groups| groups.push(group));
        Ok(Self { child, group })
    }

    /// The exit status, where it has ended.
    pub(crate) fn try_wait(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Waits until it ends.
    pub(crate) fn wait(&mut self) -> Result<ExitStatus> {
        Ok(self.child.wait()?)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !STOPPING.load(Ordering::SeqCst) {
            let alive = matches!(self.child.try_wait(), Ok(None));
            let group = Pid::from_raw(self.group);
            if alive {
                let _ = killpg(group, Signal::SIGTERM);
                let asked = Instant::now();
                while asked.elapsed() < GRACE && matches!(self.child.try_wait(), Ok(None)) {
                    std::thread::sleep(POLL);
                }
            }
            // Descendants that the leader left behind.
            let _ = killpg(group, Signal::SIGKILL);
            let _ = self.child.wait();
        }
        groups(|groups| groups.retain(|&other| other != self.group));
    }
}

/// Runs the command to its end with its output on our own; an error unless it succeeds.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    let status = Running::start(command)?.wait()?;
    exit_if_stopping();
    if !status.success() {
        bail!("`{shown}` failed ({})", ending(status));
    }
    Ok(())
}

/// Runs the command with its output in a log file, calling `tick` about five times a second.
pub(crate) fn run_logged(
    command: &mut Command,
    log: &Path,
    mut tick: impl FnMut(),
) -> Result<ExitStatus> {
    send_output_to(command, log)?;
    let mut running = Running::start(command)?;
    loop {
        if let Some(status) = running.try_wait()? {
            exit_if_stopping();
            return Ok(status);
        }
        std::thread::sleep(POLL * 4);
        tick();
    }
}

/// Output and errors both go to the end of the log file.
pub(crate) fn send_output_to(command: &mut Command, log: &Path) -> Result<()> {
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(log)
        .with_context(|| format!("cannot write {}", log.display()))?;
    // A backtrace of a tool's own code tells its users nothing.
    command.stdout(file.try_clone()?).stderr(file).env_remove("RUST_BACKTRACE");
    Ok(())
}

/// What the command prints on standard output; `None` when it cannot be run or fails.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The command as a person would type it.
pub(crate) fn shown(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|part| crate::paths::shown(Path::new(part)))
        .collect::<Vec<_>>()
        .join(" ")
}

/// How a process ended, in words.
pub(crate) fn ending(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "unknown end".to_owned(),
    }
}

/// Where a program lies on PATH.
pub(crate) fn which(program: &str) -> Option<std::path::PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(program)).find(
        |path| path.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_child_is_ended_with_its_descendants() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & sleep 600"]);
        let running = Running::start(&mut command).unwrap();
        let group = Pid::from_raw(running.group);
        assert!(killpg(group, None).is_ok());
        drop(running);
        // The orphaned sleep is reaped by init, which may take a moment.
        let dropped = Instant::now();
        while killpg(group, None).is_ok() && dropped.elapsed() < GRACE {
            std::thread::sleep(POLL);
        }
        assert!(killpg(group, None).is_err());
    }

    #[test]
    fn a_failure_names_the_command_and_how_it_ended() {
        let error = run(Command::new("sh").args(["-c", "exit 3"])).unwrap_err().to_string();
        assert_eq!(error, "`sh -c exit 3` failed (exit code 3)");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = run(&mut Command::new("omniguard-no-such-program")).unwrap_err().to_string();
        assert!(error.contains("omniguard-no-such-program"), "{error}");
    }
}
