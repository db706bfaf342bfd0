//! A run: core's paired mode, driven one frame at a time, with all that the page shows of it.
//!
//! The trained agent's environment drives, so its numbers equal a native run of the same settings;
//! the baseline answers the same frames.

use super::record::{Record, Side};
use super::round::{Answer, Belief, Exhibit, Round, Score, Truth};
use super::settings::{Baseline, Settings};
use crate::charts::series::Series;
use core::fmt;
use omniguard_core::action::{Action, ActionType};
use omniguard_core::agent::{Agent, Constant, Neural, Random, Rules};
use omniguard_core::corpus::Corpus;
use omniguard_core::environment::{ConfigError, EnvConfig, Environment, StepError, StepOutcome};
use omniguard_core::error::{AssetError, DecideError};
use omniguard_core::frame::Split;
use omniguard_core::paired::Paired;
use omniguard_core::policy::{Decision, Policy};
use omniguard_core::rng::Rng;
use std::sync::Arc;

/// Episodes before the curriculum may move: a visitor should see it move within minutes.
pub const MIN_EPISODES_PER_PHASE: u32 = 2;
/// Points a chart line keeps.
const MAX_POINTS: usize = 512;
/// Forks of a run's seed: the baseline's draws, the network it starts from.
const BASELINE_FORK: u64 = 1;
/// Seed of the untrained network: always the same stranger, whatever the traffic.
const UNTRAINED_SEED: u64 = 0;

/// The environment's configuration on the page; with the seed it fixes the trained agent's run.
pub const fn page_config(settings: &Settings) -> EnvConfig {
    let mut config = EnvConfig::on(Split::Test);
    config.phase = settings.phase;
    config.min_episodes_per_phase = MIN_EPISODES_PER_PHASE;
    config
}

/// Corpus and policies, shared by all runs.
#[derive(Debug, Clone)]
pub struct Assets {
    corpus: Arc<Corpus>,
    trained: Arc<Policy>,
    untrained: Arc<Policy>,
}

/// A file that is not what it should be; `Display` says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssetsError {
    /// The compiled corpus.
    Corpus(AssetError),
    /// The trained weights.
    Weights(AssetError),
}

impl fmt::Display for AssetsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, error) = match self {
            Self::Corpus(error) => ("corpus", error),
            Self::Weights(error) => ("weights", error),
        };
        write!(
            f,
            "The {name} file does not fit this page: {error}. Reload without the cache (Ctrl+Shift+R); \
             if that does not help, build the page anew."
        )
    }
}

impl Assets {
    /// Reads both files.
    pub fn from_bytes(corpus: &[u8], weights: &[u8]) -> Result<Self, AssetsError> {
        Ok(Self {
            corpus: Arc::new(Corpus::from_bytes(corpus).map_err(AssetsError::Corpus)?),
            trained: Arc::new(Policy::from_bytes(weights).map_err(AssetsError::Weights)?),
            untrained: Arc::new(Policy::untrained(UNTRAINED_SEED)),
        })
    }

    /// The trained policy.
    pub fn trained(&self) -> &Policy {
        &self.trained
    }

    /// The network before training.
    pub fn untrained(&self) -> &Policy {
        &self.untrained
    }

    fn opponent(&self, settings: &Settings) -> Box<dyn Agent> {
        let rng = baseline_rng(settings);
        match settings.baseline {
            Baseline::Untrained => Box::new(Neural::sampled(Arc::clone(&self.untrained), rng)),
            Baseline::Random => Box::new(Random(rng)),
            Baseline::Rules => Box::new(Rules),
            Baseline::AlwaysBlock => Box::new(Constant(ActionType::Block)),
        }
    }
}

/// Where the baseline's draws come from: of the seed, but apart from the environment's.
pub fn baseline_rng(settings: &Settings) -> Rng {
    Rng::new(settings.seed).fork(BASELINE_FORK)
}

/// Why a frame was not played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunError {
    /// The policy refused the frame.
    Decide(DecideError),
    /// The environment refused the step.
    Step(StepError),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decide(error) => write!(f, "The frame could not be judged: {error}"),
            Self::Step(error) => write!(f, "The step was not taken: {error}"),
        }
    }
}

/// Both agents on one stream, and what came of it so far.
pub struct Run {
    settings: Settings,
    paired: Paired,
    policy: Arc<Policy>,
    opponent: Box<dyn Agent>,
    n_steps: u32,
    round: Option<Round>,
    trained: Record,
    baseline: Record,
    trained_series: Series,
    baseline_series: Series,
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("settings", &self.settings)
            .field("n_steps", &self.n_steps)
            .finish_non_exhaustive()
    }
}

