//! A run that the edge plays, with the page's own environment beside it.
//!
//! The edge draws the frames and keeps score; the page's environment takes the same steps, shows the
//! frames and is held against what the edge says. Two environments of one seed show the same frames
//! until one is breached, so each episode is a run of its own there: both start it together. The
//! curriculum goes on from episode to episode in the page; the adversary starts each one anew.

use super::wire::{Judged, reset_body};
use crate::state::engine::{Assets, MIN_EPISODES_PER_PHASE, Run, RunError};
use crate::state::record::Side;
use crate::state::round::{Answer, Exhibit, Origin, Round, Score, Truth, decided};
use crate::state::settings::Settings;
use omniguard_core::curriculum::{Curriculum, Phase};
use omniguard_core::decode::decode;
use omniguard_core::environment::{ConfigError, EnvConfig, MAX_SEED};
use omniguard_core::frame::{Channel, Split};
use omniguard_core::judge::Metrics;
use omniguard_core::paired::Paired;
use omniguard_core::rng::Rng;
use std::sync::Arc;

/// Fork of a run's seed that episodes after the first take theirs from.
const EPISODES_FORK: u64 = 2;

/// Episodes of a live run.
#[derive(Debug)]
pub struct Episodes {
    curriculum: Curriculum,
    /// Episodes begun.
    n_begun: u32,
    /// Whether the edge has begun the one in hand too.
    opened: bool,
    /// Counts of those before it, by [`Side`].
    earlier: [Metrics; 2],
}

/// A frame that is shown and not answered yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// Its text and the decoder's reading.
    pub exhibit: Exhibit,
    /// Where the gateway saw it.
    pub channel: Option<Channel>,
}

/// Why a step was not taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakeError {
    /// The edge's environment is not the page's.
    Differs,
    /// The page's environment refused the step.
    Run(RunError),
}

impl core::fmt::Display for TakeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Differs => f.write_str(
                "The edge plays another version of the environment than this page. Reload the page \
                 without the cache (Ctrl+Shift+R); without live mode it plays on.",
            ),
            Self::Run(error) => write!(f, "{error}. Press \u{201c}Reset\u{201d} to start again."),
        }
    }
}

/// The configuration at the edge: its own, but for what the reset names.
fn config(phase: Phase) -> EnvConfig {
    EnvConfig { phase: Some(phase), ..EnvConfig::on(Split::Test) }
}

fn seed_of(settings: &Settings, number: u32) -> u64 {
    if number == 1 {
        return settings.seed;
    }
    Rng::new(settings.seed).fork(EPISODES_FORK).fork(u64::from(number)).u64() & MAX_SEED
}

impl Episodes {
    /// Adds the counts of earlier episodes.
    pub fn add_earlier(&self, trained: &mut Metrics, baseline: &mut Metrics) {
        for (sum, earlier) in [trained, baseline].into_iter().zip(&self.earlier) {
            sum.n_steps += earlier.n_steps;
            sum.n_episodes += earlier.n_episodes;
            sum.total_reward += earlier.total_reward;
            sum.total_score += earlier.total_score;
            sum.n_breaches += earlier.n_breaches;
            let (tally, before) = (&mut sum.tally, &earlier.tally);
            tally.malicious += before.malicious;
            tally.neutralised += before.neutralised;
            tally.benign += before.benign;
            tally.false_positives += before.false_positives;
            tally.escalated += before.escalated;
            for (sum, before) in sum.actions.iter_mut().zip(earlier.actions) {
                *sum += before;
            }
        }
    }
}

impl Run {
    /// A live run at its start.
    pub fn live(assets: &Assets, settings: Settings) -> Result<Self, ConfigError> {
        let mut run = Self::new(assets, settings)?;
        let curriculum = Curriculum::new(settings.phase, MIN_EPISODES_PER_PHASE);
        let mut episodes =
            Episodes { curriculum, n_begun: 0, opened: false, earlier: [Metrics::default(); 2] };
        run.begin_episode(&mut episodes)?;
        run.live = Some(episodes);
        Ok(run)
    }

