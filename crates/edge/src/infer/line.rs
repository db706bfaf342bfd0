//! What the queue's object tells of a request: one JSON object a line, the last one the outcome.

use omniguard_core::wire::problem::Problem;
use serde_json::{Value, json};

/// Media type of lines.
pub(crate) const NDJSON: &str = "application/x-ndjson";

/// What became of a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// JSON of the answer.
    Answer(String),
    /// With the seconds after which to come back, if known.
    Problem { problem: Problem, retry_after: Option<u32> },
}

impl From<Problem> for Outcome {
    fn from(problem: Problem) -> Self {
        Self::Problem { problem, retry_after: None }
    }
}

/// A line for who waits, or whose turn it is.
pub(crate) fn progress(ahead: Option<usize>) -> String {
    match ahead {
        Some(ahead) => format!("{{\"event\":\"waiting\",\"ahead\":{ahead}}}\n"),
        None => "{\"event\":\"asking\"}\n".into(),
    }
}

/// The last line.
pub(crate) fn last(outcome: &Outcome) -> String {
    let (event, status, retry_after, body) = match outcome {
        Outcome::Answer(body) => ("answer", 200, Value::Null, body.clone()),
        Outcome::Problem { problem, retry_after } => {
            let body = serde_json::to_string(problem).unwrap_or_default();
            ("problem", problem.status, json!(retry_after), body)
        }
    };
    format!(r#"{{"event":"{event}","status":{status},"retry_after":{retry_after},"body":{body}}}"#)
        + "\n"
}

/// The outcome that the lines end with.
#[derive(Debug, PartialEq)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<u32>,
    pub(crate) body: String,
}

/// Reads all lines; none where they end without an outcome.
pub(crate) fn read(lines: &[u8]) -> Option<Told> {
    let line = lines.trim_ascii_end().rsplit(|&byte| byte == b'\n').next()?;
    let value: Value = serde_json::from_slice(line).ok()?;
    let number = |name: &str| value.get(name).and_then(Value::as_u64);
    Some(Told {
        status: number("status")?.try_into().ok()?,
        retry_after: number("retry_after").and_then(|seconds| seconds.try_into().ok()),
        body: value.get("body")?.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_survives_the_way() {
        let lines = progress(Some(3)) + &progress(None);
        assert_eq!(lines, "{\"event\":\"waiting\",\"ahead\":3}\n{\"event\":\"asking\"}\n");
        assert_eq!(read(lines.as_bytes()), None);
        let answer = lines.clone() + &last(&Outcome::Answer(r#"{"confidence":0.9}"#.into()));
        let told = read(answer.as_bytes()).unwrap();
        assert_eq!((told.status, told.body.as_str()), (200, r#"{"confidence":0.9}"#));
        let problem = Problem::upstream_unavailable("a \"b\"\nc");
        let problem = Outcome::Problem { problem, retry_after: Some(7) };
        let told = read((lines + &last(&problem)).as_bytes()).unwrap();
        assert_eq!((told.status, told.retry_after), (503, Some(7)));
        assert!(told.body.contains(r#""detail":"a \"b\"\nc""#));
    }

    #[test]
    fn lines_that_break_off_tell_no_outcome() {
        let whole = last(&Outcome::Answer("{}".into()));
        for cut in [0, 1, whole.len() / 2, whole.len() - 2] {
            assert_eq!(read(&whole.as_bytes()[..cut]), None, "{cut}");
        }
    }
}
