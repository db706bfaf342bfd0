//! Errors on their way out: the caller's faults are told, ours are logged and not told.

use crate::infer::desk::Refusal;
use crate::limits::{LIMIT, PERIOD};
use crate::response;
use omniguard_core::wire::problem::{PROBLEM_JSON, Problem};
use omniguard_core::wire::validation::Invalid;
use worker::{Response, Result, console_error};

/// Why a request got no answer of its own.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The caller's: told in full, never logged.
    Caller(Problem),
    /// A problem that a shard has written already.
    Relayed { status: u16, problem: String },
    /// The path does not know the method; with the methods it knows.
    Method(&'static str),
    /// The path speaks WebSocket only.
    Upgrade,
    /// The caller's address has called too often.
    TooOften,
    /// The caller may come back later.
    Later(Refusal),
    /// Ours: logged, and told without internals.
    Ours(worker::Error),
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self::Caller(problem)
    }
}

impl From<Invalid> for Fault {
    fn from(invalid: Invalid) -> Self {
        Self::Caller(invalid.into())
    }
}

impl From<worker::Error> for Fault {
    fn from(error: worker::Error) -> Self {
        Self::Ours(error)
    }
}

impl Fault {
    /// The response that tells the caller.
    pub(crate) fn response(self) -> Result<Response> {
        match self {
            Self::Caller(problem) => respond(&problem),
            Self::Relayed { status, problem } => response::text(problem, status, PROBLEM_JSON),
            Self::Method(allow) => {
                let detail = format!("this path knows {allow}");
                let response = respond(&Problem::method_not_allowed(detail))?;
                response.headers().set("allow", allow)?;
                Ok(response)
            }
            Self::Upgrade => {
                let detail = "connect with a WebSocket client, or send `Upgrade: websocket`";
                // The platform sets the `Upgrade` header, or removes it: it cannot be set here.
                respond(&Problem::upgrade_required(detail))
            }
            Self::TooOften => {
                let detail = format!("at most {LIMIT} requests in {PERIOD} s from one address");
                let problem = Problem::too_many_requests(detail);
                // The counter does not tell when its period ends: it is over after a whole one.
                later(&Refusal { problem, retry_after: PERIOD, limit: Some(LIMIT) })
            }
            Self::Later(refusal) => later(&refusal),
            Self::Ours(error) => {
                console_error!("request failed: {error}");
                respond(&Problem::internal("the fault is ours, and it was logged"))
            }
        }
    }
}

fn later(refusal: &Refusal) -> Result<Response> {
    let response = respond(&refusal.problem)?;
    let seconds = refusal.retry_after;
    response.headers().set("retry-after", &seconds.to_string())?;
    if let Some(limit) = refusal.limit {
        let rate = [("limit", limit), ("remaining", 0), ("reset", seconds)];
        for (name, value) in rate {
            response.headers().set(&format!("ratelimit-{name}"), &value.to_string())?;
        }
    }
    Ok(response)
}

fn respond(problem: &Problem) -> Result<Response> {
    response::json(problem, problem.status, PROBLEM_JSON)
}
