//! A Worker that may be killed.

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use omniguard_tests::url;
use std::fs::{self, File, OpenOptions};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// One Worker at a time: they share port and state.
static ALONE: Mutex<()> = Mutex::new(());

/// Leads the group: ends it when the Worker ends, or when the tests are gone and with them the
/// other end of its standard input.
const LEADER: &str = r#"("$@"; kill -s KILL -- -$$) & read -r _; kill -s KILL -- -$$"#;

/// A running Worker in a process group of its own.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    options: Vec<String>,
    _alone: MutexGuard<'static, ()>,
}

impl Server {
    /// Starts the Worker, with more options for its command, and waits until it answers.
    pub(crate) fn start(options: &[&str]) -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let options: Vec<String> = options.iter().map(|&one| one.to_owned()).collect();
        let mut server = Self { child: spawn(&options), options, _alone: alone };
        server.wait_until_ready();
        server
    }

    /// Kills every process of the Worker: nothing of it has time for a last word.
    pub(crate) fn kill(&mut self) {
        let _ = killpg(Pid::from_raw(self.child.id() as i32), Signal::SIGKILL);
        let _ = self.child.wait();
    }

    /// Kills it and starts it again, over the same state.
    pub(crate) fn kill_and_restart(&mut self) {
        self.kill();
        for _ in 0..600 {
            if !listens() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.child = spawn(&self.options);
        self.wait_until_ready();
    }

    /// Kills it and starts it over the same state with more options; no other test's Worker comes
    /// between.
    pub(crate) fn restart_with(&mut self, more: &[&str]) {
        self.options.extend(more.iter().map(|&one| one.to_owned()));
        self.kill_and_restart();
    }

    fn wait_until_ready(&mut self) {
        // Two minutes: machines may be slow, and busy with other work.
        for _ in 0..2_400 {
            let answer = omniguard_tests::try_send("GET", "/readyz", &[], None);
            if answer.is_ok_and(|answer| answer.status == 200) {
                return;
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!("the Worker ended at once ({status}); its log says why");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the Worker did not answer; its log says why");
    }

    /// Memory of the group's workerd processes, in bytes; `None` where it cannot be known.
    pub(crate) fn resident_bytes(&self) -> Option<u64> {
        let group = self.child.id().to_string();
        let mut sum = None;
        for entry in fs::read_dir("/proc").ok()?.flatten() {
            let found = resident_bytes_of(&entry.path(), &group);
            sum = found.map_or(sum, |bytes| Some(sum.unwrap_or(0) + bytes));
        }
        sum
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!(
            "{name} is not set: run `cargo xtask ci contract`, or set OMNIGUARD_SERVER to the \
             command that serves the Worker, one word a line, and OMNIGUARD_URL to where it listens"
        )
    })
}

fn spawn(options: &[String]) -> Child {
    let server = variable("OMNIGUARD_SERVER");
    let log = std::env::var("OMNIGUARD_SERVER_LOG").unwrap_or_else(|_| "/dev/null".into());
    let log = OpenOptions::new().append(true).create(true).open(&log).expect("a log file");
    let copy: File = log.try_clone().expect("a log file");
    Command::new("sh")
        .args(["-c", LEADER, "sh"])
        .args(server.lines())
        .args(options)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .stdin(Stdio::piped())
        .stdout(log)
        .stderr(copy)
        .process_group(0)
        .spawn()
        .expect("a shell")
}

fn listens() -> bool {
    TcpStream::connect(url().trim_start_matches("http://")).is_ok()
}

/// Memory of a process, if it is a workerd of the group.
fn resident_bytes_of(process: &Path, group: &str) -> Option<u64> {
    let stat = fs::read_to_string(process.join("stat")).ok()?;
    // `pid (name) state parent group …`
    let (name, rest) = stat.split_once('(')?.1.rsplit_once(')')?;
    if name != "workerd" || rest.split_whitespace().nth(2) != Some(group) {
        return None;
    }
    let status = fs::read_to_string(process.join("status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}
