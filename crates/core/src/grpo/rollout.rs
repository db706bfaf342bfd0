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
    json, math,
    policy::{Context, TrainablePolicy, confidence_in, restrictions_of},
    rng::Rng,
};
use alloc::{string::String, vec::Vec};

/// Number of phases.
const N_PHASES: usize = 3;
/// How fast the mean of the return still to come follows.
const RETURN_RATE: f32 = 0.02;
/// The same of the moments behind the price of a tick.
const MOMENT_RATE: f32 = 0.005;
/// Most that a tick may cost: the rules' penalty for an overrun, over the frames that it spoils.
const MAX_TICK_PRICE: f32 = 0.35;
/// The rules ask for a rationale; drawing one from the gradient for every copy would cost more
/// than the step.
const RATIONALE: &str = "drawn in a rollout";

/// A place in an episode, as far as what it still earns depends on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) phase: Phase,
    pub(crate) frames_left: u32,
    /// Ticks left beyond one per frame.
    pub(crate) slack: i32,
}

impl Place {
    /// Where `env` stands; `None` after the end of an episode.
    fn of(env: &Environment) -> Option<Self> {
        let frames_left = env.frames_left();
        let slack = env.ticks_left() - frames_left as i32;
        (!env.episode_over()).then_some(Self { phase: env.phase(), frames_left, slack })
    }
}

/// Running means over the places with as many frames left.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Means {
    pub(crate) still_to_come: f32,
    pub(crate) slack: f32,
    pub(crate) count: u32,
}

/// What an episode still earns, by place: a mean by phase and frames left, and a price of a tick
/// by phase. A step that takes time costs nothing until the budget is overrun; this is how a
/// policy that is paid step by step knows.
#[derive(Debug, Clone)]
pub(crate) struct Returns {
    pub(crate) means: [[Means; MAX_EPISODE_LENGTH as usize + 1]; N_PHASES],
    /// Moments of slack and return around their means: their ratio is the price of a tick.
    pub(crate) slack_return: [f32; N_PHASES],
    pub(crate) slack_slack: [f32; N_PHASES],
}

impl Returns {
    pub(crate) fn new() -> Self {
        Self {
            means: [[Means::default(); MAX_EPISODE_LENGTH as usize + 1]; N_PHASES],
            slack_return: [0.0; N_PHASES],
            slack_slack: [1.0; N_PHASES],
        }
    }

    /// What is still to come; nothing after the end.
    fn after(&self, place: Option<Place>) -> f32 {
        let Some(place) = place else { return 0.0 };
        let phase = place.phase as usize;
        let means = self.means.get(phase).and_then(|m| m.get(place.frames_left as usize));
        let moments = (self.slack_return.get(phase), self.slack_slack.get(phase));
        let (Some(means), (Some(xy), Some(xx))) = (means, moments) else { return 0.0 };
        let price = (xy / xx).clamp(0.0, MAX_TICK_PRICE);
        means.still_to_come + price * (place.slack as f32 - means.slack)
    }

    /// Learns from an ended episode: where each step led, and what it earned.
    fn learn(&mut self, steps: &[(Option<Place>, f32)]) {
        let mut still_to_come = 0.0;
        for &(place, reward) in steps.iter().rev() {
            if let Some(place) = place {
                self.observe(place, still_to_come);
            }
            still_to_come += reward;
        }
    }

    fn observe(&mut self, place: Place, still_to_come: f32) {
        let phase = place.phase as usize;
        let means = self.means.get_mut(phase).and_then(|m| m.get_mut(place.frames_left as usize));
        let moments = (self.slack_return.get_mut(phase), self.slack_slack.get_mut(phase));
        let (Some(means), (Some(xy), Some(xx))) = (means, moments) else { return };
        means.count += 1;
        let rate = (1.0 / means.count as f32).max(RETURN_RATE);
        let more = still_to_come - means.still_to_come;
        let slack = place.slack as f32 - means.slack;
        means.still_to_come += rate * more;
        means.slack += rate * slack;
        *xy += MOMENT_RATE * (slack * more - *xy);
        *xx += MOMENT_RATE * (slack * slack - *xx);
    }
}

/// One environment that a policy plays to collect groups. Actors share nothing, so they may run
/// on any thread.
#[derive(Debug, Clone)]
pub struct Actor {
    pub(crate) env: Environment,
    pub(crate) rng: Rng,
    pub(crate) returns: Returns,
    /// Where each step of the episode led, and what it earned.
    pub(crate) episode: Vec<(Option<Place>, f32)>,
}

