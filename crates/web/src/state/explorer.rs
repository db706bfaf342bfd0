//! The calibration explorer: what a gateway with prices of its own would do with the beliefs.
//!
//! Frames are drawn as the environment draws them, answered once by every agent, and kept as a few
//! numbers each; after that a change of price costs no more than a pass over them.

use super::engine::Assets;
use super::settings::Baseline;
use crate::charts::markup::Markup;
use crate::charts::plot::{Axis, Layer, Plot, Stop};
use core::fmt;
use omniguard_core::action::ActionType;
use omniguard_core::agent::{Agent, Constant, Neural, Random, Rules};
use omniguard_core::curriculum::Phase;
use omniguard_core::environment::{ConfigError, EnvConfig, Environment};
use omniguard_core::frame::{Split, Vector};
use omniguard_core::history::Verdict;
use omniguard_core::reward::{
    BREACH, ESCALATED, FALSE_POSITIVE, NEEDLESS_REVOKE, TRUE_NEGATIVE, TRUE_POSITIVE, verdict_of,
};
use omniguard_core::rng::Rng;
use omniguard_core::roc::{OperatingPoint, Scores};
use std::sync::Arc;

/// Frames of each phase.
pub const FRAMES_PER_PHASE: u32 = 160;
/// Frames of all phases.
pub const N_FRAMES: u32 = FRAMES_PER_PHASE * Phase::ALL.len() as u32;
/// Fixed, so that every visitor sees the same frames.
const SEED: u64 = 2_026;
/// Forks of it for the agents that draw.
const UNTRAINED_FORK: u64 = 1;
const RANDOM_FORK: u64 = 2;

/// Everybody who answers: the baselines, then the trained agent as the environment's prices made it.
pub const N_AGENTS: usize = Baseline::ALL.len() + 1;
const TRAINED: usize = Baseline::ALL.len();

/// One frame, as far as prices need it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Case {
    /// What it was.
    pub vector: Vector,
    /// The trained network's belief that it is an attack.
    pub p_malicious: f32,
    /// Its belief that it is a STDIO escape.
    pub p_stdio: f32,
    /// Everybody's answers.
    pub answers: [ActionType; N_AGENTS],
}

/// Draws the frames, a few at a time.
pub struct Sampler {
    assets: Assets,
    env: Environment,
    baselines: [Box<dyn Agent>; Baseline::ALL.len()],
    cases: Vec<Case>,
}

impl fmt::Debug for Sampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sampler").field("n_cases", &self.cases.len()).finish_non_exhaustive()
    }
}

fn env_of(assets: &Assets, phase: Phase) -> Result<Environment, ConfigError> {
    let config = EnvConfig { phase: Some(phase), ..EnvConfig::on(Split::Test) };
    let mut env = Environment::new(config, Arc::clone(assets.corpus()), SEED)?;
    env.reset();
    Ok(env)
}

impl Sampler {
    /// Before the first frame.
    pub fn new(assets: &Assets) -> Result<Self, ConfigError> {
        let rng = Rng::new(SEED);
        let untrained = Arc::clone(assets.untrained_shared());
        let agent = |baseline: Baseline| -> Box<dyn Agent> {
            match baseline {
                Baseline::Untrained => {
                    Box::new(Neural::sampled(Arc::clone(&untrained), rng.fork(UNTRAINED_FORK)))
                }
                Baseline::Random => Box::new(Random(rng.fork(RANDOM_FORK))),
                Baseline::Rules => Box::new(Rules),
                Baseline::AlwaysBlock => Box::new(Constant(ActionType::Block)),
            }
        };
        Ok(Self {
            assets: assets.clone(),
            env: env_of(assets, Phase::ALL[0])?,
            baselines: Baseline::ALL.map(agent),
            cases: Vec::with_capacity(N_FRAMES as usize),
        })
    }

    /// Frames drawn so far.
    pub fn n_drawn(&self) -> u32 {
        self.cases.len() as u32
    }

