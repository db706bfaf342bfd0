//! Groups from environments: a state, several drawn actions, each stepped on a copy.

use super::{
    Group, GrpoConfig,
    loss::{is_breach, log_probabilities},
};
use crate::{
    action::{Action, ActionType, N_ACTIONS},
    curriculum::Phase,
    environment::{Environment, MAX_EPISODE_LENGTH, StepError},
    features::FrameFeatures,
    frame::Vector,
    math,
    policy::{Context, TrainablePolicy, beliefs_of, confidence_in},
    rng::Rng,
    tool_request,
};
use alloc::{string::String, vec, vec::Vec};

/// Number of phases.
const N_PHASES: usize = 3;
/// How fast the mean of the return still to come follows.
const RETURN_RATE: f32 = 0.05;
/// The rules ask for a rationale; drawing one from the gradient for every copy would cost more
/// than the step.
const RATIONALE: &str = "drawn in a rollout";

/// Running mean of what an episode still earns, by phase and frames left.
#[derive(Debug, Clone)]
struct Returns {
    means: [[f32; MAX_EPISODE_LENGTH as usize + 1]; N_PHASES],
}

impl Returns {
    fn slot(&mut self, phase: Phase, frames_left: u32) -> Option<&mut f32> {
        self.means.get_mut(phase as usize)?.get_mut(frames_left as usize)
    }

    /// What a breach forfeits; never a gain, so that a losing policy is not paid for giving up.
    fn forfeit(&mut self, phase: Phase, frames_left: u32) -> f32 {
        -self.slot(phase, frames_left).map_or(0.0, |mean| mean.max(0.0))
    }

    /// Learns from an ended episode: `steps` holds the frames left behind each step and its reward.
    fn learn(&mut self, phase: Phase, steps: &[(u32, f32)]) {
        let mut still_to_come = 0.0;
        for &(frames_left, reward) in steps.iter().rev() {
            if let Some(mean) = self.slot(phase, frames_left) {
                *mean += RETURN_RATE * (still_to_come - *mean);
            }
            still_to_come += reward;
        }
    }
}

/// One environment that a policy plays to collect groups. Actors share nothing, so they may run
/// on any thread.
#[derive(Debug, Clone)]
pub struct Actor {
    env: Environment,
    rng: Rng,
    returns: Returns,
    episode: Vec<(u32, f32)>,
}

impl Actor {
    /// Plays `env`; `seed` drives the draws of actions and of dropped context.
    pub fn new(mut env: Environment, seed: u64) -> Self {
        env.reset();
        let means = [[0.0; MAX_EPISODE_LENGTH as usize + 1]; N_PHASES];
        Self { env, rng: Rng::new(seed), returns: Returns { means }, episode: Vec::new() }
    }

    /// The environment as it stands.
    pub fn env(&self) -> &Environment {
        &self.env
    }

    /// Answers `n` states.
    pub fn collect(
        &mut self,
        policy: &TrainablePolicy,
        config: &GrpoConfig,
        n: usize,
    ) -> Result<Vec<Group>, StepError> {
        (0..n).map(|_| self.group(policy, config)).collect()
    }

