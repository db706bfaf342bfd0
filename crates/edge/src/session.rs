//! One session: an environment and the conversation about it. Pure: no sockets, no clock.
//!
//! Invariant: whatever is received, the answer is one message (or the end), an error has changed
//! nothing, and the session goes on.

use crate::protocol::{self, Incoming};
use omniguard_core::action::Action;
use omniguard_core::corpus::Corpus;
use omniguard_core::environment::{ConfigError, Environment, MAX_SEED, StepError};
use omniguard_core::rng::Rng;
use omniguard_core::wire::observation::ObservationBody;
use omniguard_core::wire::openenv::{ErrorBody, ErrorCode, Observed, Outgoing, StateBody};
use omniguard_core::wire::request::Reset;
use omniguard_core::wire::step::{self, LastStep};
use std::sync::Arc;

/// Label of an environment that was not given one.
const DEFAULT_TASK: &str = "omniguard";

/// What to do after a message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reply {
    /// Send this text.
    Send(String),
    /// Close the socket.
    Close,
}

/// One client's session.
#[derive(Debug)]
pub(crate) struct Session {
    corpus: Arc<Corpus>,
    /// Draws the seeds that clients leave to the server.
    seeds: Rng,
    /// Makes generated episode names differ between sessions.
    id: u64,
    n_episodes: u64,
    episode: Option<Episode>,
}

#[derive(Debug)]
struct Episode {
    env: Environment,
    id: String,
    task: String,
}

impl Session {
    /// A session before its first reset. `entropy` must differ from session to session.
    pub(crate) fn new(corpus: Arc<Corpus>, entropy: u64) -> Self {
        let mut seeds = Rng::new(entropy);
        let id = seeds.u64();
        Self { corpus, seeds, id, n_episodes: 0, episode: None }
    }

    /// Answers a text message.
    pub(crate) fn on_text(&mut self, text: &str) -> Reply {
        let answer = match protocol::parse(text) {
            Ok(Incoming::Reset(reset)) => self.reset(reset),
            Ok(Incoming::Step(action)) => self.step(&action),
            Ok(Incoming::State) => Ok(Outgoing::State(self.state())),
            Ok(Incoming::Close) => return Reply::Close,
            Err(error) => Err(error),
        };
        Reply::Send(written(&answer.unwrap_or_else(Outgoing::Error)))
    }

    fn reset(&mut self, reset: Reset) -> Result<Outgoing, ErrorBody> {
        let drawn = self.seeds.u64() & MAX_SEED;
        let previous = self.episode.as_ref();
        let env = if let Some(episode) = previous.filter(|_| !reset.starts_run()) {
            let mut env = episode.env.clone();
            env.reset();
            env
        } else {
            let seed = reset.seed.unwrap_or(drawn);
            let corpus = Arc::clone(&self.corpus);
            let mut env = Environment::new(reset.config(), corpus, seed).map_err(config_error)?;
            env.reset();
            env
        };
        self.n_episodes += 1;
        let task = reset
            .task_name
            .or_else(|| previous.map(|episode| episode.task.clone()))
            .unwrap_or_else(|| DEFAULT_TASK.into());
        let id =
            reset.episode_id.unwrap_or_else(|| format!("{:016x}-{}", self.id, self.n_episodes));
        let observation = ObservationBody::new(env.observe(), 0, &task, None);
        self.episode = Some(Episode { env, id, task });
        Ok(Outgoing::Observation(Observed { observation, reward: None, done: false }))
    }

    fn step(&mut self, action: &Action) -> Result<Outgoing, ErrorBody> {
        let episode = self.episode.as_mut().ok_or_else(|| step_error(StepError::ResetNeeded))?;
        let outcome = episode.env.step(action).map_err(step_error)?;
        let last_step = Some(LastStep::new(&outcome, episode.env.corpus()));
        let observation = ObservationBody::new(episode.env.observe(), 0, &episode.task, last_step);
        let reward = Some(outcome.reward.total);
        Ok(Outgoing::Observation(Observed { observation, reward, done: step::done(&outcome) }))
    }

