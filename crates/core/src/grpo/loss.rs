//! Advantages and the clipped loss, as a gradient on the logits.

use super::{Future, Group, GrpoConfig, N_SHARDS, ScaleRewards};
use crate::{
    action::{ActionType, N_ACTIONS},
    frame::Vector,
    math,
    policy::N_BELIEFS,
};
use alloc::{vec, vec::Vec};
use core::ops::Range;

/// Added to a standard deviation before dividing, as TRL does.
const STD_EPSILON: f32 = 1e-4;
/// Weight of a vector's log-loss beside that of P(malicious).
const VECTOR_WEIGHT: f32 = 0.3;

/// Groups with their advantages.
#[derive(Debug, Clone)]
pub struct Batch {
    groups: Vec<Group>,
    /// Per group: advantages, empty when it gives no policy gradient.
    advantages: Vec<Vec<f32>>,
    /// Per group: whether all its numbers are numbers.
    sound: Vec<bool>,
    n_samples: usize,
    n_sound: usize,
    pub(super) figures: Figures,
}

/// Figures that follow from the groups alone.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Figures {
    pub(super) reward: f32,
    pub(super) reward_std: f32,
    pub(super) n_zero_std: u32,
    pub(super) n_broken: u32,
    pub(super) environment_step: f32,
    pub(super) threat_awareness: f32,
    pub(super) false_positives: f32,
    pub(super) breaches: f32,
    pub(super) phase: f32,
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len().max(1) as f32
}

/// Standard deviation with n − 1, as torch's default.
fn std(values: &[f32]) -> f32 {
    let mean = mean(values);
    let squares: f32 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    math::sqrt(squares / values.len().saturating_sub(1).max(1) as f32)
}

fn is_sound(group: &Group) -> bool {
    let n = group.actions.len();
    let lists = [&group.old_logps, &group.rewards, &group.threat_awareness, &group.futures];
    n > 0 && lists.iter().all(|list| list.len() == n && list.iter().all(|v| v.is_finite()))
}

/// Whether an answer lets an attack through.
pub(super) fn is_breach(action: ActionType, malicious: bool, stdio: bool) -> bool {
    malicious && (action == ActionType::Allow || (stdio && action != ActionType::RevokeStdio))
}

/// What the future adds to the advantage of each answer.
fn futures(group: &Group, future: Future) -> Vec<f32> {
    let breach = |action: ActionType| is_breach(action, group.malicious(), group.stdio());
    // A breach ends what is to come; never a gain, so that a losing policy is not paid for giving up.
    let best = group.futures.iter().copied().fold(0.0, f32::max);
    let worst = group.futures.iter().copied().fold(0.0, f32::min);
    let answers = group.actions.iter().zip(&group.futures);
    let counted: Vec<f32> = match future {
        Future::None => return vec![0.0; group.actions.len()],
        Future::Breach => answers.map(|(a, _)| if breach(*a) { -best } else { 0.0 }).collect(),
        Future::All => answers.map(|(a, f)| if breach(*a) { worst } else { *f }).collect(),
    };
    let mean = if future == Future::All { mean(&counted) } else { 0.0 };
    counted.into_iter().map(|value| value - mean).collect()
}

