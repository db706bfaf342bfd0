//! A conformance check of the environment, in the spirit of Gymnasium's `check_env`.
//!
//! Ships with the crate, so that whoever changes rules or corpus can run it: `omniguard check`.

mod blind;
mod leaks;
mod rules;

#[cfg(all(test, feature = "serde"))]
pub(crate) use leaks::check as check_leaks;

use crate::corpus::Corpus;
use crate::environment::ConfigError;
use crate::frame::Split;
use alloc::{string::String, sync::Arc, vec::Vec};

/// How thoroughly to check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Steps of the checks that play at random.
    pub n_steps: u32,
    /// Episodes per policy and phase of the checks that compare policies.
    pub n_episodes: u32,
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was checked.
    pub name: &'static str,
    /// Whether it holds.
    pub passed: bool,
    /// Figures, or what is wrong.
    pub detail: String,
}

impl Finding {
    fn new(name: &'static str, passed: bool, detail: String) -> Self {
        Self { name, passed, detail }
    }
}

/// Runs every check on the frames of `split`.
pub fn check_env(
    corpus: &Arc<Corpus>,
    split: Split,
    effort: Effort,
) -> Result<Vec<Finding>, ConfigError> {
    let mut findings = rules::check(corpus, split, effort)?;
    findings.extend(leaks::check(corpus, split, effort)?);
    findings.extend(blind::check(corpus, split, effort)?);
    Ok(findings)
}
