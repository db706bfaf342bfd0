//! What the router and a shard say to each other: a part of a batch, and what became of it.
//!
//! Answers travel as lines, not as JSON within JSON: no answer has a line break, and a batch of 512
//! full observations is not escaped and read twice.

use crate::shard::Refused;
use omniguard_core::wire::problem::Problem;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How answers look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Dialect {
    /// OmniGuard's own, for many environments.
    Batch,
    /// The standard's.
    OpenEnv,
}

/// A shard's part of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Part {
    /// A body of the batch dialect that holds this shard's items alone.
    pub(crate) body: Value,
    pub(crate) dialect: Dialect,
    /// What seeds are made from, for a reset.
    pub(crate) seed: u64,
    /// Whether the caller gave it.
    pub(crate) seed_given: bool,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PartAnswer {
    /// Ready to be committed under this ticket.
    Prepared { ticket: u64 },
    /// JSON of each item's answer, in the items' order.
    Done { answers: Vec<String> },
    /// Not possible, and why.
    Refused(Vec<Refused>),
    /// Another batch is prepared; try again.
    Busy,
    /// There is no batch under this ticket.
    NoTicket,
    /// Not ready, or not as expected: a problem's status and its JSON.
    Failed { status: u16, problem: String },
}

const DONE: u16 = 200;
const PREPARED: u16 = 202;
const REFUSED: u16 = 409;
const NO_TICKET: u16 = 410;
const BUSY: u16 = 423;

impl From<Problem> for PartAnswer {
    fn from(problem: Problem) -> Self {
        let text = serde_json::to_string(&problem).unwrap_or_default();
        Self::Failed { status: problem.status, problem: text }
    }
}

impl PartAnswer {
    /// As status and body of an HTTP response.
    pub(crate) fn into_http(self) -> (u16, String) {
        match self {
            Self::Prepared { ticket } => (PREPARED, ticket.to_string()),
            Self::Done { answers } => (DONE, answers.join("\n")),
            Self::Refused(refused) => {
                (REFUSED, serde_json::to_string(&refused).unwrap_or_default())
            }
            Self::Busy => (BUSY, String::new()),
            Self::NoTicket => (NO_TICKET, String::new()),
            Self::Failed { status, problem } => (500, format!("{status}\n{problem}")),
        }
    }

    /// The answer that was sent so, if it is one.
    pub(crate) fn from_http(status: u16, body: &str) -> Option<Self> {
        Some(match status {
            PREPARED => Self::Prepared { ticket: body.parse().ok()? },
            DONE if body.is_empty() => Self::Done { answers: Vec::new() },
            DONE => Self::Done { answers: body.split('\n').map(Into::into).collect() },
            REFUSED => Self::Refused(serde_json::from_str(body).ok()?),
            BUSY => Self::Busy,
            NO_TICKET => Self::NoTicket,
            _ => {
                let (status, problem) = body.split_once('\n')?;
                Self::Failed { status: status.parse().ok()?, problem: problem.into() }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_survives_the_way() {
        let refused = Refused { idx: 3, reason: "reset first".into() };
        for answer in [
            PartAnswer::Prepared { ticket: u64::MAX },
            PartAnswer::Done { answers: Vec::new() },
            PartAnswer::Done { answers: vec!["{}".into(), r#"{"a":"\n"}"#.into()] },
            PartAnswer::Refused(vec![refused]),
            PartAnswer::Busy,
            PartAnswer::NoTicket,
            Problem::not_ready("x\ny").into(),
        ] {
            let (status, body) = answer.clone().into_http();
            assert_eq!(PartAnswer::from_http(status, &body), Some(answer));
        }
        assert_eq!(PartAnswer::from_http(500, "something else"), None);
    }
}
