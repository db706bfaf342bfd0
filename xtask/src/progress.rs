//! A line of progress for each step: `[3/7] trunk 0.21.14 … already there`.

use crate::{paths, process};
use anyhow::{Result, anyhow, bail};
use std::fs;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// How a step ended well.
#[derive(Debug)]
pub(crate) enum Done {
    /// Nothing had to be done.
    AlreadyThere,
    /// Something was done; the verb in the past: "installed", "built".
    Now(&'static str),
}

/// The numbered steps of one command.
#[derive(Debug)]
pub(crate) struct Steps {
    total: usize,
    done: usize,
    terminal: bool,
}

impl Steps {
    pub(crate) fn new(total: usize) -> Self {
        Self { total, done: 0, terminal: std::io::stdout().is_terminal() }
    }

    /// Runs one step; its error carries the step's name.
    pub(crate) fn step(
        &mut self,
        label: &str,
        work: impl FnOnce(&mut Step) -> Result<Done>,
    ) -> Result<()> {
        self.done += 1;
        let head = format!("[{}/{}] {label} …", self.done, self.total);
        let started = Instant::now();
        let mut step =
            Step { head: head.clone(), started, terminal: self.terminal, announced: false };
        if self.terminal {
            print!("{head}");
            let _ = std::io::stdout().flush();
        }
        let result = work(&mut step);
        let end = match &result {
            Ok(Done::AlreadyThere) => "already there".to_owned(),
            Ok(Done::Now(verb)) => format!("{verb} in {}", duration(started.elapsed())),
            Err(_) => "failed".to_owned(),
        };
        process::exit_if_stopping();
        let erase = if self.terminal { "\r\x1b[2K" } else { "" };
        println!("{erase}{head} {end}");
        result.map(|_| ()).map_err(|error| error.context(label.to_owned()))
    }
}

/// A step under way.
#[derive(Debug)]
pub(crate) struct Step {
    head: String,
    started: Instant,
    terminal: bool,
    announced: bool,
}

impl Step {
    /// Says what is being done, for steps that take long.
    pub(crate) fn announce(&mut self, doing: &str) {
        if self.terminal {
            let seconds = self.started.elapsed().as_secs();
            print!("\r\x1b[2K{} {doing}, {seconds} s", self.head);
        } else if !self.announced {
            self.announced = true;
            println!("{} {doing}", self.head);
        }
        let _ = std::io::stdout().flush();
    }

    /// Runs a command with its output in `log`; where it fails, the error shows the log's end and
    /// the remedy.
    pub(crate) fn run(
        &mut self,
        command: &mut Command,
        log: &Path,
        doing: &str,
        remedy: &str,
    ) -> Result<()> {
        let line = format!("\n$ {}\n", process::shown(command));
        fs::OpenOptions::new().create(true).append(true).open(log)?.write_all(line.as_bytes())?;
        let before = fs::metadata(log).map_or(0, |m| m.len());
        self.announce(doing);
        let status = process::run_logged(command, log, || self.tick(doing))?;
        if status.success() {
            return Ok(());
        }
        let text = fs::read(log).unwrap_or_default();
        let text = String::from_utf8_lossy(text.get(before as usize..).unwrap_or_default());
        Err(failure(&process::shown(command), &process::ending(status), &text, log, remedy))
    }

    fn tick(&mut self, doing: &str) {
        if self.terminal {
            self.announce(doing);
        }
    }
}

/// The error of a logged command: what went wrong, the log's name and what to do.
fn failure(command: &str, ending: &str, text: &str, log: &Path, remedy: &str) -> anyhow::Error {
    let remedy = if is_network_failure(text) {
        "the network or a package registry could not be reached: check the connection (and the \
         proxy settings), then run the command again; what is installed stays"
    } else {
        remedy
    };
    anyhow!(
        "`{command}` failed ({ending})\n  {}\n  (all of it: {})\nremedy: {remedy}",
        telling_lines(text).join("\n  "),
        paths::shown(log)
    )
}

/// From the first error on, where a line begins with that word; else the end.
pub(crate) fn telling_lines(text: &str) -> Vec<&str> {
    const SHOWN_LINES: usize = 25;
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let is_error = |line: &&str| line.starts_with("error") || line.starts_with("npm error");
    let last_page = lines.len().saturating_sub(SHOWN_LINES);
    let start = lines.iter().position(is_error).unwrap_or(last_page);
    lines.into_iter().skip(start).take(SHOWN_LINES).collect()
}

/// Whether a tool's output says that it could not reach its registry.
pub(crate) fn is_network_failure(text: &str) -> bool {
    const SIGNS: [&str; 14] = [
        "Could not resolve host",
        "Couldn't resolve host",
        "Could not connect to server",
        "failed to lookup address",
        "dns error",
        "ENOTFOUND",
        "EAI_AGAIN",
        "ECONNREFUSED",
        "ECONNRESET",
        "ETIMEDOUT",
        "spurious network error",
        "Temporary failure in name resolution",
        "Temporary failure resolving",
        "Network is unreachable",
    ];
    SIGNS.iter().any(|sign| text.contains(sign))
}

/// "0.4 s", "38 s", "10 min 12 s".
pub(crate) fn duration(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", elapsed.as_secs_f64()),
        10..120 => format!("{seconds} s"),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// An error with a remedy, for what a person can put right.
pub(crate) fn fail<T>(problem: impl std::fmt::Display, remedy: &str) -> Result<T> {
    bail!("{problem}\nremedy: {remedy}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(duration(Duration::from_millis(420)), "0.4 s");
        assert_eq!(duration(Duration::from_secs(38)), "38 s");
        assert_eq!(duration(Duration::from_secs(612)), "10 min 12 s");
    }

    #[test]
    fn a_network_failure_gets_the_network_remedy() {
        let log = Path::new("x.log");
        let text = "npm error code ENOTFOUND";
        let error = failure("npm ci", "exit code 1", text, log, "other").to_string();
        assert!(error.contains("check the connection"), "{error}");
        let error = failure("npm ci", "exit code 1", "no space", log, "free some").to_string();
        assert!(error.ends_with("remedy: free some"), "{error}");
    }

    #[test]
    fn the_first_error_is_shown_rather_than_what_it_led_to() {
        let noise = "   Compiling x\n".repeat(50);
        let text = format!("{noise}error[E0583]: file not found\n  --> lib.rs:1\n{noise}");
        assert_eq!(telling_lines(&text)[..2], ["error[E0583]: file not found", "  --> lib.rs:1"]);
        assert_eq!(telling_lines(&format!("{noise}last words")).last(), Some(&"last words"));
    }

    #[test]
    fn a_failed_step_names_itself() {
        let error = Steps::new(1).step("trunk", |_| fail("gone", "bring it")).unwrap_err();
        assert_eq!(format!("{error:#}"), "trunk: gone\nremedy: bring it");
    }
}