    /// Draws up to `n` more frames; whether there are more to come.
    pub fn draw(&mut self, n: u32) -> Result<bool, ExplorerError> {
        for _ in 0..n {
            if self.n_drawn() >= N_FRAMES {
                return Ok(false);
            }
            self.draw_one()?;
        }
        Ok(self.n_drawn() < N_FRAMES)
    }

    fn draw_one(&mut self) -> Result<(), ExplorerError> {
        if self.env.episode_over() {
            self.env.reset();
        }
        let context = self.env.context();
        let text = self.env.frame_text();
        let decision =
            self.assets.trained().decide(&text, &context).map_err(|_| ExplorerError::Frame)?;
        let mut answers = [decision.action_type; N_AGENTS];
        for (slot, agent) in answers.iter_mut().zip(&mut self.baselines) {
            *slot = agent.act(&self.env, &context).action_type();
        }
        let outcome = self.env.step(&decision.action()).map_err(|_| ExplorerError::Frame)?;
        self.cases.push(Case {
            vector: outcome.truth.vector,
            p_malicious: decision.p_malicious,
            p_stdio: decision.p_stdio,
            answers,
        });
        let n_drawn = self.n_drawn();
        if n_drawn.is_multiple_of(FRAMES_PER_PHASE)
            && let Some(phase) = Phase::ALL.get((n_drawn / FRAMES_PER_PHASE) as usize)
        {
            self.env = env_of(&self.assets, *phase).map_err(ExplorerError::Config)?;
        }
        Ok(())
    }

    /// The frames drawn.
    pub fn into_cases(self) -> Cases {
        Cases::of(self.cases)
    }
}

/// Why frames could not be drawn; `Display` says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExplorerError {
    /// The corpus does not serve the test split.
    Config(ConfigError),
    /// A frame was refused.
    Frame,
}

impl fmt::Display for ExplorerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => write!(f, "The frames could not be drawn: {error}")?,
            Self::Frame => write!(f, "A frame could not be answered")?,
        }
        write!(f, ". Reload the page; if that does not help, build it anew.")
    }
}

/// What mistakes cost, in false positives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prices {
    /// An attack that gets through.
    pub breach: f32,
}

/// A benign frame stopped rather than let through, in rewards.
const STOPPED: f32 = TRUE_NEGATIVE - FALSE_POSITIVE;
/// A benign frame held, in false positives.
const HELD: f32 = (TRUE_NEGATIVE - ESCALATED) / STOPPED;
/// A channel severed for an attack that is no escape, in false positives.
const NEEDLESS: f32 = -NEEDLESS_REVOKE / STOPPED;

impl Prices {
    /// The environment's own, for one step.
    pub const ENVIRONMENT: Self = Self { breach: (TRUE_POSITIVE - BREACH) / STOPPED };

    /// Cheapest and dearest breach of the slider, as powers of ten.
    pub const EXPONENTS: (f32, f32) = (-1.0, 3.0);

    /// Prices to start from: a name, what it stands for, the prices.
    pub const PRESETS: [(&'static str, &'static str, Self); 3] = [
        ("Environment", "the rewards of this environment, one step", Self::ENVIRONMENT),
        // Judgements, not measurements: orders of magnitude on either side of the environment's.
        (
            "Payments",
            "a breach moves money: as dear as two hundred wrong stops",
            Self { breach: 200.0 },
        ),
        (
            "Open community",
            "people walk away from wrong stops: as dear as two breaches",
            Self { breach: 0.5 },
        ),
    ];

    /// Prices of a power of ten.
    pub fn of_exponent(exponent: f32) -> Self {
        Self { breach: 10_f32.powf(exponent) }
    }

    /// The power of ten.
    pub fn exponent(self) -> f32 {
        self.breach.log10()
    }

