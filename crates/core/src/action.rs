//! The six answers to a frame.

use alloc::{string::String, vec::Vec};

/// Longest accepted rationale, in characters.
pub const MAX_RATIONALE_CHARS: usize = 2_000;
/// Most restriction names an action may carry.
pub const MAX_RESTRICTIONS: usize = 32;
/// Number of actions.
pub const N_ACTIONS: usize = 6;

/// What to do with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ActionType {
    /// Let the frame through.
    Allow,
    /// Reject and quarantine.
    Block,
    /// Hold for deeper analysis.
    Spotlight,
    /// Compare embeddings of the raw and the decoded text for drift.
    SemanticDiff,
    /// Let it through with the listed capabilities restricted.
    CapabilityMediation,
    /// Sever the STDIO/TTY channel.
    RevokeStdio,
}

impl ActionType {
    /// All actions, in the order of the policy's logits.
    pub const ALL: [Self; N_ACTIONS] = [
        Self::Allow,
        Self::Block,
        Self::Spotlight,
        Self::SemanticDiff,
        Self::CapabilityMediation,
        Self::RevokeStdio,
    ];

    /// The wire name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "ALLOW",
            Self::Block => "BLOCK",
            Self::Spotlight => "SPOTLIGHT",
            Self::SemanticDiff => "SEMANTIC_DIFF",
            Self::CapabilityMediation => "CAPABILITY_MEDIATION",
            Self::RevokeStdio => "REVOKE_STDIO",
        }
    }

    /// What the action does, in a sentence.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Allow => "Let the frame through",
            Self::Block => "Reject the frame and quarantine it",
            Self::Spotlight => "Hold the frame for deeper analysis",
            Self::SemanticDiff => "Compare embeddings of the raw and the decoded text for drift",
            Self::CapabilityMediation => {
                "Let the frame through with the listed tool capabilities restricted"
            }
            Self::RevokeStdio => "Sever the STDIO/TTY channel",
        }
    }

    /// When to use the action.
    pub const fn use_case(self) -> &'static str {
        match self {
            Self::Allow => "Ordinary, verified traffic",
            Self::Block => "A clear attack",
            Self::Spotlight => "An uncertain frame",
            Self::SemanticDiff => "An obfuscated attack",
            Self::CapabilityMediation => "An attempt at more privileges than are due",
            Self::RevokeStdio => "A sandbox escape: the only answer to it",
        }
    }

    /// Time the action takes, in ticks of the latency budget.
    pub const fn ticks(self) -> u32 {
        match self {
            Self::Spotlight | Self::SemanticDiff => 2,
            _ => 1,
        }
    }

    /// The action of a wire name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }

    /// The action of a logit's index.
    pub fn from_index(idx: usize) -> Option<Self> {
        Self::ALL.get(idx).copied()
    }

    /// Index of the action's logit.
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// An answer to one frame, validated: see [`Action::new`].
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    action_type: ActionType,
    confidence: f32,
    rationale: String,
    mcp_restrictions: Vec<String>,
}

pub use crate::error::ActionError;

impl Action {
    /// An action with the defaults: confidence 0.5, no rationale, no restrictions.
    pub fn of(action_type: ActionType) -> Self {
        Self {
            action_type,
            confidence: 0.5,
            rationale: String::new(),
            mcp_restrictions: Vec::new(),
        }
    }

    /// A full action; refuses what the rules exclude.
    pub fn new(
        action_type: ActionType,
        confidence: f32,
        rationale: String,
        mcp_restrictions: Vec<String>,
    ) -> Result<Self, ActionError> {
        if !(0.0..=1.0).contains(&confidence) {
            return Err(ActionError::ConfidenceOutOfRange);
        }
        let n_chars = rationale.chars().count();
        if n_chars > MAX_RATIONALE_CHARS {
            return Err(ActionError::RationaleTooLong { n_chars });
        }
        let n_restrictions = mcp_restrictions.len();
        if n_restrictions > MAX_RESTRICTIONS {
            return Err(ActionError::TooManyRestrictions { n_restrictions });
        }
        Ok(Self { action_type, confidence, rationale, mcp_restrictions })
    }

    /// What to do.
    pub fn action_type(&self) -> ActionType {
        self.action_type
    }

    /// Probability, by the agent's own belief, that the action is right.
    pub fn confidence(&self) -> f32 {
        self.confidence
    }

    /// Why, in the agent's words.
    pub fn rationale(&self) -> &str {
        &self.rationale
    }

    /// Capabilities or tools to restrict.
    pub fn mcp_restrictions(&self) -> &[String] {
        &self.mcp_restrictions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn names_and_indices_round_trip() {
        for action in ActionType::ALL {
            assert_eq!(ActionType::from_name(action.name()), Some(action));
            assert_eq!(ActionType::from_index(action.index()), Some(action));
        }
        assert_eq!(ActionType::from_name("allow"), None);
    }

    #[test]
    fn what_the_rules_exclude_is_refused() {
        let action = |c, r: String, m| Action::new(ActionType::Block, c, r, m);
        assert_eq!(action(f32::NAN, String::new(), vec![]), Err(ActionError::ConfidenceOutOfRange));
        assert_eq!(
            action(0.5, "x".repeat(2_001), vec![]),
            Err(ActionError::RationaleTooLong { n_chars: 2_001 })
        );
        assert_eq!(
            action(0.5, String::new(), vec![String::new(); 33]),
            Err(ActionError::TooManyRestrictions { n_restrictions: 33 })
        );
    }
}
