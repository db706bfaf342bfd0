//! Many environments side by side, as a vectorised trainer wants them.

use crate::action::Action;
use crate::corpus::Corpus;
use crate::environment::{ConfigError, EnvConfig, Environment, StepError, StepOutcome, check_seed};
use crate::rng::Rng;
use alloc::{sync::Arc, vec::Vec};

/// Environments that share a corpus and a configuration; each has its own seed, curriculum and
/// adversary.
#[derive(Debug, Clone)]
pub struct VectorEnvironment {
    environments: Vec<Environment>,
}

/// Seed of environment `idx` under a common `seed`.
pub fn seed_of(seed: u64, idx: u32) -> u64 {
    Rng::new(seed).fork(u64::from(idx)).u64() & crate::environment::MAX_SEED
}

impl VectorEnvironment {
    /// `n` environments, each at the start of its first episode; environment i is seeded by
    /// fork(i) of `seed`.
    pub fn new(
        config: EnvConfig,
        corpus: &Arc<Corpus>,
        seed: u64,
        n: u32,
    ) -> Result<Self, ConfigError> {
        check_seed(seed)?;
        let environments = (0..n)
            .map(|idx| {
                let mut env = Environment::new(config, Arc::clone(corpus), seed_of(seed, idx))?;
                env.reset();
                Ok(env)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { environments })
    }

    /// The environments.
    pub fn environments(&self) -> &[Environment] {
        &self.environments
    }

    /// The environments, to step one by one.
    pub fn environments_mut(&mut self) -> &mut [Environment] {
        &mut self.environments
    }

    /// Answers every frame in hand; an environment whose episode ended starts the next one.
    /// `actions` and `outcomes` go with the environments by position; what is longer is ignored.
    pub fn step(
        &mut self,
        actions: &[Action],
        outcomes: &mut Vec<StepOutcome>,
    ) -> Result<(), StepError> {
        outcomes.clear();
        for (env, action) in self.environments.iter_mut().zip(actions) {
            let outcome = env.step(action)?;
            if env.episode_over() {
                env.reset();
            }
            outcomes.push(outcome);
        }
        Ok(())
    }
}