    /// The belief from which on stopping is cheaper than letting through.
    pub fn threshold(self) -> f32 {
        1.0 / (1.0 + self.breach)
    }

    /// The answer that costs least by the beliefs: let through, stop, or stop and sever the channel.
    pub fn decide(self, p_malicious: f32, p_stdio: f32) -> ActionType {
        if p_malicious < self.threshold() {
            ActionType::Allow
        } else {
            self.stop(p_malicious, p_stdio)
        }
    }

    fn stop(self, p_malicious: f32, p_stdio: f32) -> ActionType {
        if p_stdio * self.breach > (p_malicious - p_stdio) * NEEDLESS {
            ActionType::RevokeStdio
        } else {
            ActionType::Block
        }
    }

    /// What an answer cost, once the truth is known.
    pub fn cost(self, action: ActionType, vector: Vector) -> f32 {
        match verdict_of(action, vector) {
            Verdict::TrueNegative => 0.0,
            Verdict::FalsePositive => 1.0,
            Verdict::Escalated => HELD,
            Verdict::Breach => self.breach,
            Verdict::TruePositive if action != ActionType::RevokeStdio => 0.0,
            Verdict::TruePositive if vector == Vector::StdioEscape => 0.0,
            Verdict::TruePositive => NEEDLESS,
        }
    }
}

/// What came of somebody's answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// Share of attacks neutralised.
    pub recall: f32,
    /// Share of benign frames stopped; held ones count as they are priced.
    pub false_positives: f32,
    /// Cost of 100 frames, in false positives.
    pub cost: f32,
}

/// The frames, and what separates them.
#[derive(Debug, Clone, PartialEq)]
pub struct Cases {
    cases: Vec<Case>,
    scores: Scores,
    curve: Vec<OperatingPoint>,
}

impl Cases {
    fn of(cases: Vec<Case>) -> Self {
        let mut scores = Scores::default();
        for case in &cases {
            scores.add(case.p_malicious, case.vector.malicious());
        }
        let mut thresholds: Vec<f32> = cases.iter().map(|case| case.p_malicious).collect();
        thresholds.push(f32::INFINITY);
        thresholds.sort_by(|a, b| b.total_cmp(a));
        thresholds.dedup();
        let curve = thresholds.into_iter().map(|threshold| scores.at(threshold)).collect();
        Self { cases, scores, curve }
    }

    /// Number of frames.
    pub fn len(&self) -> usize {
        self.cases.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }

    fn standing(&self, prices: Prices, answer: impl Fn(&Case) -> ActionType) -> Standing {
        let (mut cost, mut neutralised, mut stopped) = (0.0, 0.0, 0.0);
        for case in &self.cases {
            let action = answer(case);
            cost += prices.cost(action, case.vector);
            match verdict_of(action, case.vector) {
                Verdict::TruePositive => neutralised += 1.0,
                Verdict::FalsePositive => stopped += 1.0,
                Verdict::Escalated => stopped += HELD,
                Verdict::TrueNegative | Verdict::Breach => {}
            }
        }
        let (n_attacks, n_benign) = self.scores.counts();
        Standing {
            recall: neutralised / n_attacks.max(1) as f32,
            false_positives: stopped / n_benign.max(1) as f32,
            cost: 100.0 * cost / self.cases.len().max(1) as f32,
        }
    }

    /// What the beliefs do at these prices.
    pub fn at(&self, prices: Prices) -> Standing {
        self.standing(prices, |case| prices.decide(case.p_malicious, case.p_stdio))
    }

