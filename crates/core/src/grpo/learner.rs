//! The learner: gradients by shard, reduction in order, one optimiser step.

use super::{
    Batch, GrpoConfig, Learns, Metrics, N_SHARDS,
    loss::{Sums, belief_gradient, policy_gradient},
    optimizer::AdamW,
};
use crate::policy::{
    TrainablePolicy,
    gradient::{backward_answer, backward_beliefs},
    network::N_PARAMETERS,
};
use alloc::{vec, vec::Vec};

/// Gradient of one shard, or of a batch after [`Gradients::reduce`].
#[derive(Debug, Clone)]
pub struct Gradients {
    shard: usize,
    values: Vec<f32>,
    sums: Sums,
}

impl Gradients {
    /// Sums shards in the order of their indices, whatever order they come in.
    pub fn reduce(mut shards: Vec<Self>) -> Self {
        shards.sort_by_key(|gradients| gradients.shard);
        let mut shards = shards.into_iter();
        let Some(mut total) = shards.next() else {
            return Self { shard: 0, values: vec![0.0; N_PARAMETERS], sums: Sums::default() };
        };
        for shard in shards {
            for (sum, value) in total.values.iter_mut().zip(&shard.values) {
                *sum += value;
            }
            total.sums.add(&shard.sums);
        }
        total
    }

    /// The gradient, by parameter.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The loss that the gradient belongs to: policy and weighted belief.
    pub fn total_loss(&self, config: &GrpoConfig) -> f32 {
        self.sums.loss + config.belief_weight * self.sums.belief_loss
    }
}

/// A policy that learns.
#[derive(Debug, Clone)]
pub struct Learner {
    pub(crate) config: GrpoConfig,
    pub(crate) policy: TrainablePolicy,
    pub(crate) reference: Option<TrainablePolicy>,
    pub(crate) optimizer: AdamW,
    /// Sum of the weights of the last steps, and how many they are.
    pub(crate) sum: Vec<f64>,
    pub(crate) n_summed: u32,
}

impl Learner {
    /// Starts from `policy`, which is also the frozen reference when `beta` is not 0.
    pub fn new(config: GrpoConfig, policy: TrainablePolicy) -> Self {
        let reference = (config.beta > 0.0).then(|| policy.clone());
        Self { config, policy, reference, optimizer: AdamW::new(), sum: Vec::new(), n_summed: 0 }
    }

    /// The policy as it is now.
    pub fn policy(&self) -> &TrainablePolicy {
        &self.policy
    }

    /// The mean of the weights over the run's last steps; the policy as it is before these.
    pub fn averaged(&self) -> TrainablePolicy {
        let mut averaged = self.policy.clone();
        if self.n_summed > 0 {
            for (parameter, sum) in averaged.parameters.iter_mut().zip(&self.sum) {
                *parameter = (sum / f64::from(self.n_summed)) as f32;
            }
        }
        averaged
    }

    /// Adds the weights to the mean, if the run is near its end.
    fn average(&mut self) {
        let first = (1.0 - self.config.averaged_share) * self.config.max_steps as f32;
        if self.optimizer.n_steps() as f32 <= first {
            return;
        }
        self.sum.resize(self.policy.parameters.len(), 0.0);
        for (sum, parameter) in self.sum.iter_mut().zip(&self.policy.parameters) {
            *sum += f64::from(*parameter);
        }
        self.n_summed += 1;
    }

    /// The configuration.
    pub fn config(&self) -> &GrpoConfig {
        &self.config
    }

    /// Optimiser steps taken.
    pub fn n_steps(&self) -> u32 {
        self.optimizer.n_steps()
    }

    /// Gradient of shard `shard` of `batch` (0 to [`N_SHARDS`] − 1). Depends on nothing else, so
    /// shards may be computed on any thread.
    pub fn shard_gradients(&self, batch: &Batch, shard: usize) -> Gradients {
        let mut values = vec![0.0; N_PARAMETERS];
        let mut sums = Sums::default();
        for idx in batch.shard(shard) {
            let Some((group, advantages)) = batch.group(idx) else { continue };
            let trace = self.policy.forward(&group.features, &group.context);
            let reference = self
                .reference
                .as_ref()
                .filter(|_| !advantages.is_empty())
                .map(|policy| policy.forward(&group.features, &group.context).logits);
            let d_logits = policy_gradient(
                batch,
                group,
                advantages,
                &trace.logits,
                reference.as_ref(),
                &self.config,
                &mut sums,
            );
            let mut d_beliefs =
                belief_gradient(batch, group, trace.beliefs, &self.config, &mut sums);
            let (dense, temperatures) = (self.policy.dense(), &self.policy.temperatures);
            let through = backward_answer(dense, temperatures, &trace, &d_logits, &mut values);
            match self.config.learns {
                Learns::Answers => continue,
                Learns::Both => {}
                Learns::Jointly => {
                    d_beliefs.iter_mut().zip(through).for_each(|(d, more)| *d += more);
                }
            }
            backward_beliefs(dense, &group.features, &trace, &d_beliefs, &mut values);
        }
        Gradients { shard, values, sums }
    }

    /// Takes the optimiser step of a reduced gradient.
    pub fn apply(&mut self, batch: &Batch, gradients: &Gradients) -> Metrics {
        let (grad_norm, learning_rate) =
            self.optimizer.step(&mut self.policy.parameters, &gradients.values, &self.config);
        self.average();
        let (sums, figures) = (&gradients.sums, &batch.figures);
        Metrics {
            loss: sums.loss,
            belief_loss: sums.belief_loss,
            reward: figures.reward,
            reward_std: figures.reward_std,
            frac_reward_zero_std: figures.n_zero_std as f32 / batch.n_sound().max(1) as f32,
            n_broken_groups: figures.n_broken,
            kl: sums.kl,
            entropy: sums.entropy,
            clip_ratio_low: sums.clipped_low,
            clip_ratio_high: sums.clipped_high,
            grad_norm,
            learning_rate,
            environment_step: figures.environment_step,
            threat_awareness: figures.threat_awareness,
            false_positives: figures.false_positives,
            breaches: figures.breaches,
            phase: figures.phase,
        }
    }

    /// All shards and `num_iterations` optimiser steps on one thread; the last step's figures.
    pub fn step(&mut self, batch: &Batch) -> Metrics {
        let mut metrics = Metrics::default();
        for _ in 0..self.config.num_iterations.max(1) {
            let shards = (0..N_SHARDS).map(|shard| self.shard_gradients(batch, shard)).collect();
            metrics = self.apply(batch, &Gradients::reduce(shards));
        }
        metrics
    }
}
