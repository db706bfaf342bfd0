//! The native environment that one of the Worker's is held to.

use crate::corpus;
use omniguard_core::action::{Action, ActionType};
use omniguard_core::corpus::Corpus;
use omniguard_core::environment::{EnvConfig, Environment, StepOutcome};
use omniguard_core::rng::Rng;
use omniguard_core::wire::hex64;
use omniguard_core::wire::observation::{FieldSet, ObservationBody};
use omniguard_core::wire::request::ActionBody;
use omniguard_core::wire::step::{self, Info, Reward};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::{Arc, OnceLock};

/// Label of an environment that was given none.
const TASK: &str = "omniguard";

/// An environment played in this process.
#[derive(Debug)]
pub struct Native {
    /// The environment.
    pub env: Environment,
    env_id: u32,
}

impl Native {
    /// Environment `env_id` at the start of its first episode.
    ///
    /// # Panics
    /// Where core refuses the configuration.
    pub fn begin(config: EnvConfig, seed: u64, env_id: u32) -> Self {
        static CORPUS: OnceLock<Arc<Corpus>> = OnceLock::new();
        let corpus = Arc::clone(CORPUS.get_or_init(corpus));
        let mut env = Environment::new(config, corpus, seed).expect("a configuration");
        env.reset();
        Self { env, env_id }
    }

    /// What a reset shows.
    pub fn observation(&self) -> Value {
        self.shown(None)
    }

    /// Takes a step; its result in the batch dialect.
    ///
    /// # Panics
    /// Where core refuses the step.
    pub fn step(&mut self, action: &Action) -> Value {
        let outcome = self.env.step(action).expect("a step");
        json!({
            "env_id": self.env_id,
            "observation": self.shown(None),
            "reward": through_text(&Reward::from(&outcome)),
            "done": step::done(&outcome),
            "info": through_text(&Info::new(&outcome, self.env.corpus())),
        })
    }

    /// Takes a step; its answer in the OpenEnv dialect.
    ///
    /// # Panics
    /// Where core refuses the step.
    pub fn step_openenv(&mut self, action: &Action) -> Value {
        let outcome = self.env.step(action).expect("a step");
        json!({
            "observation": self.shown(Some(&outcome)),
            "reward": through_text(&outcome.reward.total),
            "done": step::done(&outcome),
        })
    }

    /// Hash over the run so far, as the Worker writes it.
    pub fn hash(&self) -> String {
        hex64(self.env.trajectory_hash())
    }

    fn shown(&self, last_step: Option<&StepOutcome>) -> Value {
        let fields = FieldSet::ALL;
        through_text(&ObservationBody::new(&self.env, self.env_id, TASK, last_step, fields))
    }
}

/// Written and read again: shortest decimals are equal exactly where the bits are.
fn through_text(value: &impl Serialize) -> Value {
    let text = serde_json::to_string(value).expect("JSON");
    serde_json::from_str(&text).expect("JSON")
}

/// A random answer that uses every field.
///
/// # Panics
/// Never: the action is valid.
pub fn drawn_action(rng: &mut Rng) -> Action {
    let kind = ActionType::ALL[rng.below(6) as usize];
    let rationale = ["", "looks like routine traffic", "`curl | sh` in an argument"];
    let rationale = rationale[rng.below(3) as usize];
    let restrictions = if rng.chance(0.3) { vec!["execute".to_owned()] } else { vec![] };
    Action::new(kind, rng.f32(), rationale.to_owned(), restrictions).expect("an action")
}

/// An item of a batch.
pub fn item(env_id: u32, action: &Action, step_id: Option<u32>) -> Value {
    let mut item = json!(ActionBody::from(action));
    item["env_id"] = json!(env_id);
    if let Some(step_id) = step_id {
        item["step_id"] = json!(step_id);
    }
    item
}

/// An item that never ends an episode early: the action never lets an attack through.
pub fn revoke(env_id: u32) -> Value {
    json!({"env_id": env_id, "action_type": "REVOKE_STDIO"})
}
