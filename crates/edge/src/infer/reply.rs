//! What an upstream's reply means: a completion, another try, or a failure for the caller.

use super::settings::Upstream;
use omniguard_core::wire::live::{Completion, UpstreamError};
use omniguard_core::wire::problem::Problem;

/// A reply as it came.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// The header of that name.
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// What it means.
#[derive(Debug, PartialEq)]
pub(crate) enum Reading {
    Completion(Completion),
    /// Busy or loading; with the wait that it named, in seconds.
    Busy {
        wait: Option<f64>,
        failure: Problem,
    },
    /// It objects to `response_format`.
    Plainer {
        failure: Problem,
    },
    Failed(Problem),
}

impl Reply {
    /// Reads it. Nothing of what comes out holds the token.
    pub(crate) fn read(&self, upstream: &Upstream) -> Reading {
        let body = upstream.scrub(&String::from_utf8_lossy(&self.body));
        let body = body.as_bytes();
        let status = self.status;
        if matches!(status, 200..300) {
            return match Completion::read(body) {
                Ok(completion) => Reading::Completion(completion),
                Err(error) => Reading::Failed(Problem::upstream_unavailable(error.to_string())),
            };
        }
        let error = UpstreamError::read(body);
        let said =
            if error.message.is_empty() { String::new() } else { format!(": {}", error.message) };
        let failure =
            || Problem::upstream_unavailable(format!("the upstream answered {status}{said}"));
        match status {
            // Whatever it says, it is about the token.
            401 | 403 => Reading::Failed(Problem::upstream_rejected_credentials(format!(
                "the upstream answered {status}: this deployment's token is missing a permission, \
                 or is wrong"
            ))),
            408 | 504 => Reading::Failed(Problem::upstream_timeout(format!(
                "the upstream answered {status}: the model took too long"
            ))),
            429 | 503 => {
                let named = self.retry_after.as_deref().and_then(|text| text.trim().parse().ok());
                let named = named.filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0);
                Reading::Busy { wait: named.or(error.wait_seconds), failure: failure() }
            }
            400 | 422 if error.refuses_structure() => Reading::Plainer { failure: failure() },
            _ => Reading::Failed(failure()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::infer::settings::Settings;
    use omniguard_core::wire::infer::Side;

    const TOKEN: &str = "plain-secret";

    fn read(status: u16, retry_after: Option<&str>, body: &str) -> Reading {
        let settings = Settings::of_token(TOKEN);
        let upstream = settings.upstream(Side::Base).unwrap();
        let retry_after = retry_after.map(Into::into);
        Reply { status, retry_after, body: body.into() }.read(upstream)
    }

    fn slug(reading: &Reading) -> &'static str {
        match reading {
            Reading::Completion(_) => "completion",
            Reading::Busy { .. } => "busy",
            Reading::Plainer { .. } => "plainer",
            Reading::Failed(problem) => problem.r#type,
        }
    }

    #[test]
    fn statuses_are_told_apart() {
        let good = r#"{"choices":[{"message":{"content":"x"}}]}"#;
        for (status, body, expected) in [
            (200, good, "completion"),
            (200, "<html>", "upstream_unavailable"),
            (200, r#"{"error":"overloaded"}"#, "upstream_unavailable"),
            (302, "", "upstream_unavailable"),
            (400, r#"{"error":"bad"}"#, "upstream_unavailable"),
            (400, r#"{"error":"response_format is unknown"}"#, "plainer"),
            (401, "", "upstream_rejected_credentials"),
            (403, good, "upstream_rejected_credentials"),
            (404, "", "upstream_unavailable"),
            (429, "", "busy"),
            (500, "", "upstream_unavailable"),
            (503, "", "busy"),
            (504, "", "upstream_timeout"),
        ] {
            assert_eq!(slug(&read(status, None, body)), expected, "{status} {body}");
        }
    }

    #[test]
    fn the_wait_is_the_header_s_or_the_body_s() {
        let loading = r#"{"error":"loading","estimated_time":20.5}"#;
        for (header, body, expected) in [
            (Some("7"), loading, Some(7.0)),
            (None, loading, Some(20.5)),
            (Some("Wed, 21 Oct 2026 07:28:00 GMT"), "", None),
            (Some("-1"), "", None),
            (Some("inf"), "", None),
        ] {
            let Reading::Busy { wait, .. } = read(503, header, body) else { panic!("{body}") };
            assert_eq!(wait, expected, "{header:?} {body}");
        }
    }

    #[test]
    fn no_reading_holds_the_token() {
        let echoed = format!(r#"{{"error":"header authorization: Bearer {TOKEN}"}}"#);
        let words = format!(r#"{{"choices":[{{"message":{{"content":"{TOKEN}"}}}}]}}"#);
        for status in [200, 400, 401, 403, 429, 500, 503] {
            for body in [&echoed, &words, TOKEN] {
                let reading = read(status, None, body);
                assert!(!format!("{reading:?}").contains(TOKEN), "{status} {body}");
            }
        }
    }
}
