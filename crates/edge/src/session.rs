//! One session: an environment and the conversation about it. Pure: no sockets, no clock.
//!
//! Invariant: whatever is received, the answer is one message (or the end), an error has changed
//! nothing, and the session goes on.

use crate::mcp::SERVER;
use crate::protocol::Incoming;
use omniguard_core::action::Action;
use omniguard_core::corpus::Corpus;
use omniguard_core::environment::{ConfigError, MAX_SEED, StepError};
use omniguard_core::frame::Split;
use omniguard_core::policy::Policy;
use omniguard_core::rng::Rng;
use omniguard_core::wire::mcp;
use omniguard_core::wire::openenv::{ErrorBody, ErrorCode, Observed, Outgoing, StateBody};
use omniguard_core::wire::request::Reset;
use omniguard_core::wire::run::{Run, RunError};
use omniguard_core::wire::step;
use std::sync::Arc;

/// A message as it was read.
pub(crate) type Message = Result<Incoming, ErrorBody>;

/// What to do after a message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reply {
    /// Send this text.
    Send(String),
    /// Send nothing: none is due.
    Nothing,
    /// Close the socket.
    Close,
}

/// One client's session.
#[derive(Debug)]
pub(crate) struct Session {
    policy: Arc<Policy>,
    /// Draws the seeds that clients leave to the server.
    seeds: Rng,
    /// Makes generated episode names differ between sessions.
    id: u64,
    n_episodes: u64,
    run: Option<Run>,
}

impl Session {
    /// A session before its first reset. `entropy` must differ from session to session.
    pub(crate) fn new(policy: Arc<Policy>, entropy: u64) -> Self {
        let mut seeds = Rng::new(entropy);
        let id = seeds.u64();
        Self { policy, seeds, id, n_episodes: 0, run: None }
    }

    /// The split that a message's episode may have texts of a feed from, if it begins one that may.
    pub(crate) fn streams(&self, message: &Message) -> Option<Split> {
        let Ok(Incoming::Reset(reset)) = message else { return None };
        let run = self.run.as_ref();
        Run::may_stream(run, reset).then(|| Run::split(run, reset))
    }

    /// Answers a message; an episode that it begins is on `corpus`.
    pub(crate) fn answer(&mut self, message: Message, corpus: &Arc<Corpus>) -> Reply {
        let answer = match message {
            Ok(Incoming::Reset(reset)) => self.reset(&reset, corpus),
            Ok(Incoming::Step(action)) => self.step(&action),
            Ok(Incoming::State) => Ok(Outgoing::State(self.state())),
            Ok(Incoming::Mcp(message)) => {
                match mcp::answer_message(&self.policy, SERVER, &message) {
                    mcp::Reply::Response(answer) => Ok(Outgoing::Mcp(answer)),
                    mcp::Reply::Accepted => return Reply::Nothing,
                }
            }
            Ok(Incoming::Close) => return Reply::Close,
            Err(error) => Err(error),
        };
        Reply::Send(written(&answer.unwrap_or_else(Outgoing::Error)))
    }

    fn reset(&mut self, reset: &Reset, corpus: &Arc<Corpus>) -> Result<Outgoing, ErrorBody> {
        let seed = self.seeds.u64() & MAX_SEED;
        let episode_id = || format!("{:016x}-{}", self.id, self.n_episodes + 1);
        let run =
            Run::begin(self.run.as_ref(), reset, corpus, seed, episode_id).map_err(config_error)?;
        self.n_episodes += 1;
        let observation = run.observation(0, None);
        self.run = Some(run);
        Ok(Outgoing::Observation(Observed { observation, reward: None, done: false }))
    }

    fn step(&mut self, action: &Action) -> Result<Outgoing, ErrorBody> {
        let reset_needed = || step_error(RunError::Step(StepError::ResetNeeded));
        let run = self.run.as_mut().ok_or_else(reset_needed)?;
        let outcome = run.step(action, None).map_err(step_error)?;
        let observation = run.observation(0, Some(&outcome));
        let reward = Some(outcome.reward.total);
        Ok(Outgoing::Observation(Observed { observation, reward, done: step::done(&outcome) }))
    }

    fn state(&self) -> StateBody {
        StateBody::new(self.run.as_ref().map(|run| (run.episode_id(), run.env())))
    }
}

fn step_error(error: RunError) -> ErrorBody {
    let reason = match error {
        RunError::Step(StepError::ResetNeeded) => "reset_needed",
        RunError::Step(StepError::EpisodeOver { .. }) => "episode_over",
        RunError::OutOfStep { .. } => "out_of_step",
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
    use crate::protocol;
    use omniguard_core::action::ActionType;
    use omniguard_core::embed::TokenTable;
    use omniguard_core::environment::{EnvConfig, Environment};
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
        let table = TokenTable::from_bytes(include_bytes!("../../../public/tokens.bin")).unwrap();
        let policy = Policy::untrained(1, Arc::new(table));
        Session::new(Arc::new(policy), 1)
    }

    fn say(session: &mut Session, text: &str) -> Reply {
        thread_local! {
            static CORPUS: Arc<Corpus> = corpus();
        }
        CORPUS.with(|corpus| session.answer(protocol::parse(text), corpus))
    }

    fn ask(session: &mut Session, message: &Value) -> Value {
        match say(session, &message.to_string()) {
            Reply::Send(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("no answer but {other:?}"),
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
            let Reply::Send(answer) = say(&mut session, text) else { panic!("closed") };
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
        assert_eq!(say(&mut session(), r#"{"type":"close"}"#), Reply::Close);
    }

    #[test]
    fn tools_are_called_beside_the_environment_and_notifications_are_not_answered() {
        let mut session = session();
        ask(&mut session, &json!({"type": "reset", "data": {"seed": 3}}));
        let before = ask(&mut session, &json!({"type": "state"}));
        let call = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/list"});
        let answer = ask(&mut session, &json!({"type": "mcp", "data": call}));
        assert_eq!((&answer["type"], &answer["data"]["id"]), (&json!("mcp"), &json!(7)));
        assert_eq!(answer["data"]["result"]["tools"].as_array().unwrap().len(), 3);
        let wrong = ask(&mut session, &json!({"type": "mcp", "data": {}}));
        assert_eq!(wrong["data"]["error"]["code"], -32600);
        let notice = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        let reply = say(&mut session, &json!({"type": "mcp", "data": notice}).to_string());
        assert_eq!(reply, Reply::Nothing);
        assert_eq!(ask(&mut session, &json!({"type": "state"})), before);
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
            assert!(matches!(say(&mut session, &text), Reply::Send(_)));
        }
        assert_eq!(ask(&mut session, &json!({"type": "state"}))["type"], "state");
    }
}
