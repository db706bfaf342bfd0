//! `AdamW` with global gradient clipping and a cosine schedule.

use super::GrpoConfig;
use crate::{
    math,
    policy::network::{self, N_PARAMETERS, N_TABLE_PARAMETERS},
};
use alloc::{vec, vec::Vec};

/// Learning rate of optimiser step `step` (from 0): linear warm-up, then a half cosine to zero.
pub fn learning_rate_at(config: &GrpoConfig, step: u32) -> f32 {
    let total = config.max_steps.max(1) as f32;
    let warmup = (config.warmup_ratio.clamp(0.0, 1.0) * total).max(1.0);
    let at = step as f32 + 1.0;
    if at <= warmup {
        return config.learning_rate * at / warmup;
    }
    let progress = ((at - warmup) / (total - warmup).max(1.0)).min(1.0);
    config.learning_rate * 0.5 * (1.0 + math::cos(core::f32::consts::PI * progress))
}

/// Moments of every parameter.
#[derive(Debug, Clone)]
pub(crate) struct AdamW {
    pub(crate) means: Vec<f32>,
    pub(crate) squares: Vec<f32>,
    pub(crate) n_steps: u32,
}

impl AdamW {
    pub(super) fn new() -> Self {
        Self { means: vec![0.0; N_PARAMETERS], squares: vec![0.0; N_PARAMETERS], n_steps: 0 }
    }

    pub(super) fn n_steps(&self) -> u32 {
        self.n_steps
    }

    /// Clips, updates, and returns the gradient's length and the learning rate. A gradient that is
    /// not finite changes nothing.
    pub(super) fn step(
        &mut self,
        parameters: &mut [f32],
        gradients: &[f32],
        config: &GrpoConfig,
    ) -> (f32, f32) {
        let rate = learning_rate_at(config, self.n_steps);
        let norm = math::sqrt(gradients.iter().map(|g| g * g).sum());
        self.n_steps += 1;
        if !norm.is_finite() {
            return (norm, rate);
        }
        let clip = if norm > config.max_grad_norm { config.max_grad_norm / norm } else { 1.0 };
        let (b1, b2) = (config.adam_beta1, config.adam_beta2);
        let step = self.n_steps as f32;
        let (bias1, bias2) = (1.0 - math::pow(b1, step), 1.0 - math::pow(b2, step));
        let scale = rate / bias1;
        let biases = [
            network::SEGMENT_BIAS,
            network::FRAME_BIAS,
            network::ANSWER_BIAS,
            network::ACTION_BIAS,
            network::BELIEF_BIAS,
        ];
        let decay = 1.0 - rate * config.weight_decay;
        let moments = self.means.iter_mut().zip(&mut self.squares);
        for (((parameter, gradient), (mean, square)), idx) in
            parameters.iter_mut().zip(gradients).zip(moments).zip(0usize..)
        {
            let g = gradient * clip;
            *mean = b1 * *mean + (1.0 - b1) * g;
            *square = b2 * *square + (1.0 - b2) * g * g;
            // A row that was never met has nothing to learn and nothing to forget.
            if *square == 0.0 {
                continue;
            }
            let is_bias = idx >= N_TABLE_PARAMETERS
                && biases.iter().any(|range| range.contains(&(idx - N_TABLE_PARAMETERS)));
            if !is_bias {
                *parameter *= decay;
            }
            *parameter -= scale * *mean / (math::sqrt(*square / bias2) + config.adam_epsilon);
        }
        (norm, rate)
    }
}
