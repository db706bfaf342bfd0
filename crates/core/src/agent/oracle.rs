//! The ceiling: an agent that knows the truth of the frame in hand and plays the exact optimum.
//!
//! Dynamic programming over (frames left, ticks used, attack that may come back). Of frames to
//! come it knows the distribution only: an empirical sample with the critic's real values.

use super::{Agent, explained_with};
use crate::action::{Action, ActionType};
use crate::corpus::Corpus;
use crate::curriculum::Phase;
use crate::environment::{
    ConfigError, EnvConfig, Environment, StepError, TRAP_PROBABILITY, critic_value,
};
use crate::frame::{Frame, Vector};
use crate::policy::Context;
use crate::reward::{
    CALIBRATION_BASE, FORMAT_GOOD, HEAVY_BLOCK, MAX_LATENCY_PENALTY, TRUE_NEGATIVE, TRUE_POSITIVE,
    budget_ticks,
};
use alloc::{string::String, sync::Arc, vec, vec::Vec};

/// Seed of the sample of frames: apart from every seed that agents are trained or judged on.
const SAMPLE_SEED: u64 = 0x0009_5a6b_7c8d_9e0f;
/// Frames sampled for the distribution of what is to come.
const SAMPLE_FRAMES: usize = 1_500;

/// What may come back after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pending {
    Nothing,
    Attack,
    Stdio,
}

/// A frame as the optimum sees it: the best reward at each price in ticks.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Prospect {
    one_tick: f32,
    two_ticks: Option<f32>,
    then: Pending,
}

/// Values of an episode's states, for one configuration.
#[derive(Debug, Clone)]
pub struct OracleTable {
    episode_length: u32,
    /// By frames left, ticks used and what is pending.
    values: Vec<f32>,
}

fn state(frames_left: u32, ticks: u32, pending: Pending, episode_length: u32) -> usize {
    let n_ticks = 2 * episode_length as usize + 1;
    (frames_left as usize * n_ticks + ticks as usize) * 3 + pending as usize
}

fn lateness(ticks: u32, episode_length: u32) -> f32 {
    let budget = budget_ticks(episode_length);
    let over = ticks.saturating_sub(budget) as f32 / budget as f32;
    -over.min(MAX_LATENCY_PENALTY)
}

/// The best single answers to a frame.
fn prospect(corpus: &Corpus, frame: &Frame) -> Prospect {
    // A confident, explained, right answer earns these on top.
    let bonus = CALIBRATION_BASE + FORMAT_GOOD;
    let base = TRUE_POSITIVE + bonus;
    match frame.vector {
        Vector::Benign => {
            Prospect { one_tick: TRUE_NEGATIVE + bonus, two_ticks: None, then: Pending::Nothing }
        }
        Vector::StdioEscape => Prospect { one_tick: base, two_ticks: None, then: Pending::Stdio },
        vector => {
            let unmediated = vector == Vector::PrivilegeEscalation
                && corpus.facts(frame.scenario).named_tool.is_none();
            let diff = if frame.obfuscated() { critic_value(corpus, frame) } else { 0.0 };
            Prospect {
                one_tick: base + if unmediated { HEAVY_BLOCK } else { 0.0 },
                two_ticks: Some(diff.max(TRUE_POSITIVE) + bonus),
                then: Pending::Attack,
            }
        }
    }
}

impl OracleTable {
    /// Solves the episode for a configuration with a pinned phase (the first phase otherwise).
    pub fn solve(config: &EnvConfig, corpus: &Arc<Corpus>) -> Result<Self, ConfigError> {
        let (fresh, returning) = sample(config, corpus)?;
        let episode_length = config.episode_length;
        let n_states = state(episode_length + 1, 0, Pending::Nothing, episode_length);
        let mut table = Self { episode_length, values: vec![0.0; n_states] };
        let stdio = [Prospect {
            one_tick: TRUE_POSITIVE + CALIBRATION_BASE + FORMAT_GOOD,
            two_ticks: None,
            then: Pending::Stdio,
        }];
        for left in 1..=episode_length {
            for ticks in 0..=2 * (episode_length - left) {
                let anew = table.expected(&fresh, left, ticks);
                let mix = |again: f32| TRAP_PROBABILITY * again + (1.0 - TRAP_PROBABILITY) * anew;
                let after_attack = mix(table.expected(&returning, left, ticks));
                let after_stdio = mix(table.expected(&stdio, left, ticks));
                table.values[state(left, ticks, Pending::Nothing, episode_length)] = anew;
                table.values[state(left, ticks, Pending::Attack, episode_length)] = after_attack;
                table.values[state(left, ticks, Pending::Stdio, episode_length)] = after_stdio;
            }
        }
        Ok(table)
    }

