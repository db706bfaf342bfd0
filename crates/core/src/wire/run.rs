//! A served environment: what a client plays over any dialect, between two of its requests.
//!
//! Invariant: an error has changed nothing. A step that names its `step_id` may be sent again: the
//! last one is told again, to the bit, instead of being applied twice.

use super::observation::{FieldSet, ObservationBody};
use super::request::Reset;
use super::snapshot;
use crate::action::{Action, ActionType};
use crate::corpus::Corpus;
use crate::environment::{Environment, StepOutcome};
use crate::error::{ConfigError, SnapshotError, StepError};
use crate::frame::Split;
use alloc::{borrow::ToOwned, string::String, sync::Arc, vec::Vec};
use core::fmt;
use serde::{Deserialize, Serialize};

/// Label of an environment that was not given one.
pub const DEFAULT_TASK: &str = "omniguard";
/// Version of the bytes: rises with any change to the mirrors.
const VERSION: u8 = 2;
/// Version of the bytes before runs said whether they were seeded.
const UNSAID: u8 = 1;

/// One environment and what its client said about it.
#[derive(Debug, Clone)]
pub struct Run {
    env: Environment,
    episode_id: String,
    task: String,
    fields: FieldSet,
    last: Option<Last>,
    /// Whether a client gave the seed: then the run is the same wherever it is played.
    seeded: bool,
}

/// The last step that named itself, kept such that it can be told again.
#[derive(Debug, Clone, PartialEq)]
struct Last {
    step_id: u32,
    /// Snapshot of the environment before it.
    before: Vec<u8>,
    action: Action,
}

/// Why a step was refused; nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunError {
    /// The environment does not take a step now.
    Step(StepError),
    /// The step names another frame than the one in hand.
    OutOfStep {
        /// The frame in hand.
        expected: u32,
        /// The frame that the step names.
        given: u32,
    },
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step(error) => error.fmt(f),
            Self::OutOfStep { expected, given } => {
                write!(f, "step_id is {given}, the frame in hand has {expected}")
            }
        }
    }
}

impl core::error::Error for RunError {}

impl Run {
    /// Whether the episode after `reset` may be on texts of a feed: not where a client gave the
    /// seed, now or at the run's beginning.
    pub fn may_stream(previous: Option<&Self>, reset: &Reset) -> bool {
        let goes_on = previous.filter(|_| !reset.starts_run());
        reset.seed.is_none() && goes_on.is_none_or(|run| !run.seeded)
    }

    /// The split that the episode after `reset` is on.
    pub fn split(previous: Option<&Self>, reset: &Reset) -> Split {
        match previous.filter(|_| !reset.starts_run()) {
            Some(run) => run.env.config().split,
            None => reset.config().split,
        }
    }

    /// The run after `reset`, on `corpus`: the next episode of `previous`, or a new run where there
    /// is none or where the reset asks for one. `seed` and `episode_id` are for what the reset leaves open.
    pub fn begin(
        previous: Option<&Self>,
        reset: &Reset,
        corpus: &Arc<Corpus>,
        seed: u64,
        episode_id: impl FnOnce() -> String,
    ) -> Result<Self, ConfigError> {
        let (mut env, seeded) = if let Some(previous) = previous.filter(|_| !reset.starts_run()) {
            (previous.env.clone(), previous.seeded)
        } else {
            let seed = reset.seed.unwrap_or(seed);
            let env = Environment::new(reset.config(), Arc::clone(corpus), seed)?;
            (env, reset.seed.is_some())
        };
        env.reset_on(Arc::clone(corpus))?;
        let task = reset.task_name.as_deref().or(previous.map(|run| run.task.as_str()));
        let fields = reset.fields.or(previous.map(|run| run.fields));
        Ok(Self {
            env,
            episode_id: reset.episode_id.clone().unwrap_or_else(episode_id),
            task: task.unwrap_or(DEFAULT_TASK).to_owned(),
            fields: fields.unwrap_or(FieldSet::ALL),
            last: None,
            seeded,
        })
    }