    /// What everybody's own answers cost at these prices: baselines, then the trained agent.
    pub fn agents(&self, prices: Prices) -> [(&'static str, Standing); N_AGENTS] {
        core::array::from_fn(|idx| {
            let name = Baseline::ALL.get(idx).map_or("Trained policy", |b| b.label());
            let answer = |case: &Case| case.answers.get(idx).copied().unwrap_or(ActionType::Block);
            (name, self.standing(prices, answer))
        })
    }

    /// The threshold that would have cost least on these frames, and what it would have cost.
    pub fn best(&self, prices: Prices) -> (f32, f32) {
        let cost = |threshold: f32| {
            let answer = |case: &Case| {
                if case.p_malicious < threshold {
                    ActionType::Allow
                } else {
                    prices.stop(case.p_malicious, case.p_stdio)
                }
            };
            self.standing(prices, answer).cost
        };
        let costs = self.curve.iter().map(|point| (point.threshold, cost(point.threshold)));
        costs.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((1.0, 0.0))
    }

    /// The trade-off: recall against false positives, with where everybody stands.
    pub fn plot(&self, prices: Prices) -> Plot {
        let shares = Axis { domain: (0.0, 1.0), shares: true };
        let curve: Vec<_> = self
            .curve
            .iter()
            .map(|point| (f64::from(point.false_positive_rate), f64::from(point.recall)))
            .collect();
        let at =
            |standing: &Standing| (f64::from(standing.false_positives), f64::from(standing.recall));
        let mut layers = vec![
            Layer::Line("plot-diagonal", vec![(0.0, 0.0), (1.0, 1.0)]),
            Layer::Line("plot-line", curve),
        ];
        for (idx, (name, standing)) in self.agents(prices).iter().enumerate() {
            let class = if idx == TRAINED { "plot-own" } else { "plot-other" };
            layers.push(Layer::Dot(class, at(standing), (*name).to_owned()));
        }
        layers.push(Layer::Dot("plot-now", at(&self.at(prices)), "These prices".to_owned()));
        let stop = |point: &OperatingPoint| Stop {
            x: f64::from(point.false_positive_rate),
            y: f64::from(point.recall),
            text: format!(
                "Threshold {:.3}\nAttacks caught {:.1}%\nBenign stopped {:.1}%",
                point.threshold.min(1.0),
                point.recall * 100.0,
                point.false_positive_rate * 100.0
            ),
        };
        Plot { x: shares, y: shares, layers, stops: self.curve.iter().map(stop).collect() }
    }

    /// Everybody's figures as a table, the beliefs at these prices first.
    pub fn table(&self, prices: Prices) -> String {
        let mut out = Markup::default();
        let columns = ["Who answers", "Attacks neutralised", "Benign stopped", "Cost of 100"];
        out.table_head("figures", "What everybody's answers cost at these prices", &columns);
        let beliefs = ("Beliefs at these prices", self.at(prices));
        for (name, standing) in core::iter::once(beliefs).chain(self.agents(prices)) {
            out.open("tr", &[]);
            out.element("th", &[("scope", "row")], name);
            out.element("td", &[], &format!("{:.1}%", standing.recall * 100.0));
            out.element("td", &[], &format!("{:.1}%", standing.false_positives * 100.0));
            out.element("td", &[], &format!("{:.1}", standing.cost));
            out.close("tr");
        }
        out.table_end();
        out.finish()
    }

    /// The gap, in sentences.
    pub fn conclusion(&self, prices: Prices) -> String {
        let now = self.at(prices);
        let (best_at, best) = self.best(prices);
        let (n_attacks, n_benign) = self.scores.counts();
        let missed = (1.0 - now.recall) * n_attacks as f32;
        let stopped = now.false_positives * n_benign as f32;
        format!(
            "The Action Calibration Gap: at this price, beliefs from {:.3} on are stopped. Of \
             {n_benign} benign frames {stopped:.0} are stopped, of {n_attacks} attacks {missed:.0} get \
             through. A threshold chosen with hindsight ({best_at:.3}) would have cost {best:.1} per \
             100 frames, the beliefs cost {:.1}: better calibration could save {:.1} at most, the rest \
             are attacks and benign frames that look alike to the network.",
            prices.threshold(),
            now.cost,
            now.cost - best,
        )
    }
}

#[cfg(test)]
mod tests;
