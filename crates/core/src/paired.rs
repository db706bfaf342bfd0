//! Two agents on one stream, for the page: one drives, the other answers the same frames.
//!
//! The driver's numbers equal those of an environment played alone, since the follower draws
//! nothing. Evaluation never uses it: there every policy plays its own environment.

use crate::action::Action;
use crate::corpus::Corpus;
use crate::environment::{
    ConfigError, EnvConfig, Environment, StepError, StepOutcome, context_of, judge_frame,
};
use crate::history::Verdict;
use crate::judge::{Judge, Judged, Metrics};
use crate::policy::Context;
use alloc::sync::Arc;

/// A driving environment and a follower's record.
#[derive(Debug, Clone)]
pub struct Paired {
    driver: Environment,
    follower: Judge,
    /// Whether the follower was breached in this episode.
    sits_out: bool,
}

/// What both agents got for one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedOutcome {
    /// The driver's step.
    pub trained: StepOutcome,
    /// The follower's; `None` while it sits out.
    pub baseline: Option<Judged>,
}

impl Paired {
    /// Two agents at the start of a run's first episode.
    pub fn new(config: EnvConfig, corpus: Arc<Corpus>, seed: u64) -> Result<Self, ConfigError> {
        let driver = Environment::new(config, corpus, seed)?;
        let mut paired = Self { driver, follower: Judge::default(), sits_out: false };
        paired.next_episode();
        Ok(paired)
    }

    /// Rebuilds everything from `seed`.
    pub fn reset_seeded(&mut self, seed: u64) -> Result<(), ConfigError> {
        *self = Self::new(*self.driver.config(), Arc::clone(self.driver.corpus()), seed)?;
        Ok(())
    }

    /// Starts the next episode for both.
    pub fn next_episode(&mut self) {
        self.driver.reset();
        self.follower.begin_episode(self.driver.config().episode_length);
        self.sits_out = false;
    }

    /// Both agents answer the frame in hand. The follower's answer is not looked at while it sits
    /// out, or when it is `None`: then it sits out from here on.
    pub fn step(
        &mut self,
        trained: &Action,
        baseline: Option<&Action>,
    ) -> Result<PairedOutcome, StepError> {
        let frame = self.driver.frame().copied();
        let outcome = self.driver.step(trained)?;
        let answered = baseline.filter(|_| !self.sits_out).zip(frame).map(|(action, frame)| {
            judge_frame(&mut self.follower, action, self.driver.corpus(), &frame)
        });
        let breached = answered.is_none_or(|judged| judged.verdict == Verdict::Breach);
        let driver_done = outcome.terminated || outcome.truncated;
        if !self.sits_out && (breached || driver_done) {
            self.follower.finish_episode();
        }
        self.sits_out |= breached;
        Ok(PairedOutcome { trained: outcome, baseline: answered })
    }

    /// The driving environment.
    pub fn trained(&self) -> &Environment {
        &self.driver
    }

    /// The follower's counts.
    pub fn baseline_metrics(&self) -> &Metrics {
        self.follower.metrics()
    }

    /// What the follower's policy may know besides the text.
    pub fn baseline_context(&self) -> Context {
        context_of(&self.follower, self.driver.channel())
    }

    /// Whether the follower waits for the next episode.
    pub fn baseline_sits_out(&self) -> bool {
        self.sits_out
    }
}