impl Batch {
    /// Computes the advantages of `groups`.
    pub fn new(groups: Vec<Group>, config: &GrpoConfig) -> Self {
        let [step_weight, awareness_weight] = config.reward_weights;
        let weighted = |group: &Group| -> Vec<f32> {
            let both = group.rewards.iter().zip(&group.threat_awareness);
            // A weight of 0 keeps even a NaN of an unused reward function from counting: such a
            // group is broken and left out before this is used.
            both.map(|(step, awareness)| step_weight * step + awareness_weight * awareness)
                .collect()
        };
        let sound: Vec<bool> = groups.iter().map(is_sound).collect();
        let rewards: Vec<Vec<f32>> = groups.iter().map(weighted).collect();
        let all: Vec<f32> = rewards
            .iter()
            .zip(&sound)
            .filter(|(_, sound)| **sound)
            .flat_map(|(rewards, _)| rewards.iter().copied())
            .collect();
        let batch_std = std(&all);
        let mut advantages = Vec::with_capacity(groups.len());
        let mut figures = figures(&groups, &sound);
        figures.reward = mean(&all);
        let mut std_sum = 0.0;
        for ((group, rewards), sound) in groups.iter().zip(&rewards).zip(&sound) {
            if !sound {
                figures.n_broken += 1;
                advantages.push(Vec::new());
                continue;
            }
            let group_std = std(rewards);
            std_sum += group_std;
            let first = rewards.first().copied().unwrap_or(0.0);
            if rewards.iter().all(|r| *r == first) {
                figures.n_zero_std += 1;
                advantages.push(Vec::new());
                continue;
            }
            let scale = match config.scale_rewards {
                ScaleRewards::Group => group_std + STD_EPSILON,
                ScaleRewards::Batch => batch_std + STD_EPSILON,
                ScaleRewards::None => 1.0,
            };
            let mean = mean(rewards);
            let futures = futures(group, config.future);
            let above = rewards.iter().zip(futures).map(|(r, f)| (r - mean) / scale + f);
            advantages.push(above.collect());
        }
        let n_sound = sound.iter().filter(|s| **s).count();
        figures.reward_std = std_sum / n_sound.max(1) as f32;
        Self { groups, advantages, sound, n_samples: all.len(), n_sound, figures }
    }

    /// The groups.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Sound groups.
    pub(super) fn n_sound(&self) -> usize {
        self.n_sound
    }

    /// Which groups belong to a shard.
    pub(super) fn shard(&self, shard: usize) -> Range<usize> {
        let n = self.groups.len();
        let shard = shard.min(N_SHARDS);
        shard * n / N_SHARDS..(shard + 1).min(N_SHARDS) * n / N_SHARDS
    }

    /// A sound group and its advantages; empty advantages give no policy gradient.
    pub(super) fn group(&self, idx: usize) -> Option<(&Group, &[f32])> {
        let sound = self.sound.get(idx).copied().unwrap_or(false);
        let group = self.groups.get(idx).filter(|_| sound)?;
        Some((group, self.advantages.get(idx)?))
    }
}

fn figures(groups: &[Group], sound: &[bool]) -> Figures {
    let (mut steps, mut awareness, mut n) = (0.0, 0.0, 0usize);
    let (mut alarms, mut n_benign, mut breaches, mut n_malicious) =
        (0usize, 0usize, 0usize, 0usize);
    let (mut phase, mut n_aware) = (0.0, 0usize);
    let sound_groups =
        groups.iter().zip(sound).filter(|(_, sound)| **sound).map(|(group, _)| group);
    for group in sound_groups {
        n += group.actions.len();
        steps += group.rewards.iter().sum::<f32>();
        phase += group.phase as u8 as f32 * group.actions.len() as f32;
        if group.malicious() {
            n_aware += group.actions.len();
            awareness += group.threat_awareness.iter().sum::<f32>();
        }
        for &action in &group.actions {
            if group.malicious() {
                n_malicious += 1;
                breaches += usize::from(is_breach(action, true, group.stdio()));
            } else {
                n_benign += 1;
                alarms += usize::from(!matches!(action, ActionType::Allow | ActionType::Spotlight));
            }
        }
    }
    let share = |part: f32, of: usize| part / of.max(1) as f32;
    Figures {
        environment_step: share(steps, n),
        threat_awareness: share(awareness, n_aware),
        false_positives: share(alarms as f32, n_benign),
        breaches: share(breaches as f32, n_malicious),
        phase: share(phase, n),
        ..Figures::default()
    }
}

/// Sums over samples and groups of one shard.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) loss: f32,
    pub(super) belief_loss: f32,
    pub(super) kl: f32,
    pub(super) entropy: f32,
    pub(super) clipped_low: f32,
    pub(super) clipped_high: f32,
}

impl Sums {
    pub(super) fn add(&mut self, other: &Self) {
        self.loss += other.loss;
        self.belief_loss += other.belief_loss;
        self.kl += other.kl;
        self.entropy += other.entropy;
        self.clipped_low += other.clipped_low;
        self.clipped_high += other.clipped_high;
    }
}

