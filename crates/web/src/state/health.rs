//! Whether a backend is there: what the status pill says.

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
    },
    /// No backend, or none that answers: the page plays alone.
    Offline,
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
        let report = json::parse(text);
        match report.as_ref().and_then(|report| report.get("env_instances")) {
            Some(Value::Number(digits)) => {
                digits.parse().map_or(Self::Offline, |n_envs| Self::Online { n_envs })
            }
            _ => Self::Offline,
        }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connecting => f.write_str("Connecting"),
            Self::Online { n_envs: 1 } => f.write_str("Online (1 env)"),
            Self::Online { n_envs } => write!(f, "Online ({n_envs} envs)"),
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
    fn an_answer_that_is_no_health_report_is_no_backend() {
        for text in
            ["", "<!doctype html>", "{}", r#"{"env_instances":"3"}"#, r#"{"env_instances":-1}"#]
        {
            assert_eq!(Health::of_answer(text), Health::Offline, "{text}");
        }
    }
}