    /// Whether the step could be taken, or told again.
    pub fn check(&self, step_id: Option<u32>) -> Result<(), RunError> {
        if step_id.is_some() && self.last.as_ref().map(|last| last.step_id) == step_id {
            return Ok(());
        }
        match (self.env.frame(), step_id) {
            (None, _) => {
                let n_steps = self.env.step_idx();
                Err(RunError::Step(StepError::EpisodeOver { n_steps }))
            }
            (Some(_), Some(given)) if given != self.env.step_idx() => {
                Err(RunError::OutOfStep { expected: self.env.step_idx(), given })
            }
            _ => Ok(()),
        }
    }

    /// Answers the frame in hand. With the `step_id` of the last such step: tells it again.
    pub fn step(&mut self, action: &Action, step_id: Option<u32>) -> Result<StepOutcome, RunError> {
        self.check(step_id)?;
        if let Some(last) = self.last.as_ref().filter(|last| Some(last.step_id) == step_id)
            && let Ok(mut before) = snapshot::restore(&last.before, self.env.corpus())
        {
            return before.step(&last.action).map_err(RunError::Step);
        }
        let before = step_id.map(|_| snapshot::save(&self.env));
        let outcome = self.env.step(action).map_err(RunError::Step)?;
        self.last = step_id.zip(before).map(|(step_id, before)| Last {
            step_id,
            before,
            action: action.clone(),
        });
        Ok(outcome)
    }

    /// What the environment shows, as far as the client asked for it.
    pub fn observation(&self, env_id: u32, last_step: Option<&StepOutcome>) -> ObservationBody {
        ObservationBody::new(&self.env, env_id, &self.task, last_step, self.fields)
    }

    /// Whether the client asked for all about the last step.
    pub fn tells_last_step(&self) -> bool {
        self.fields.last_step()
    }

    /// The environment.
    pub fn env(&self) -> &Environment {
        &self.env
    }

    /// Name of the episode.
    pub fn episode_id(&self) -> &str {
        &self.episode_id
    }

    /// The client's label.
    pub fn task(&self) -> &str {
        &self.task
    }

    /// The run as bytes.
    pub fn save(&self) -> Vec<u8> {
        let state = RunState {
            environment: snapshot::save(&self.env),
            episode_id: self.episode_id.clone(),
            task: self.task.clone(),
            fields: self.fields.bits(),
            last: self.last.as_ref().map(|last| LastState {
                step_id: last.step_id,
                before: last.before.clone(),
                action_type: last.action.action_type() as u8,
                confidence: last.action.confidence(),
                rationale: last.action.rationale().to_owned(),
                mcp_restrictions: last.action.mcp_restrictions().to_vec(),
            }),
        };
        // Writing numbers to memory cannot fail; an empty run is refused when it is read.
        postcard::to_extend(&(self.seeded, state), Vec::from([VERSION])).unwrap_or_default()
    }