    fn state(&self) -> StateBody {
        StateBody::new(self.episode.as_ref().map(|episode| (episode.id.as_str(), &episode.env)))
    }
}

fn step_error(error: StepError) -> ErrorBody {
    let reason = match error {
        StepError::ResetNeeded => "reset_needed",
        StepError::EpisodeOver { .. } => "episode_over",
    };
    ErrorBody::new(ErrorCode::ExecutionError, error.to_string()).because(reason)
}

fn config_error(error: ConfigError) -> ErrorBody {
    ErrorBody::new(ErrorCode::FactoryError, error.to_string()).because("environment_refused")
}

/// The text of an error message.
pub(crate) fn error_text(error: ErrorBody) -> String {
    written(&Outgoing::Error(error))
}

fn written(message: &Outgoing) -> String {
    serde_json::to_string(message).unwrap_or_else(|_| {
        // Our own types always serialise; if one ever did not, the client still gets an error.
        r#"{"type":"error","data":{"message":"the answer cannot be written","code":"SESSION_ERROR"}}"#
            .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use omniguard_core::action::ActionType;
    use omniguard_core::embed::TokenTable;
    use omniguard_core::environment::EnvConfig;
    use omniguard_core::frame::Split;
    use omniguard_core::wire::hex64;
    use omniguard_core::wire::observation::OBSERVATION_SPACE;
    use serde_json::{Value, json};

    fn corpus() -> Arc<Corpus> {
        let table = TokenTable::from_bytes(include_bytes!("../../../public/tokens.bin")).unwrap();
        let corpus = include_bytes!("../../../public/corpus.bin");
        Arc::new(Corpus::from_bytes(corpus, Arc::new(table)).unwrap())
    }

    fn session() -> Session {
        Session::new(corpus(), 1)
    }

    fn ask(session: &mut Session, message: &Value) -> Value {
        match session.on_text(&message.to_string()) {
            Reply::Send(text) => serde_json::from_str(&text).unwrap(),
            Reply::Close => panic!("the session ended"),
        }
    }

    fn step(session: &mut Session, action: &str) -> Value {
        ask(session, &json!({"type": "step", "data": {"action_type": action}}))
    }

    #[test]
    fn an_observation_has_the_members_that_info_promises() {
        let answer = ask(&mut session(), &json!({"type": "reset", "data": {"seed": 1}}));
        let data = &answer["data"];
        assert_eq!((&data["reward"], &data["done"]), (&Value::Null, &json!(false)));
        let mut promised: Vec<_> = OBSERVATION_SPACE.iter().map(|field| field.name).collect();
        promised.sort_unstable();
        let mut found: Vec<_> =
            data["observation"].as_object().unwrap().keys().map(String::as_str).collect();
        found.sort_unstable();
        assert_eq!(found, promised);
        assert_eq!(data["observation"]["embedding_vector"].as_array().unwrap().len(), 64);
    }

    #[test]
    fn a_session_plays_the_same_run_as_core() {
        let mut session = session();
        ask(&mut session, &json!({"type": "reset", "data": {"seed": 7}}));
        let mut env = Environment::new(EnvConfig::on(Split::Train), corpus(), 7).unwrap();
        env.reset();
        for n in 0..200 {
            let kind = ActionType::ALL[n % 6];
            let outcome = env.step(&Action::of(kind)).unwrap();
            let answer = step(&mut session, kind.name());
            let reward = answer["data"]["reward"].as_f64().unwrap() as f32;
            assert_eq!(reward.to_bits(), outcome.reward.total.to_bits());
            let info = &answer["data"]["observation"]["last_step"];
            assert_eq!(info["truth"]["vector"], outcome.truth.vector.name());
            assert_eq!(info["verdict"], outcome.verdict.name());
            assert_eq!(answer["data"]["done"], json!(step::done(&outcome)));
            if step::done(&outcome) {
                assert_eq!(answer["data"]["observation"]["payload_raw"], "");
                env.reset();
                ask(&mut session, &json!({"type": "reset"}));
            }
        }
        let state = ask(&mut session, &json!({"type": "state"}));
        assert_eq!(state["data"]["trajectory_hash"], hex64(env.trajectory_hash()));
    }

    #[test]
    fn an_error_changes_nothing_and_the_session_goes_on() {
        let mut session = session();
        let error = step(&mut session, "ALLOW");
        assert_eq!(error["data"]["code"], "EXECUTION_ERROR");
        assert_eq!(error["data"]["reason"], "reset_needed");
        ask(&mut session, &json!({"type": "reset", "data": {"seed": 3, "episode_length": 1}}));
        let before = ask(&mut session, &json!({"type": "state"}));
        for text in ["{", "{}", r#"{"type":"step","data":{}}"#, r#"{"type":"reset","data":3}"#] {
            let Reply::Send(answer) = session.on_text(text) else { panic!("closed") };
            assert!(answer.starts_with(r#"{"type":"error""#), "{answer}");
        }
        assert_eq!(ask(&mut session, &json!({"type": "state"})), before);
        assert_eq!(step(&mut session, "REVOKE_STDIO")["data"]["done"], true);
        let over = ask(&mut session, &json!({"type": "state"}));
        let error = step(&mut session, "ALLOW");
        assert_eq!(error["data"]["reason"], "episode_over");
        assert_eq!(ask(&mut session, &json!({"type": "state"})), over);
    }

    #[test]
    fn a_seed_or_an_option_starts_a_run_and_nothing_starts_the_next_episode() {
        let mut session = session();
        let state = |session: &mut Session, data: Value| {
            ask(session, &json!({"type": "reset", "data": data}));
            ask(session, &json!({"type": "state"}))["data"].take()
        };
        let first = state(&mut session, json!({"seed": 5, "phase": "chained_exploitation"}));
        assert_eq!((&first["seed"], &first["n_episodes"]), (&json!(5), &json!(1)));
        let next = state(&mut session, json!({"episode_id": "mine"}));
        assert_eq!((&next["seed"], &next["n_episodes"]), (&json!(5), &json!(2)));
        assert_eq!((&next["phase"], &next["episode_id"]), (&first["phase"], &json!("mine")));
        let fresh = state(&mut session, json!({"split": "test"}));
        assert_eq!((&fresh["split"], &fresh["n_episodes"]), (&json!("test"), &json!(1)));
        assert_ne!(fresh["seed"], json!(5));
        assert_eq!(fresh["phase_pinned"], false);
        let again = state(&mut session, json!({"seed": fresh["seed"], "split": "test"}));
        assert_eq!(again["trajectory_hash"], fresh["trajectory_hash"]);
        assert_ne!(again["episode_id"], fresh["episode_id"]);
    }

    #[test]
    fn the_state_before_the_first_reset_is_empty() {
        let state = ask(&mut session(), &json!({"type": "state"}));
        assert_eq!(
            state,
            json!({"type": "state", "data": {
                "episode_id": null, "step_count": 0, "environment": "omniguard-v2.1",
            }})
        );
        assert_eq!(session().on_text(r#"{"type":"close"}"#), Reply::Close);
    }

    #[test]
    fn random_messages_never_end_a_session() {
        let mut rng = Rng::new(9);
        let mut session = session();
        let pieces = [
            "{",
            "}",
            "\"type\"",
            ":",
            "\"step\"",
            "\"reset\"",
            ",",
            "\"data\"",
            "[",
            "]",
            "null",
            "1e999",
            "\"action_type\"",
            "\"ALLOW\"",
            "\\u0000",
            "\u{feff}",
            " ",
            "true",
            "-",
        ];
        for _ in 0..20_000 {
            let n = rng.below(12);
            let text: String =
                (0..n).map(|_| pieces[rng.below(pieces.len() as u32) as usize]).collect();
            assert!(matches!(session.on_text(&text), Reply::Send(_)));
        }
        assert_eq!(ask(&mut session, &json!({"type": "state"}))["type"], "state");
    }
}
