//! Group Relative Policy Optimization, with TRL's names and conventions.
//!
//! A *group* is one state answered several times: each drawn action is stepped on its own copy of
//! the environment, and an answer is as good as its reward is above the group's mean. A completion
//! is one action, so per-token and per-sequence means are the same number.
//!
//! The belief head learns beside it, by log-loss on the truth that the step revealed.
//!
//! Determinism: a batch is cut into [`N_SHARDS`] fixed shards whose gradients are summed in index
//! order, so that any number of threads gives the same weights to the bit.

use crate::{
    action::ActionType, curriculum::Phase, features::FrameFeatures, frame::Vector, policy::Context,
};
use alloc::vec::Vec;

pub mod calibrate;
mod learner;
mod loss;
pub(crate) mod optimizer;
pub mod rollout;
#[cfg(test)]
mod tests;

pub use learner::{Gradients, Learner};
pub use loss::Batch;
pub use optimizer::learning_rate_at;

/// Shards of a batch, whatever the number of threads.
pub const N_SHARDS: usize = 8;

/// What a group's advantages are divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ScaleRewards {
    /// The group's standard deviation. A group shares one truth, so this erases the price ratio
    /// between a breach and a false alarm; kept for the ablation.
    Group,
    /// The batch's standard deviation.
    Batch,
    /// Nothing.
    #[default]
    None,
}

/// How samples are averaged. With one action a completion all are the mean over samples; the name
/// is kept for the record of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LossType {
    /// Mean over sequences of the mean over tokens.
    Grpo,
    /// Mean over tokens of the batch.
    Bnpo,
    /// Sum over tokens by a constant length.
    #[default]
    DrGrpo,
}

/// The knobs of a run, by TRL's names where TRL has them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GrpoConfig {
    /// Answers per group.
    pub num_generations: u32,
    /// Groups per optimiser step.
    pub groups_per_step: u32,
    /// Optimiser steps of the whole run: the schedule ends there.
    pub max_steps: u32,
    /// Weight of the KL term against the reference policy; 0 does without a reference.
    pub beta: f32,
    /// Clip range below 1 (and above, unless `epsilon_high` says otherwise).
    pub epsilon: f32,
    /// Clip range above 1.
    pub epsilon_high: f32,
    /// Optimiser steps per batch.
    pub num_iterations: u32,
    /// What advantages are divided by.
    pub scale_rewards: ScaleRewards,
    /// How samples are averaged.
    pub loss_type: LossType,
    /// Peak of the schedule.
    pub learning_rate: f32,
    /// Share of `max_steps` over which the learning rate rises.
    pub warmup_ratio: f32,
    /// Sampling temperature; log-probabilities are taken at it too.
    pub temperature: f32,
    /// `AdamW`'s decay, on everything but biases.
    pub weight_decay: f32,
    /// Gradients longer than this are scaled down.
    pub max_grad_norm: f32,
    /// `AdamW`'s decay of the mean.
    pub adam_beta1: f32,
    /// `AdamW`'s decay of the square.
    pub adam_beta2: f32,
    /// `AdamW`'s guard against division by zero.
    pub adam_epsilon: f32,
    /// Weights of the reward functions `environment_step` and `threat_awareness`.
    pub reward_weights: [f32; 2],
    /// Weight of the belief head's log-loss.
    pub belief_weight: f32,
    /// Probability that ticks, and that past actions, are made unknown in a rollout.
    pub context_dropout: f32,
    /// Share of n-grams (half of it for detectors) that a rollout's frames forget.
    pub feature_dropout: f32,
    /// What a step teaches.
    pub learns: Learns,
    /// Share of the run's last steps whose weights are averaged into the result (Polyak and
    /// Juditsky 1992).
    pub averaged_share: f32,
    /// How the return still to come counts in the advantages.
    pub future: Future,
}

impl Default for GrpoConfig {
    fn default() -> Self {
        Self {
            num_generations: 8,
            groups_per_step: 64,
            max_steps: 16_000,
            beta: 0.0,
            epsilon: 0.2,
            epsilon_high: 0.2,
            num_iterations: 1,
            scale_rewards: ScaleRewards::None,
            loss_type: LossType::DrGrpo,
            learning_rate: 3e-3,
            warmup_ratio: 0.03,
            temperature: 1.0,
            weight_decay: 0.01,
            max_grad_norm: 1.0,
            adam_beta1: 0.9,
            adam_beta2: 0.99,
            adam_epsilon: 1e-8,
            reward_weights: [1.0, 0.0],
            belief_weight: 3.0,
            context_dropout: 0.5,
            feature_dropout: 0.8,
            learns: Learns::Both,
            averaged_share: 0.4,
            future: Future::Breach,
        }
    }
}