/// ln softmax(logits / temperature).
pub(super) fn log_probabilities(logits: &[f32; N_ACTIONS], temperature: f32) -> [f32; N_ACTIONS] {
    let scaled = logits.map(|v| v / temperature);
    let max = scaled.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let log_sum = max + math::ln(scaled.iter().map(|v| math::exp(v - max)).sum());
    scaled.map(|v| v - log_sum)
}

/// Adds a group's policy loss to `sums`; returns its gradient on the action logits, already
/// divided by the number of samples of the batch.
pub(super) fn policy_gradient(
    batch: &Batch,
    group: &Group,
    advantages: &[f32],
    logits: &[f32; N_ACTIONS],
    reference: Option<&[f32; N_ACTIONS]>,
    config: &GrpoConfig,
    sums: &mut Sums,
) -> [f32; N_ACTIONS] {
    let logps = log_probabilities(logits, config.temperature);
    let reference = reference.map(|logits| log_probabilities(logits, config.temperature));
    let probabilities = logps.map(math::exp);
    let n = batch.n_samples.max(1) as f32;
    sums.entropy -= probabilities.iter().zip(&logps).map(|(p, l)| p * l).sum::<f32>()
        * group.actions.len() as f32
        / n;
    // d loss / d logp, by action: samples of one action share its log-probability.
    let mut by_action = [0.0f32; N_ACTIONS];
    for (&action, (&old_logp, &advantage)) in
        group.actions.iter().zip(group.old_logps.iter().zip(advantages))
    {
        let at = action.index();
        let logp = logps.get(at).copied().unwrap_or(0.0);
        let ratio = math::exp(logp - old_logp);
        let clipped = ratio.clamp(1.0 - config.epsilon, 1.0 + config.epsilon_high);
        let low = advantage < 0.0 && ratio < 1.0 - config.epsilon;
        let high = advantage > 0.0 && ratio > 1.0 + config.epsilon_high;
        sums.clipped_low += f32::from(low) / n;
        sums.clipped_high += f32::from(high) / n;
        sums.loss -= (ratio * advantage).min(clipped * advantage) / n;
        let mut d_logp = if low || high { 0.0 } else { -advantage * ratio };
        if let Some(reference) = &reference {
            // k3: exp(d) − d − 1 with d = ref − logp, an unbiased estimate that is never negative.
            let d = reference.get(at).copied().unwrap_or(0.0) - logp;
            let k3 = math::exp(d) - d - 1.0;
            sums.kl += k3 / n;
            sums.loss += config.beta * k3 / n;
            d_logp += config.beta * (1.0 - math::exp(d));
        }
        if let Some(slot) = by_action.get_mut(at) {
            *slot += d_logp / n;
        }
    }
    let total: f32 = by_action.iter().sum();
    let mut gradient = [0.0; N_ACTIONS];
    for ((slot, d_logp), p) in gradient.iter_mut().zip(by_action).zip(probabilities) {
        *slot = (d_logp - total * p) / config.temperature;
    }
    gradient
}

/// Log-loss of a logit.
fn log_loss(logit: f32, truth: bool) -> f32 {
    // ln(1 + e^-|x|) + max(x, 0) − x·y, without overflow.
    let y = f32::from(truth);
    math::ln(1.0 + math::exp(-logit.abs())) + logit.max(0.0) - logit * y
}

/// Adds a group's belief loss to `sums`; returns its gradient on the belief logits.
pub(super) fn belief_gradient(
    batch: &Batch,
    group: &Group,
    beliefs: [f32; N_BELIEFS],
    config: &GrpoConfig,
    sums: &mut Sums,
) -> [f32; N_BELIEFS] {
    let n = batch.n_sound().max(1) as f32;
    let weight = config.belief_weight / n;
    let mut gradient = [0.0; N_BELIEFS];
    for ((slot, logit), vector) in gradient.iter_mut().zip(beliefs).zip(Vector::ALL) {
        // The first is P(malicious); the vectors are asked of attacks alone.
        let (truth, share) = if *vector == Vector::Benign {
            (group.malicious(), 1.0)
        } else if group.malicious() {
            (group.vector == *vector, VECTOR_WEIGHT)
        } else {
            continue;
        };
        sums.belief_loss += share * log_loss(logit, truth) / n;
        *slot = share * weight * (math::sigmoid(logit) - f32::from(truth));
    }
    gradient
}