impl Run {
    /// A run at its start: the first frame is drawn, nobody has seen it.
    pub fn new(assets: &Assets, settings: Settings) -> Result<Self, ConfigError> {
        let corpus = Arc::clone(&assets.corpus);
        let mut start = Series::new(MAX_POINTS);
        start.push(0, 0.0);
        Ok(Self {
            settings,
            paired: Paired::new(page_config(&settings), corpus, settings.seed)?,
            policy: Arc::clone(&assets.trained),
            opponent: assets.opponent(&settings),
            n_steps: 0,
            round: None,
            trained: Record::default(),
            baseline: Record::default(),
            trained_series: start.clone(),
            baseline_series: start,
        })
    }

    /// Plays one frame with both agents; opens the next episode first where one has ended.
    pub fn step(&mut self) -> Result<(), RunError> {
        if self.paired.trained().episode_over() {
            self.paired.next_episode();
        }
        let env = self.paired.trained();
        let text = env.frame_text();
        let channel = env.channel();
        let phase = env.phase();
        let episode = env.n_episodes_begun();
        let decision = self.policy.decide(&text, &env.context()).map_err(RunError::Decide)?;
        let action = decision.action();
        let baseline_action = (!self.paired.baseline_sits_out())
            .then(|| self.opponent.act(env, &self.paired.baseline_context()));

        let outcome =
            self.paired.step(&action, baseline_action.as_ref()).map_err(RunError::Step)?;
        let belief = self
            .opponent
            .beliefs()
            .map(|beliefs| Belief { p_malicious: beliefs.p_malicious, p_stdio: beliefs.p_stdio });
        let baseline = baseline_action.zip(outcome.baseline).map(|(action, judged)| Answer {
            action,
            belief,
            score: Some(Score { verdict: judged.verdict, reward: judged.reward }),
        });
        self.n_steps += 1;
        self.take_in(Round {
            step: self.n_steps,
            episode,
            frame: outcome.trained.step_idx + 1,
            phase,
            channel,
            trained: trained_answer(&decision, action, &outcome.trained),
            exhibit: exhibit(text, decision),
            baseline,
            truth: Truth {
                vector: outcome.trained.truth.vector,
                mutations: outcome.trained.truth.mutations.iter().collect(),
            },
            episode_over: outcome.trained.terminated || outcome.trained.truncated,
        });
        Ok(())
    }

    fn take_in(&mut self, round: Round) {
        let trained = *self.paired.trained().metrics();
        let baseline = *self.paired.baseline_metrics();
        self.trained.add(Side::Trained, &round, trained);
        self.baseline.add(Side::Baseline, &round, baseline);
        self.trained_series.push(round.step, f64::from(trained.total_reward));
        self.baseline_series.push(round.step, f64::from(baseline.total_reward));
        self.round = Some(round);
    }

    /// What the run depends on.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The trained agent's environment.
    pub fn env(&self) -> &Environment {
        self.paired.trained()
    }

    /// Frames played.
    pub fn n_steps(&self) -> u32 {
        self.n_steps
    }

    /// The frame answered last; `None` at the start.
    pub fn round(&self) -> Option<&Round> {
        self.round.as_ref()
    }

    /// The trained agent's record.
    pub fn trained(&self) -> &Record {
        &self.trained
    }

    /// The baseline's record.
    pub fn baseline(&self) -> &Record {
        &self.baseline
    }

    /// One agent's record.
    pub fn record(&self, side: Side) -> &Record {
        match side {
            Side::Trained => &self.trained,
            Side::Baseline => &self.baseline,
        }
    }

    /// One agent's cumulative reward by step.
    pub fn series(&self, side: Side) -> &Series {
        match side {
            Side::Trained => &self.trained_series,
            Side::Baseline => &self.baseline_series,
        }
    }
}

fn trained_answer(decision: &Decision, action: Action, outcome: &StepOutcome) -> Answer {
    Answer {
        action,
        belief: Some(belief(decision)),
        score: Some(Score { verdict: outcome.verdict, reward: outcome.reward }),
    }
}

/// What the network believes.
pub fn belief(decision: &Decision) -> Belief {
    Belief { p_malicious: decision.p_malicious, p_stdio: decision.p_stdio }
}

/// A text with the trained agent's reading of it.
pub fn exhibit(text: String, decision: Decision) -> Exhibit {
    Exhibit { text, decoded: decision.decoded, span: decision.span, hints: decision.hints }
}
