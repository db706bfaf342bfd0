//! What can go wrong between a session and its server.

use std::fmt;
use std::io;
use std::time::Duration;

/// What was being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    Connect,
    Reset,
    Step,
}

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connect",
            Self::Reset => "reset",
            Self::Step => "step",
        })
    }
}

/// Why an exchange came to nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// No connection.
    Unreachable { source: io::Error },
    /// An answer that is none of the protocol's.
    Alien { doing: Doing, why: String },
    /// The server said no, with its code and its words.
    Refused { doing: Doing, code: String, message: String },
    /// The connection ended before the answer.
    Lost { doing: Doing, why: String },
    /// No answer in time.
    Timeout { doing: Doing, after: Duration },
}

impl Failure {
    /// The kind that it is counted under.
    pub(super) fn kind(&self) -> String {
        match self {
            Self::Unreachable { .. } => "connect: unreachable".into(),
            Self::Alien { doing, .. } => format!("{doing}: not of the protocol"),
            Self::Refused { doing, code, .. } => format!("{doing}: {code}"),
            Self::Lost { doing, .. } => format!("{doing}: connection lost"),
            Self::Timeout { doing, .. } => format!("{doing}: timeout"),
        }
    }

    /// What to do about it.
    pub(super) fn next_step(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "start the server, or check --url",
            Self::Alien { doing: Doing::Connect, .. } => {
                "check that --url names an OpenEnv server, and --protocol what it speaks"
            }
            Self::Alien { .. } => "check --protocol, and that the server speaks OpenEnv 1.x",
            Self::Refused { doing: Doing::Step, .. } => {
                "give an action that it takes with --action (its /schema lists them)"
            }
            Self::Refused { doing: Doing::Reset, .. } => "check --reset and --seed",
            Self::Refused { doing: Doing::Connect, .. } | Self::Lost { .. } => {
                "look into the server's log"
            }
            Self::Timeout { .. } => "look into the server's log, or wait longer with --timeout",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { source } => write!(f, "nothing answers there ({source})"),
            Self::Alien { doing, why } => {
                write!(f, "the answer to {doing} is none of the protocol's ({why})")
            }
            Self::Refused { doing, code, message } => {
                write!(f, "the server refused to {doing}: {code}: {message}")
            }
            Self::Lost { doing, why } => write!(f, "the connection was lost at {doing} ({why})"),
            Self::Timeout { doing, after } => {
                write!(f, "no answer to {doing} within {} s", after.as_secs_f64())
            }
        }
    }
}

impl std::error::Error for Failure {}

/// Bounds the wait for an answer.
pub(super) async fn within<T>(
    after: Duration,
    doing: Doing,
    answer: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    match tokio::time::timeout(after, answer).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Failure::Timeout { doing, after }),
    }
}