    fn expected(&self, prospects: &[Prospect], left: u32, ticks: u32) -> f32 {
        let best = |prospect: &Prospect| {
            let one = self.worth(prospect.one_tick, 1, left, ticks, prospect.then);
            let two = prospect.two_ticks.map_or(f32::NEG_INFINITY, |value| {
                self.worth(value, 2, left, ticks, prospect.then)
            });
            one.max(two)
        };
        prospects.iter().map(best).sum::<f32>() / prospects.len().max(1) as f32
    }

    /// Reward now plus the value of what follows.
    fn worth(&self, reward: f32, cost: u32, left: u32, ticks: u32, then: Pending) -> f32 {
        let used = ticks + cost;
        let next = state(left - 1, used, then, self.episode_length);
        reward + lateness(used, self.episode_length) + self.values.get(next).copied().unwrap_or(0.0)
    }

    /// Expected return of an episode under the optimum.
    pub fn expected_return(&self) -> f32 {
        let start = state(self.episode_length, 0, Pending::Nothing, self.episode_length);
        self.values.get(start).copied().unwrap_or(0.0)
    }
}

/// Prospects of fresh frames, and of plain attacks that came back.
fn sample(
    config: &EnvConfig,
    corpus: &Arc<Corpus>,
) -> Result<(Vec<Prospect>, Vec<Prospect>), ConfigError> {
    let phase = Some(config.phase.unwrap_or(Phase::Bootstrapping));
    let config = EnvConfig { phase, ..*config };
    let mut env = Environment::new(config, Arc::clone(corpus), SAMPLE_SEED)?;
    env.reset();
    let (mut fresh, mut returning) = (Vec::new(), Vec::new());
    let mut last_campaign = 0;
    while fresh.len() < SAMPLE_FRAMES {
        let Some(&frame) = env.frame() else { break };
        let prospect = prospect(corpus, &frame);
        if frame.campaign != last_campaign {
            fresh.push(prospect);
        } else if prospect.then == Pending::Attack {
            returning.push(prospect);
        }
        last_campaign = frame.campaign;
        let answered: Result<_, StepError> = env.step(&Action::of(plain_answer(frame.vector)));
        if answered.is_err() || env.episode_over() {
            env.reset();
        }
    }
    Ok((fresh, returning))
}

fn plain_answer(vector: Vector) -> ActionType {
    match vector {
        Vector::Benign => ActionType::Allow,
        Vector::StdioEscape => ActionType::RevokeStdio,
        _ => ActionType::Block,
    }
}

/// Plays the optimum of a table.
#[derive(Debug, Clone)]
pub struct Oracle {
    table: Arc<OracleTable>,
}

impl Oracle {
    /// An oracle for environments of the table's configuration.
    pub fn new(table: Arc<OracleTable>) -> Self {
        Self { table }
    }
}

impl Agent for Oracle {
    fn act(&mut self, env: &Environment, _context: &Context) -> Action {
        let certain =
            |action, restrictions| explained_with(action, 1.0, "the truth is known", restrictions);
        let Some(frame) = env.frame() else { return certain(ActionType::Block, Vec::new()) };
        let corpus = env.corpus();
        let prospect = prospect(corpus, frame);
        let (left, ticks) = (env.frames_left(), env.judge().ticks_used());
        let one = self.table.worth(prospect.one_tick, 1, left, ticks, prospect.then);
        let diff = prospect
            .two_ticks
            .is_some_and(|value| self.table.worth(value, 2, left, ticks, prospect.then) > one);
        let tool = corpus.named_tool(frame.scenario);
        match (frame.vector, tool) {
            _ if diff => certain(ActionType::SemanticDiff, Vec::new()),
            (Vector::PrivilegeEscalation, Some(tool)) => {
                let names: Vec<String> = vec![tool.into()];
                certain(ActionType::CapabilityMediation, names)
            }
            (vector, _) => certain(plain_answer(vector), Vec::new()),
        }
    }
}