    fn begin_episode(&mut self, live: &mut Episodes) -> Result<(), ConfigError> {
        let number = live.n_begun + 1;
        let corpus = Arc::clone(self.env().corpus());
        let config = config(live.curriculum.phase());
        self.paired = Paired::new(config, corpus, seed_of(&self.settings, number))?;
        self.rounds.clear();
        live.n_begun = number;
        live.opened = false;
        Ok(())
    }

    /// Whether the edge plays.
    pub fn is_live(&self) -> bool {
        self.live.is_some()
    }

    /// Makes a frame be in hand; the body of the reset that the edge needs for it, if it needs one.
    pub fn open(&mut self) -> Result<Option<String>, ConfigError> {
        let Some(mut live) = self.live.take() else { return Ok(None) };
        if self.env().episode_over() {
            let mut earlier = [*self.env().metrics(), *self.paired.baseline_metrics()];
            let [trained, baseline] = &mut earlier;
            live.add_earlier(trained, baseline);
            let begun = self.begin_episode(&mut live);
            live.earlier = earlier;
            if let Err(error) = begun {
                self.live = Some(live);
                return Err(error);
            }
        }
        let body = (!live.opened).then(|| reset_body(self.env().seed(), self.env().phase()));
        self.live = Some(live);
        Ok(body)
    }

    /// The edge has begun the episode and shows these texts.
    pub fn opened(&mut self, texts: &[String]) -> Result<(), TakeError> {
        let expected = self.env().frame_text();
        if texts.len() != Side::ALL.len() || texts.iter().any(|text| *text != expected) {
            return Err(TakeError::Differs);
        }
        if let Some(live) = &mut self.live {
            live.opened = true;
        }
        Ok(())
    }

    /// The frame in hand.
    pub fn shown(&self) -> Shown {
        let text = self.env().frame_text();
        let decoded = decode(&text);
        // What decided is not known of a hosted model.
        let exhibit = Exhibit { text, decoded, span: None, weights: Vec::new() };
        Shown { exhibit, channel: self.env().channel() }
    }

    /// Whether the baseline waits for the next episode.
    pub fn baseline_sits_out(&self) -> bool {
        self.paired.baseline_sits_out()
    }

    /// The answer of the page's own agent on a side, in place of a hosted model.
    pub fn fallback(&mut self, side: Side) -> Result<Answer, RunError> {
        let mut answer = match side {
            Side::Baseline => self.oppose(),
            Side::Trained => decided(&self.decide(&self.env().frame_text())?),
        };
        answer.origin = Origin::Fallback;
        Ok(answer)
    }

    /// Takes in the frame in hand as the edge judged it: after the same step the page's environment
    /// says the same, in every figure that is shown, or the step is refused.
    pub fn take(
        &mut self,
        shown: Shown,
        mut trained: Answer,
        mut baseline: Option<Answer>,
        judged: &Judged,
    ) -> Result<(), TakeError> {
        let phase = self.env().phase();
        let action = baseline.as_ref().map(|answer| &answer.action);
        let outcome = self
            .paired
            .step(&trained.action, action)
            .map_err(|error| TakeError::Run(RunError::Step(error)))?;
        let own = outcome.trained;
        let truth =
            Truth { vector: own.truth.vector, mutations: own.truth.mutations.iter().collect() };
        trained.score = Some(Score { verdict: own.verdict, reward: own.reward });
        if let (Some(baseline), Some(own)) = (&mut baseline, outcome.baseline) {
            baseline.score = Some(Score { verdict: own.verdict, reward: own.reward });
        }
        let second = baseline.as_ref().and_then(|answer| answer.score.as_ref());
        if !judged.agrees(Side::Trained, trained.score.as_ref(), &truth)
            || !judged.agrees(Side::Baseline, second, &truth)
        {
            return Err(TakeError::Differs);
        }
        self.n_steps += 1;
        let mut episode = 0;
        if let Some(live) = &mut self.live {
            episode = live.n_begun;
            if let Some(score) = own.episode_score {
                live.curriculum.finish_episode(score);
            }
        }
        self.take_in(Round {
            step: self.n_steps,
            episode,
            frame: own.step_idx + 1,
            phase,
            channel: shown.channel,
            trained,
            exhibit: shown.exhibit,
            baseline,
            truth,
            episode_over: own.terminated || own.truncated,
        });
        Ok(())
    }
}