/// One state, answered several times.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The frame's features.
    pub features: FrameFeatures,
    /// The context the policy answered in.
    pub context: Context,
    /// The answers; the episode went on with the first.
    pub actions: Vec<ActionType>,
    /// Their log-probabilities when drawn.
    pub old_logps: Vec<f32>,
    /// Reward function `environment_step`: the total reward of each answer's step.
    pub rewards: Vec<f32>,
    /// Reward function `threat_awareness`: +1 neutralised, −1 not, 0 on a benign frame.
    pub threat_awareness: Vec<f32>,
    /// What is still to come after each answer, on average; for the advantages and nothing else.
    pub futures: Vec<f32>,
    /// Truth, revealed by the step.
    pub vector: Vector,
    /// Phase the state was met in.
    pub phase: Phase,
}

impl Group {
    /// Whether it is an attack.
    pub fn malicious(&self) -> bool {
        self.vector.malicious()
    }

    /// Whether it is an escape from the STDIO sandbox.
    pub fn stdio(&self) -> bool {
        self.vector == Vector::StdioEscape
    }
}

/// What a step teaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Learns {
    /// Beliefs by their log-loss, answers by GRPO; answers do not shape beliefs.
    #[default]
    Both,
    /// The same, and the policy's gradient goes on through the beliefs into what they are made from.
    Jointly,
    /// Answers alone: for frames that the beliefs did not train on.
    Answers,
}

/// How the return still to come after an answer counts in its advantage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Future {
    /// Not at all: an answer is as good as the reward of its step.
    None,
    /// A breach forfeits what the other answers keep.
    #[default]
    Breach,
    /// In full: a breach forfeits it, and ticks that are spent now are missing later.
    All,
}

/// Figures of an optimiser step; names as TRL logs them ([`Metrics::named`]).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Metrics {
    /// Policy loss, KL included, belief loss not.
    pub loss: f32,
    /// Log-loss of the belief head.
    pub belief_loss: f32,
    /// Mean weighted reward.
    pub reward: f32,
    /// Mean over groups of the standard deviation within.
    pub reward_std: f32,
    /// Share of groups without variance.
    pub frac_reward_zero_std: f32,
    /// Groups left out for a NaN or a missing number.
    pub n_broken_groups: u32,
    /// Mean KL to the reference policy (k3).
    pub kl: f32,
    /// Mean entropy of the action distribution.
    pub entropy: f32,
    /// Share of samples clipped below.
    pub clip_ratio_low: f32,
    /// Share of samples clipped above.
    pub clip_ratio_high: f32,
    /// Length of the gradient before clipping.
    pub grad_norm: f32,
    /// Learning rate of the step.
    pub learning_rate: f32,
    /// Mean of `environment_step`.
    pub environment_step: f32,
    /// Mean of `threat_awareness`.
    pub threat_awareness: f32,
    /// Share of answers to benign frames that stop them.
    pub false_positives: f32,
    /// Share of answers to attacks that let them breach.
    pub breaches: f32,
    /// Mean phase, 0 to 2.
    pub phase: f32,
}

impl Metrics {
    /// Names and values for a log line.
    pub fn named(&self) -> [(&'static str, f32); 18] {
        [
            ("loss", self.loss),
            ("belief_loss", self.belief_loss),
            ("reward", self.reward),
            ("reward_std", self.reward_std),
            ("frac_reward_zero_std", self.frac_reward_zero_std),
            ("n_broken_groups", self.n_broken_groups as f32),
            ("kl", self.kl),
            ("entropy", self.entropy),
            ("clip_ratio/low_mean", self.clip_ratio_low),
            ("clip_ratio/high_mean", self.clip_ratio_high),
            ("clip_ratio/region_mean", self.clip_ratio_low + self.clip_ratio_high),
            ("grad_norm", self.grad_norm),
            ("learning_rate", self.learning_rate),
            ("rewards/environment_step/mean", self.environment_step),
            ("rewards/threat_awareness/mean", self.threat_awareness),
            ("false_positives", self.false_positives),
            ("breaches", self.breaches),
            ("phase", self.phase),
        ]
    }
}
