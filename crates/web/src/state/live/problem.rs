//! Why the edge or a hosted model gave no answer, and what the visitor can do.

use super::wire::text;
use omniguard_core::json::{self, Value};

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problem {
    /// HTTP status; 0 where no answer came.
    pub status: u16,
    /// The problem's `type`.
    pub slug: String,
    /// What the edge says of it.
    pub detail: String,
    /// Seconds before asking again makes sense, where they were told.
    pub retry_after: Option<u32>,
}

impl Problem {
    /// No answer came, or it broke off.
    pub fn network() -> Self {
        Self::default()
    }

    /// An answer that is not what it should be.
    pub fn odd(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// A problem document, or whatever came in its place.
    pub(super) fn of(status: u16, body: Option<&Value>, retry_after: Option<u32>) -> Self {
        let member = |name| text(body.and_then(|body| body.get(name))).unwrap_or_default();
        Self { status, slug: member("type"), detail: member("detail"), retry_after }
    }

    /// The answer to a request that was refused.
    pub fn read(status: u16, answer: &str, retry_after: Option<u32>) -> Self {
        Self::of(status, json::parse(answer).as_ref(), retry_after)
    }

    /// What happened and what to do next.
    pub fn sentence(&self) -> String {
        let ask = "Ask again, or let the on-device policy answer.";
        // What is told, whether the edge's own words follow, and what to do next.
        let (told, is_detailed, next) = match self.slug.as_str() {
            "too_many_requests" => (
                "This address has asked as often as it may for now.",
                false,
                "Ask again after the wait.",
            ),
            "queue_full" => (
                "Too many visitors wait for the hosted models.",
                false,
                "Ask again after the wait.",
            ),
            "budget_spent" => ("", true, "Until then the on-device policy can answer."),
            "inference_unconfigured" => ("", true, "The on-device policy can answer."),
            "upstream_rejected_credentials" => (
                "The model's host does not take this deployment's token.",
                false,
                "Whoever runs it has to set another; the on-device policy can answer.",
            ),
            "upstream_unavailable" => ("The model's host gave no answer.", true, ask),
            "upstream_timeout" => {
                ("The model took too long; one that was asleep may be awake by now.", false, ask)
            }
            _ if self.status == 0 => (
                "The connection broke off before an answer came.",
                false,
                "Check it, then ask again.",
            ),
            _ => ("The edge refused this:", true, "Ask again, or press \u{201c}Reset\u{201d}."),
        };
        let detail = if is_detailed { closed(&self.detail) } else { String::new() };
        let mut sentence = told.to_owned();
        for part in [detail.as_str(), next] {
            if !sentence.is_empty() && !part.is_empty() {
                sentence.push(' ');
            }
            sentence.push_str(part);
        }
        sentence
    }
}

/// A detail as a sentence of its own.
fn closed(detail: &str) -> String {
    let mut chars = detail.trim_end_matches('.').chars();
    let Some(first) = chars.next() else { return String::new() };
    format!("{}{}.", first.to_ascii_uppercase(), chars.as_str())
}

/// A wait in words, rounded up: "12 s", "3 min", "5 h".
pub fn wait(seconds: u32) -> String {
    match seconds {
        0..=120 => format!("{seconds} s"),
        121..=7_200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3_600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_sentence_of_its_own_with_a_next_step() {
        let slugs = [
            "too_many_requests",
            "queue_full",
            "budget_spent",
            "inference_unconfigured",
            "upstream_rejected_credentials",
            "upstream_unavailable",
            "upstream_timeout",
        ];
        let sentence = |slug| {
            let body = format!("{{\"type\":\"{slug}\",\"detail\":\"set HF_TOKEN\"}}");
            Problem::read(503, &body, None).sentence()
        };
        let mut all: Vec<_> = slugs.into_iter().map(sentence).collect();
        all.push(Problem::network().sentence());
        all.push(Problem::read(418, "<html>", None).sentence());
        for text in &all {
            assert!(text.contains("sk again") || text.contains("on-device policy"), "{text}");
            assert!(text.ends_with('.') && !text.contains("  "), "{text}");
        }
        all.sort();
        all.dedup();
        assert_eq!(all.len(), slugs.len() + 2);
        assert!(sentence("inference_unconfigured").contains("Set HF_TOKEN."));
    }

    #[test]
    fn the_slugs_are_the_worker_s() {
        let problem = include_str!("../../../../core/src/wire/problem.rs");
        let ours = include_str!("problem.rs");
        let slugs =
            ours.lines().filter_map(|line| line.trim().strip_prefix('"')?.split_once("\" => "));
        let slugs: Vec<_> = slugs.map(|(slug, _)| slug).collect();
        assert_eq!(slugs.len(), 7);
        for slug in slugs {
            assert!(problem.contains(&format!(" {slug}: ")), "{slug}");
        }
    }

    #[test]
    fn waits_are_rounded_up() {
        assert_eq!(
            ["12 s", "120 s", "3 min", "3 h"].map(str::to_owned),
            [12, 120, 121, 7_201].map(wait)
        );
    }
}