impl Actor {
    /// Plays `env`; `seed` drives the draws of actions and of dropped context.
    pub fn new(mut env: Environment, seed: u64) -> Self {
        env.reset();
        Self { env, rng: Rng::new(seed), returns: Returns::new(), episode: Vec::new() }
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
        let mut features =
            FrameFeatures::extract(self.env.corpus().table(), policy.families(), &text);
        if config.feature_dropout > 0.0 {
            features.forget(config.feature_dropout, &mut self.rng);
        }
        let context = self.context(config.context_dropout);
        let trace = policy.forward(&features, &context);
        let logps = log_probabilities(&trace.logits, config.temperature);
        let weights = logps.map(math::exp);
        let (p_malicious, p_stdio) = policy.beliefs(&trace);
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
        let vector = self.env.frame().map_or(Vector::Benign, |frame| frame.vector);
        let (malicious, stdio) = (vector.malicious(), vector == Vector::StdioEscape);
        // A step depends on the state and the action alone: one copy serves all equal draws.
        let mut known: [Option<(f32, f32)>; N_ACTIONS] = [None; N_ACTIONS];
        let mut rewards = Vec::with_capacity(n);
        let mut futures = Vec::with_capacity(n);
        for &kind in &actions {
            let both = known.get(kind.index()).copied().flatten();
            let (reward, future) = if let Some(both) = both {
                both
            } else {
                let mut copy = self.env.clone();
                let reward = copy.step(&answer(kind))?.reward.total;
                (reward, self.returns.after(Place::of(&copy)))
            };
            if let Some(slot) = known.get_mut(kind.index()) {
                *slot = Some((reward, future));
            }
            rewards.push(reward);
            futures.push(future);
        }
        let breach = |kind: &ActionType| is_breach(*kind, malicious, stdio);
        let awareness = |kind: &ActionType| match (malicious, breach(kind)) {
            (false, _) => 0.0,
            (true, true) => -1.0,
            (true, false) => 1.0,
        };
        let group = Group {
            threat_awareness: actions.iter().map(awareness).collect(),
            futures,
            old_logps: actions
                .iter()
                .map(|kind| logps.get(kind.index()).copied().unwrap_or(0.0))
                .collect(),
            features,
            context,
            actions,
            rewards,
            vector,
            phase,
        };
        if let Some(&taken) = group.actions.first() {
            let outcome = self.env.step(&answer(taken))?;
            self.episode.push((Place::of(&self.env), outcome.reward.total));
            if self.env.episode_over() {
                self.returns.learn(&self.episode);
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
    json::parse(text).map_or_else(Vec::new, |message| restrictions_of(&message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::test_table;
    use crate::features::Families;
    use crate::{
        corpus::Corpus,
        environment::EnvConfig,
        frame::Split,
        grpo::{Batch, Learner},
    };
    use alloc::sync::Arc;

    fn actor(seed: u64) -> Actor {
        let bytes = include_bytes!("../../../../public/corpus.bin");
        let corpus = Arc::new(Corpus::from_bytes(bytes, test_table()).unwrap());
        Actor::new(Environment::new(EnvConfig::on(Split::Train), corpus, seed).unwrap(), seed)
    }

    #[test]
    fn groups_are_sound_and_repeatable() {
        let config = GrpoConfig { num_generations: 6, ..GrpoConfig::default() };
        let policy = TrainablePolicy::new(1, Families::ALL);
        let groups = actor(5).collect(&policy, &config, 40).unwrap();
        assert_eq!(groups, actor(5).collect(&policy, &config, 40).unwrap());
        assert!(groups.iter().any(Group::malicious) && groups.iter().any(|g| !g.malicious()));
        for group in &groups {
            for (action, reward) in group.actions.iter().zip(&group.rewards) {
                let breach = is_breach(*action, group.malicious(), group.stdio());
                assert_eq!(*reward == -1.0, breach);
            }
        }
        let metrics = Learner::new(config, policy).step(&Batch::new(groups, &config));
        assert_eq!(metrics.n_broken_groups, 0);
        assert!(metrics.loss.is_finite() && metrics.grad_norm > 0.0);
    }

    #[test]
    fn returns_learn_what_is_to_come_and_what_a_tick_is_worth() {
        let mut returns = Returns::new();
        let place = |frames_left: u32, slack: i32| {
            Some(Place { phase: Phase::Bootstrapping, frames_left, slack })
        };
        // Two frames to come; short of time, each earns 0.2 less.
        for round in 0..4_000 {
            let slack = if round % 2 == 0 { 1 } else { -1 };
            let reward = 0.5 + 0.1 * slack as f32;
            returns.learn(&[(place(2, slack), 0.5), (place(1, slack), reward), (None, reward)]);
        }
        assert!((returns.after(place(2, 0)) - 1.0).abs() < 0.1, "{}", returns.after(place(2, 0)));
        assert!((returns.after(place(1, 0)) - 0.5).abs() < 0.1);
        assert!(returns.after(place(2, 1)) > returns.after(place(2, -1)) + 0.2);
        assert_eq!(returns.after(None), 0.0);
    }
}