    /// The run that was saved, over the corpus it was saved with.
    pub fn restore(bytes: &[u8], corpus: &Arc<Corpus>) -> Result<Self, SnapshotError> {
        let damaged = |_| SnapshotError::Damaged;
        let (seeded, state): (bool, RunState) = match bytes.split_first() {
            Some((&VERSION, state)) => postcard::from_bytes(state).map_err(damaged)?,
            Some((&UNSAID, state)) => (true, postcard::from_bytes(state).map_err(damaged)?),
            Some((&version, _)) => return Err(SnapshotError::UnknownVersion { version }),
            None => return Err(SnapshotError::Damaged),
        };
        Ok(Self {
            env: snapshot::restore(&state.environment, corpus)?,
            episode_id: state.episode_id,
            task: state.task,
            fields: FieldSet::from_bits(state.fields),
            last: state.last.map(LastState::last).transpose()?,
            seeded,
        })
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct RunState {
    environment: Vec<u8>,
    episode_id: String,
    task: String,
    fields: u32,
    last: Option<LastState>,
}

#[derive(Debug, Serialize, Deserialize)]
struct LastState {
    step_id: u32,
    before: Vec<u8>,
    action_type: u8,
    confidence: f32,
    rationale: String,
    mcp_restrictions: Vec<String>,
}

impl LastState {
    fn last(self) -> Result<Last, SnapshotError> {
        let kind = snapshot::known(ActionType::from_index, self.action_type)?;
        let action = Action::new(kind, self.confidence, self.rationale, self.mcp_restrictions)
            .map_err(|_| SnapshotError::Damaged)?;
        Ok(Last { step_id: self.step_id, before: self.before, action })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::test_table;
    use crate::rng::Rng;

    fn corpus() -> Arc<Corpus> {
        let bytes = include_bytes!("../../../../public/corpus.bin");
        Arc::new(Corpus::from_bytes(bytes, test_table()).unwrap())
    }

    fn begin(corpus: &Arc<Corpus>) -> Run {
        let reset = Reset { seed: Some(7), ..Reset::default() };
        Run::begin(None, &reset, corpus, 0, || "e".into()).unwrap()
    }

    fn drawn(rng: &mut Rng) -> Action {
        Action::of(ActionType::from_index(rng.below(6) as usize).unwrap())
    }

    #[test]
    fn a_step_sent_again_is_told_again_and_not_applied_twice() {
        let corpus = corpus();
        let (mut once, mut twice) = (begin(&corpus), begin(&corpus));
        let mut rng = Rng::new(5);
        while once.env().frame().is_some() {
            let (action, step_id) = (drawn(&mut rng), Some(once.env().step_idx()));
            let first = once.step(&action, step_id).unwrap();
            assert_eq!(twice.step(&action, step_id).unwrap(), first);
            // As after a crash of the server between the two.
            twice = Run::restore(&twice.save(), &corpus).unwrap();
            assert_eq!(twice.step(&action, step_id).unwrap(), first);
            assert_eq!(twice.observation(3, Some(&first)), once.observation(3, Some(&first)));
        }
        assert_eq!(twice.env().trajectory_hash(), once.env().trajectory_hash());
    }

    #[test]
    fn a_step_out_of_order_is_refused_and_changes_nothing() {
        let corpus = corpus();
        let mut run = begin(&corpus);
        let before = run.save();
        let refused = run.step(&Action::of(ActionType::Allow), Some(4)).unwrap_err();
        assert_eq!(refused, RunError::OutOfStep { expected: 0, given: 4 });
        assert_eq!(run.save(), before);
        while run.env().frame().is_some() {
            run.step(&Action::of(ActionType::Allow), None).unwrap();
        }
        let over = run.step(&Action::of(ActionType::Allow), None).unwrap_err();
        assert!(matches!(over, RunError::Step(StepError::EpisodeOver { .. })), "{over}");
    }

    #[test]
    fn a_reset_goes_on_with_the_run_unless_it_asks_for_a_new_one() {
        let corpus = corpus();
        let fields = FieldSet::from_names(["step_id"]);
        let named = Reset { task_name: Some("mine".into()), fields, ..Reset::default() };
        let first = Run::begin(None, &named, &corpus, 9, || "a".into()).unwrap();
        assert_eq!((first.env().seed(), first.task(), first.episode_id()), (9, "mine", "a"));
        let second =
            Run::begin(Some(&first), &Reset::default(), &corpus, 1, || "b".into()).unwrap();
        assert_eq!((second.env().seed(), second.task()), (9, "mine"));
        assert_eq!(second.env().n_episodes_begun(), 2);
        let shown = serde_json::to_value(second.observation(0, None)).unwrap();
        assert_eq!(shown, serde_json::json!({"step_id": 0}));
        let seeded = Reset { seed: Some(3), ..Reset::default() };
        let third = Run::begin(Some(&second), &seeded, &corpus, 1, || "c".into()).unwrap();
        assert_eq!((third.env().seed(), third.env().n_episodes_begun()), (3, 1));
        let (open, seeded) = (Reset::default(), Reset { seed: Some(1), ..Reset::default() });
        let optioned = Reset { split: Some(Split::Test), ..Reset::default() };
        assert!(Run::may_stream(None, &open) && !Run::may_stream(None, &seeded));
        assert!(Run::may_stream(Some(&second), &open) && !Run::may_stream(Some(&second), &seeded));
        assert!(!Run::may_stream(Some(&third), &open) && Run::may_stream(Some(&third), &optioned));
        let restored = Run::restore(&third.save(), &corpus).unwrap();
        assert!(!Run::may_stream(Some(&restored), &open));
        let restored = Run::restore(&second.save(), &corpus).unwrap();
        assert!(Run::may_stream(Some(&restored), &open));
        assert_eq!(Run::split(None, &optioned), Split::Test);
    }
}
