//! A run: core's paired mode, driven one frame at a time, with all that the page shows of it.
//!
//! The trained agent's environment drives, so its numbers equal a native run of the same settings;
//! the baseline answers the same frames.

use super::live::run::Episodes;
use super::record::{Record, Side};
use super::replay::Episode;
use super::round::{Answer, Belief, Origin, Round, Score, Truth, decided, exhibit};
use super::settings::{Baseline, Settings};
use crate::charts::series::Series;
use core::fmt;
use omniguard_core::action::ActionType;
use omniguard_core::agent::{Agent, Constant, Neural, Random, Rules};
use omniguard_core::corpus::Corpus;
use omniguard_core::embed::TokenTable;
use omniguard_core::environment::{ConfigError, EnvConfig, Environment, StepError};
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

/// The split that frames are drawn from: what training never saw.
const SPLIT: Split = Split::Test;

/// The environment's configuration on the page; with the seed it fixes the trained agent's run.
pub const fn page_config(settings: &Settings) -> EnvConfig {
    let mut config = EnvConfig::on(SPLIT);
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
    /// The token table.
    Table(AssetError),
    /// The compiled corpus.
    Corpus(AssetError),
    /// The trained weights.
    Weights(AssetError),
}

impl fmt::Display for AssetsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, error) = match self {
            Self::Table(error) => ("token table", error),
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
    /// Reads all files.
    pub fn from_bytes(table: &[u8], corpus: &[u8], weights: &[u8]) -> Result<Self, AssetsError> {
        let table = Arc::new(TokenTable::from_bytes(table).map_err(AssetsError::Table)?);
        let corpus = Corpus::from_bytes(corpus, Arc::clone(&table)).map_err(AssetsError::Corpus)?;
        let trained =
            Policy::from_bytes(weights, Arc::clone(&table)).map_err(AssetsError::Weights)?;
        Ok(Self {
            corpus: Arc::new(corpus),
            trained: Arc::new(trained),
            untrained: Arc::new(Policy::untrained(UNTRAINED_SEED, table)),
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

    /// The network before training, to be kept.
    pub fn untrained_shared(&self) -> &Arc<Policy> {
        &self.untrained
    }

    /// The corpus.
    pub fn corpus(&self) -> &Arc<Corpus> {
        &self.corpus
    }

    /// Texts that frames are drawn from.
    pub fn n_drawn_from(&self) -> u64 {
        let drawn = |&idx: &u32| self.corpus.family_of(idx).split == SPLIT;
        (0..self.corpus.n_scenarios()).filter(drawn).count() as u64
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
    pub(super) settings: Settings,
    pub(super) paired: Paired,
    policy: Arc<Policy>,
    opponent: Box<dyn Agent>,
    pub(super) n_steps: u32,
    /// The episode in hand, frame by frame; it stays until the next one opens.
    pub(super) rounds: Vec<Arc<Round>>,
    /// Episodes that the edge plays; `None` where the page plays alone.
    pub(super) live: Option<Episodes>,
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
            rounds: Vec::new(),
            live: None,
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
            self.rounds.clear();
        }
        let env = self.paired.trained();
        let text = env.frame_text();
        let channel = env.channel();
        let phase = env.phase();
        let episode = env.n_episodes_begun();
        let decision = self.decide(&text)?;
        let trained = decided(&decision);
        let baseline = (!self.paired.baseline_sits_out()).then(|| self.oppose());

        let baseline_action = baseline.as_ref().map(|answer| &answer.action);
        let outcome = self.paired.step(&trained.action, baseline_action).map_err(RunError::Step)?;
        let baseline = baseline.zip(outcome.baseline).map(|(answer, judged)| Answer {
            score: Some(Score { verdict: judged.verdict, reward: judged.reward }),
            ..answer
        });
        let own = outcome.trained;
        self.n_steps += 1;
        self.take_in(Round {
            step: self.n_steps,
            episode,
            frame: own.step_idx + 1,
            phase,
            channel,
            trained: Answer {
                score: Some(Score { verdict: own.verdict, reward: own.reward }),
                ..trained
            },
            exhibit: exhibit(text, decision),
            baseline,
            truth: Truth {
                vector: own.truth.vector,
                mutations: own.truth.mutations.iter().collect(),
            },
            episode_over: own.terminated || own.truncated,
        });
        Ok(())
    }

    /// The trained policy's decision on a frame in hand.
    pub(super) fn decide(&self, text: &str) -> Result<Decision, RunError> {
        self.policy.decide(text, &self.env().context()).map_err(RunError::Decide)
    }

    /// The baseline's answer to the frame in hand, not scored yet.
    pub(super) fn oppose(&mut self) -> Answer {
        let action = self.opponent.act(self.paired.trained(), &self.paired.baseline_context());
        let belief = self
            .opponent
            .beliefs()
            .map(|beliefs| Belief { p_malicious: beliefs.p_malicious, p_stdio: beliefs.p_stdio });
        Answer { action, belief, score: None, origin: Origin::Page }
    }

    pub(super) fn take_in(&mut self, round: Round) {
        let mut trained = *self.paired.trained().metrics();
        let mut baseline = *self.paired.baseline_metrics();
        if let Some(live) = &self.live {
            live.add_earlier(&mut trained, &mut baseline);
        }
        self.trained.add(Side::Trained, &round, trained);
        self.baseline.add(Side::Baseline, &round, baseline);
        self.trained_series.push(round.step, f64::from(trained.total_reward));
        self.baseline_series.push(round.step, f64::from(baseline.total_reward));
        self.rounds.push(Arc::new(round));
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
        self.rounds.last().map(Arc::as_ref)
    }

    /// The episode that ended with the last step, if one did.
    pub fn finished(&self) -> Option<Episode> {
        // What hosted models answered cannot be played anew.
        let played_here = self.live.is_none();
        let last = self.rounds.last().filter(|round| played_here && round.episode_over)?;
        Some(Episode {
            settings: self.settings,
            number: last.episode,
            phase: last.phase,
            rounds: self.rounds.clone(),
        })
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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::state::record::Standing;
    use omniguard_core::curriculum::Phase;

    /// The committed corpus, and a network in place of the trained one: these tests are about the
    /// bookkeeping, which must hold for any policy.
    pub(crate) fn assets() -> Assets {
        let read = |name: &str| {
            let path = format!("{}/../../public/{name}", env!("CARGO_MANIFEST_DIR"));
            std::fs::read(path).expect("the file is committed")
        };
        let table = read("tokens.bin");
        let loaded = Arc::new(TokenTable::from_bytes(&table).expect("the table is read"));
        let weights = Policy::untrained(5, loaded).to_bytes();
        Assets::from_bytes(&table, &read("corpus.bin"), &weights).expect("all files are read")
    }

    pub(crate) fn settings(baseline: Baseline) -> Settings {
        Settings { seed: 7, phase: Some(Phase::EvasionObfuscation), baseline }
    }

    fn played(assets: &Assets, settings: Settings, n_steps: u32) -> Run {
        let mut run = Run::new(assets, settings).expect("the settings are valid");
        for _ in 0..n_steps {
            run.step().expect("a frame is in hand");
        }
        run
    }

    #[test]
    fn the_same_settings_give_the_same_run() {
        let assets = assets();
        for baseline in Baseline::ALL {
            let (a, b) =
                (played(&assets, settings(baseline), 80), played(&assets, settings(baseline), 80));
            assert_eq!(a.env().trajectory_hash(), b.env().trajectory_hash());
            assert_eq!(a.baseline(), b.baseline());
            assert_eq!(a.round(), b.round());
        }
    }

    #[test]
    fn the_trained_numbers_are_those_of_a_run_without_a_page() {
        let assets = assets();
        let settings = settings(Baseline::Random);
        let run = played(&assets, settings, 80);

        let config = page_config(&settings);
        let mut env = Environment::new(config, Arc::clone(&assets.corpus), settings.seed)
            .expect("the settings are valid");
        env.reset();
        let mut agent = Neural::greedy(Arc::clone(&assets.trained));
        for _ in 0..80 {
            if env.episode_over() {
                env.reset();
            }
            let action = agent.act(&env, &env.context());
            env.step(&action).expect("a frame is in hand");
        }
        assert_eq!(run.env().trajectory_hash(), env.trajectory_hash());
        assert_eq!(&run.trained().metrics, env.metrics());
    }

    #[test]
    fn the_baseline_does_not_touch_the_trained_run() {
        let assets = assets();
        let hash = |baseline| played(&assets, settings(baseline), 60).env().trajectory_hash();
        let hashes = Baseline::ALL.map(hash);
        assert!(hashes.iter().all(|h| *h == hashes[0]));
    }

    #[test]
    fn a_breached_baseline_sits_out_until_both_start_together() {
        let assets = assets();
        let mut run = Run::new(&assets, settings(Baseline::Random)).expect("valid");
        let (mut n_out, mut n_back) = (0, 0);
        let mut was_out = false;
        for _ in 0..300 {
            run.step().expect("a frame is in hand");
            let round = run.round().expect("a frame was played");
            let out = round.baseline.is_none();
            assert!(!(out && round.frame == 1), "both start an episode together");
            assert_eq!(out, was_out && round.frame > 1);
            n_out += u32::from(out);
            n_back += u32::from(was_out && !out);
            was_out = matches!(run.baseline().standing, Standing::Breached { .. });
        }
        assert!(n_out > 0 && n_back > 0, "{n_out} {n_back}");
    }

    #[test]
    fn components_shown_sum_to_the_total_shown() {
        let assets = assets();
        let mut run = Run::new(&assets, settings(Baseline::Random)).expect("valid");
        for _ in 0..200 {
            run.step().expect("a frame is in hand");
            let round = run.round().expect("a frame was played");
            for answer in core::iter::once(&round.trained).chain(&round.baseline) {
                let score = answer.score.as_ref().expect("the truth is known");
                let sum: f32 = score.components().iter().map(|(_, value)| value).sum();
                assert!((sum - score.reward.total).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn files_that_do_not_fit_are_named_with_a_way_out() {
        let error = Assets::from_bytes(b"<!doctype html>", b"", b"").expect_err("no table");
        assert!(matches!(error, AssetsError::Table(_)));
        assert!(
            error.to_string().contains("token table file") && error.to_string().contains("Reload")
        );
    }
}
