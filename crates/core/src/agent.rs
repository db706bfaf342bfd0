//! Agents that answer frames: the baselines that every report carries, and policies.

mod oracle;
mod rules;

pub use oracle::{Oracle, OracleTable};
pub use rules::Rules;

use crate::action::{Action, ActionType, N_ACTIONS};
use crate::environment::Environment;
use crate::policy::{Context, Policy};
use crate::rng::Rng;
use alloc::{string::String, sync::Arc, vec::Vec};

/// What an agent believes about a frame, where it has beliefs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beliefs {
    /// Probability that the frame is an attack.
    pub p_malicious: f32,
    /// Probability that it is a STDIO escape.
    pub p_stdio: f32,
}

/// Somebody who answers frames.
pub trait Agent {
    /// Answers the frame in hand of `env`, knowing `context` of its own episode.
    fn act(&mut self, env: &Environment, context: &Context) -> Action;

    /// Beliefs behind the last answer.
    fn beliefs(&self) -> Option<Beliefs> {
        None
    }
}

/// Always the same action, with an honest confidence of one half.
#[derive(Debug, Clone, Copy)]
pub struct Constant(pub ActionType);

impl Agent for Constant {
    fn act(&mut self, _env: &Environment, _context: &Context) -> Action {
        explained(self.0, 0.5, "the same answer to every frame")
    }
}

/// A uniformly random action.
#[derive(Debug, Clone)]
pub struct Random(pub Rng);

impl Agent for Random {
    fn act(&mut self, _env: &Environment, _context: &Context) -> Action {
        let action = ActionType::ALL[self.0.below(N_ACTIONS as u32) as usize];
        explained(action, 0.5, "drawn at random")
    }
}

/// A policy network, greedy or sampled.
#[derive(Debug, Clone)]
pub struct Neural {
    policy: Arc<Policy>,
    /// Randomness of a sampled policy; `None` is greedy.
    sampler: Option<Rng>,
    beliefs: Option<Beliefs>,
}

impl Neural {
    /// Takes the most probable action.
    pub fn greedy(policy: Arc<Policy>) -> Self {
        Self { policy, sampler: None, beliefs: None }
    }

    /// Draws the action at temperature 1.
    pub fn sampled(policy: Arc<Policy>, rng: Rng) -> Self {
        Self { policy, sampler: Some(rng), beliefs: None }
    }
}

impl Agent for Neural {
    fn act(&mut self, env: &Environment, context: &Context) -> Action {
        // Generated frames are far below the limit, so a refusal cannot happen; holding the frame
        // is the answer that neither breaks business nor lets an attack through.
        let Ok(mut decision) = self.policy.decide(&env.frame_text(), context) else {
            return explained(ActionType::Spotlight, 0.5, "the frame could not be judged");
        };
        if let Some(rng) = &mut self.sampler {
            decision = decision.sampled(rng, 1.0);
        }
        self.beliefs =
            Some(Beliefs { p_malicious: decision.p_malicious, p_stdio: decision.p_stdio });
        decision.action()
    }

    fn beliefs(&self) -> Option<Beliefs> {
        self.beliefs
    }
}

/// An action with a rationale that code made, within all limits.
fn explained(action: ActionType, confidence: f32, rationale: &str) -> Action {
    explained_with(action, confidence, rationale, Vec::new())
}

fn explained_with(
    action: ActionType,
    confidence: f32,
    rationale: &str,
    restrictions: Vec<String>,
) -> Action {
    Action::new(action, confidence, rationale.into(), restrictions)
        .unwrap_or_else(|_| Action::of(action))
}