    fn group(&mut self, policy: &TrainablePolicy, config: &GrpoConfig) -> Result<Group, StepError> {
        if self.env.episode_over() {
            self.env.reset();
        }
        let text = self.env.frame_text();
        let mut features = FrameFeatures::extract(&text);
        if config.feature_dropout > 0.0 {
            features.forget(config.feature_dropout, &mut self.rng);
        }
        let context = self.context(config.context_dropout);
        let trace = policy.forward(&features, &context);
        let logps = log_probabilities(&trace.logits, config.temperature);
        let weights = logps.map(math::exp);
        let (p_malicious, p_stdio) = beliefs_of(trace.beliefs, [1.0; 2]);
        let answer = |kind: ActionType| {
            let restrictions = restrictions(kind, &text);
            let confidence = confidence_in(kind, p_malicious, p_stdio);
            Action::new(kind, confidence, RATIONALE.into(), restrictions)
                .unwrap_or_else(|_| Action::of(kind))
        };

        let n = config.num_generations.max(1) as usize;
        let draw = |rng: &mut Rng| ActionType::from_index(rng.weighted(&weights) as usize);
        let actions: Vec<ActionType> = (0..n).filter_map(|_| draw(&mut self.rng)).collect();
        let phase = self.env.phase();
        let frames_left = self.env.frames_left().saturating_sub(1);
        let forfeit = if config.breach_forfeits_return {
            self.returns.forfeit(phase, frames_left)
        } else {
            0.0
        };
        let vector = self.env.frame().map_or(Vector::Benign, |frame| frame.vector);
        let (malicious, stdio) = (vector.malicious(), vector == Vector::StdioEscape);
        // A step depends on the state and the action alone: one copy serves all equal draws.
        let mut known: [Option<f32>; N_ACTIONS] = [None; N_ACTIONS];
        let mut rewards = Vec::with_capacity(n);
        for &kind in &actions {
            let reward = match known.get(kind.index()).copied().flatten() {
                Some(reward) => reward,
                None => self.env.clone().step(&answer(kind))?.reward.total,
            };
            if let Some(slot) = known.get_mut(kind.index()) {
                *slot = Some(reward);
            }
            rewards.push(reward);
        }
        let breach = |kind: &ActionType| is_breach(*kind, malicious, stdio);
        let awareness = |kind: &ActionType| match (malicious, breach(kind)) {
            (false, _) => 0.0,
            (true, true) => -1.0,
            (true, false) => 1.0,
        };
        let group = Group {
            threat_awareness: actions.iter().map(awareness).collect(),
            forfeits: actions.iter().map(|kind| if breach(kind) { forfeit } else { 0.0 }).collect(),
            old_logps: actions
                .iter()
                .map(|kind| logps.get(kind.index()).copied().unwrap_or(0.0))
                .collect(),
            features,
            context,
            actions,
            rewards,
            malicious,
            stdio,
            phase,
        };
        if let Some(&taken) = group.actions.first() {
            let outcome = self.env.step(&answer(taken))?;
            self.episode.push((frames_left, outcome.reward.total));
            if self.env.episode_over() {
                self.returns.learn(phase, &self.episode);
                self.episode.clear();
            }
        }
        Ok(group)
    }

    /// The context, with ticks and past actions dropped now and then.
    fn context(&mut self, dropout: f32) -> Context {
        let mut context = self.env.context();
        if self.rng.chance(dropout) {
            context.ticks_left = None;
        }
        if self.rng.chance(dropout) {
            context.last_actions = [None; 2];
        }
        context
    }
}

fn restrictions(kind: ActionType, text: &str) -> Vec<String> {
    if kind != ActionType::CapabilityMediation {
        return Vec::new();
    }
    tool_request::parse(text).map_or_else(Vec::new, |request| {
        vec![request.tool_name, request.requested_capability.name().into()]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        corpus::Corpus,
        environment::EnvConfig,
        frame::Split,
        grpo::{Batch, Learner},
    };
    use alloc::sync::Arc;

    fn actor(seed: u64) -> Actor {
        let bytes = include_bytes!("../../../../public/corpus.bin");
        let corpus = Arc::new(Corpus::from_bytes(bytes).unwrap());
        Actor::new(Environment::new(EnvConfig::on(Split::Train), corpus, seed).unwrap(), seed)
    }

    #[test]
    fn groups_are_sound_and_repeatable() {
        let config = GrpoConfig { num_generations: 6, ..GrpoConfig::default() };
        let policy = TrainablePolicy::new(1);
        let groups = actor(5).collect(&policy, &config, 40).unwrap();
        assert_eq!(groups, actor(5).collect(&policy, &config, 40).unwrap());
        assert!(groups.iter().any(|g| g.malicious) && groups.iter().any(|g| !g.malicious));
        for group in &groups {
            for (action, reward) in group.actions.iter().zip(&group.rewards) {
                let breach = is_breach(*action, group.malicious, group.stdio);
                assert_eq!(*reward == -1.0, breach);
            }
        }
        let metrics = Learner::new(config, policy).step(&Batch::new(groups, &config));
        assert_eq!(metrics.n_broken_groups, 0);
        assert!(metrics.loss.is_finite() && metrics.grad_norm > 0.0);
    }

    #[test]
    fn a_breach_forfeits_what_was_still_to_come() {
        let mut returns = Returns { means: [[0.0; MAX_EPISODE_LENGTH as usize + 1]; N_PHASES] };
        let phase = Phase::Bootstrapping;
        for _ in 0..200 {
            returns.learn(phase, &[(2, 0.5), (1, 0.5), (0, 0.5)]);
        }
        assert!((returns.forfeit(phase, 2) + 1.0).abs() < 0.01, "two more steps of 0.5");
        assert_eq!(returns.forfeit(phase, 0), 0.0, "the last frame forfeits nothing");
        for _ in 0..400 {
            returns.learn(phase, &[(1, -0.5), (0, -0.5)]);
        }
        assert_eq!(returns.forfeit(phase, 1), 0.0, "never a gain");
    }
}
