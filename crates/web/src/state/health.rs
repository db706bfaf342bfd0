//! Whether a backend is there: what the status pill says.

use super::figures;
use core::fmt;
use omniguard_core::json::{self, Value};

/// Time between two questions to the backend.
pub const POLL_MILLIS: u32 = 15_000;

/// What is known of the backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Health {
    /// Asked, not answered yet.
    #[default]
    Connecting,
    /// It answers.
    Online {
        /// Environments it holds.
        n_envs: u64,
        /// What streams into it.
        feeds: Feeds,
    },
    /// No backend, or none that answers: the page plays alone.
    Offline,
}

/// Corpus feeds of a backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Feeds {
    /// How many there are.
    pub n_feeds: u64,
    /// Rows that wait in their queues.
    pub n_queued: u64,
}

impl Feeds {
    /// The members of a report's `queue_depths`.
    fn of(report: &Value) -> Self {
        let Some(Value::Object(queues)) = report.get("queue_depths") else {
            return Self::default();
        };
        let n_queued = queues.iter().filter_map(|(_, depth)| number(depth)).sum();
        Self { n_feeds: queues.len() as u64, n_queued }
    }

    /// Where frames come from: the written texts, counted once the corpus is there, and what streams
    /// into the backend beside them.
    pub fn sources(self, n_texts: Option<u32>) -> String {
        let written = match n_texts {
            Some(n) => format!("{} written texts", figures::count(n.into())),
            None => "written texts".to_owned(),
        };
        match self {
            Self { n_feeds: 0, .. } => format!("{written}, embedded"),
            // Without a row the backend, too, draws from the written texts.
            Self { n_feeds, n_queued: 0 } => {
                format!("{written}; {n_feeds} streams, no row has come yet")
            }
            Self { n_feeds, n_queued } => {
                format!("{written}; {n_feeds} streams ({} rows queued)", figures::count(n_queued))
            }
        }
    }
}

fn number(value: &Value) -> Option<u64> {
    let Value::Number(digits) = value else { return None };
    digits.parse().ok()
}

impl Health {
    /// A stable name for styles and tests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Online { .. } => "online",
            Self::Offline => "offline",
        }
    }

    /// What an answer's `env_instances` says; an answer without it came from something else, such
    /// as a static host that answers every path.
    pub fn of_answer(text: &str) -> Self {
        // Core's reader: a JSON library would be much weight for one number.
        let Some(report) = json::parse(text) else { return Self::Offline };
        match report.get("env_instances").and_then(number) {
            Some(n_envs) => Self::Online { n_envs, feeds: Feeds::of(&report) },
            None => Self::Offline,
        }
    }

    /// What streams in: nothing where there is no backend.
    pub fn feeds(self) -> Feeds {
        match self {
            Self::Online { feeds, .. } => feeds,
            Self::Connecting | Self::Offline => Feeds::default(),
        }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connecting => f.write_str("Connecting"),
            Self::Online { n_envs: 1, .. } => f.write_str("Online (1 env)"),
            Self::Online { n_envs, .. } => write!(f, "Online ({n_envs} envs)"),
            Self::Offline => f.write_str("Offline: simulation in your browser"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pill_counts_environments() {
        let shown = |text| Health::of_answer(text).to_string();
        assert_eq!(shown(r#"{"status":"ok","env_instances":0}"#), "Online (0 envs)");
        assert_eq!(shown(r#"{"env_instances":1}"#), "Online (1 env)");
    }

    #[test]
    fn feeds_are_those_that_have_a_queue() {
        let feeds = |text| Health::of_answer(text).feeds();
        let two = r#"{"env_instances":0,"queue_depths":{"nist":3,"witfoo":39}}"#;
        assert_eq!(feeds(two), Feeds { n_feeds: 2, n_queued: 42 });
        for text in [r#"{"env_instances":0,"queue_depths":{}}"#, r#"{"env_instances":0}"#, ""] {
            assert_eq!(feeds(text), Feeds::default(), "{text}");
        }
    }

    #[test]
    fn sources_are_counted_and_told_apart() {
        let feeds = |n_queued| Feeds { n_feeds: 3, n_queued };
        assert_eq!(Feeds::default().sources(None), "written texts, embedded");
        assert_eq!(Feeds::default().sources(Some(2_460)), "2,460 written texts, embedded");
        assert_eq!(feeds(3_000).sources(Some(9)), "9 written texts; 3 streams (3,000 rows queued)");
        assert_eq!(feeds(0).sources(Some(9)), "9 written texts; 3 streams, no row has come yet");
    }

    #[test]
    fn an_answer_that_is_no_health_report_is_no_backend() {
        for text in
            ["", "<!doctype html>", "{}", r#"{"env_instances":"3"}"#, r#"{"env_instances":-1}"#]
        {
            assert_eq!(Health::of_answer(text), Health::Offline, "{text}");
        }
    }
}
