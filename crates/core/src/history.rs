//! The run's last decisions: what the verifier looks back on and the memory trace shows.

use crate::action::ActionType;
use crate::frame::named_enum;

/// How many decisions are kept.
pub const CAPACITY: usize = 10;

named_enum! {
    /// How an answer turned out.
    Verdict {
        /// A benign frame was let through.
        TrueNegative = "true_negative",
        /// An attack was neutralised.
        TruePositive = "true_positive",
        /// A benign frame was stopped.
        FalsePositive = "false_positive",
        /// A benign frame was held for analysis.
        Escalated = "escalated",
        /// An attack got through, or a STDIO escape was answered by anything but `REVOKE_STDIO`.
        Breach = "breach",
    }
}

impl Verdict {
    /// A neutralised attack, or a benign frame let through.
    pub const fn right(self) -> bool {
        matches!(self, Self::TrueNegative | Self::TruePositive)
    }
}

/// One past decision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decision {
    /// Position of the frame in its episode.
    pub step_idx: u32,
    /// What was answered.
    pub action: ActionType,
    /// Whether the frame was an attack.
    pub malicious: bool,
    /// How it turned out.
    pub verdict: Verdict,
    /// Total reward.
    pub reward: f32,
}

/// The last decisions of a run, across episodes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    ring: [Option<Decision>; CAPACITY],
    /// Where the next one goes.
    next: u32,
}

impl History {
    /// Adds a decision; the oldest one leaves.
    pub fn push(&mut self, decision: Decision) {
        self.ring[self.next as usize] = Some(decision);
        self.next = (self.next + 1) % CAPACITY as u32;
    }

    /// The last decisions, newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &Decision> {
        let next = self.next as usize;
        (1..=CAPACITY).filter_map(move |age| self.ring[(next + CAPACITY - age) % CAPACITY].as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn keeps_the_newest_in_order() {
        let mut history = History::default();
        for step_idx in 0..13 {
            history.push(Decision {
                step_idx,
                action: ActionType::Allow,
                malicious: false,
                verdict: Verdict::TrueNegative,
                reward: 0.2,
            });
        }
        let steps: Vec<_> = history.newest_first().map(|decision| decision.step_idx).collect();
        assert_eq!(steps, (3..13).rev().collect::<Vec<_>>());
    }
}
