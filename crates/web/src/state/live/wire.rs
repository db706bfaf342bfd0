//! What live mode sends and reads: docs/api.md has the shapes. Nothing here fails on odd input: what
//! is not understood is no answer.

use super::problem::Problem;
use super::seconds;
use crate::state::decimal;
use crate::state::record::Side;
use crate::state::round::{Answer, Score, Truth};
use core::fmt::Write as _;
use omniguard_core::action::{Action, ActionType};
use omniguard_core::curriculum::Phase;
use omniguard_core::frame::{Channel, Split};
use omniguard_core::json::{self, Spacing, Style, Value};
use omniguard_core::reward::Component;

/// Asks a hosted model.
pub const INFER: &str = "api/infer";
/// Tells which hosted models there are, and how their queue stands.
pub const STATUS: &str = "api/infer/status";
/// Starts an episode of both environments.
pub const RESET: &str = "reset";
/// Answers the frame in hand.
pub const STEP: &str = "step";

/// What the API calls a side's model.
pub const fn model_name(side: Side) -> &'static str {
    match side {
        Side::Trained => "trained",
        Side::Baseline => "base",
    }
}

/// The environment that a side plays at the edge.
const fn env_id(side: Side) -> u32 {
    side as u32
}

/// A JSON string. Bodies are put together as text: a tree for each would be more code.
fn quoted(text: &str) -> String {
    json::write(&Value::from(text), Style { spacing: Spacing::Compact, ascii: false })
}

/// The body that asks a side's model about a frame.
pub fn infer_body(side: Side, text: &str, channel: Option<Channel>) -> String {
    let (model, text) = (model_name(side), quoted(text));
    let channel = channel.map_or_else(|| "null".to_owned(), |channel| quoted(channel.name()));
    format!("{{\"model\":\"{model}\",\"frame\":{{\"text\":{text},\"channel\":{channel}}}}}")
}

/// The body that starts an episode of both environments: the same seed, hence the same frames for
/// as long as nobody is breached.
pub fn reset_body(seed: u64, phase: Phase) -> String {
    let (split, phase) = (Split::Test.name(), phase.name());
    let rest = format!(
        "\"seed\":{seed},\"split\":\"{split}\",\"phase\":\"{phase}\",\"task_name\":\"live\",\
         \"fields\":[\"payload_raw\",\"last_step\"]}}"
    );
    let (trained, baseline) = (env_id(Side::Trained), env_id(Side::Baseline));
    format!("{{\"items\":[{{\"env_id\":{trained},{rest},{{\"env_id\":{baseline},{rest}]}}")
}

/// The body that answers frame `step_id`, for the sides that play.
pub fn step_body(step_id: u32, trained: &Answer, baseline: Option<&Answer>) -> String {
    let mut body = "{\"actions\":[".to_owned();
    for (side, answer) in [(Side::Trained, Some(trained)), (Side::Baseline, baseline)] {
        let Some(Answer { action, .. }) = answer else { continue };
        if side == Side::Baseline {
            body.push(',');
        }
        let mut restrictions = String::new();
        for name in action.mcp_restrictions() {
            if !restrictions.is_empty() {
                restrictions.push(',');
            }
            restrictions.push_str(&quoted(name));
        }
        let _ = write!(
            body,
            "{{\"env_id\":{},\"step_id\":{step_id},\"action_type\":\"{}\",\"confidence\":{},\
             \"rationale\":{},\"mcp_restrictions\":[{restrictions}]}}",
            env_id(side),
            action.action_type().name(),
            action.confidence(),
            quoted(action.rationale()),
        );
    }
    body + "]}"
}

pub(super) fn text(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).map(str::to_owned)
}

pub(super) fn real(value: Option<&Value>) -> Option<f32> {
    let Some(Value::Number(digits)) = value else { return None };
    decimal::read(digits).map(|value| value as f32)
}

fn count(value: Option<&Value>) -> u32 {
    real(value).map_or(0, |value| value as u32)
}

/// Whether a model can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Model {
    /// Its name upstream, where it is configured.
    pub id: Option<String>,
    /// What is to be set where it is not.
    pub detail: String,
}

/// What the status says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// By [`Side`].
    pub models: [Model; 2],
    /// Requests that wait for a place.
    pub n_waiting: u32,
    /// Upstream calls left of the day's.
    pub left: u32,
    /// Upstream calls a day.
    pub limit: u32,
}

impl Status {
    /// Reads an answer; `None` where it came from something else, such as a plain static host.
    pub fn read(answer: &str) -> Option<Self> {
        let report = json::parse(answer)?;
        let (models, queue) = (report.get("models")?, report.get("queue")?);
        let budget = report.get("budget")?;
        let model = |side| {
            let model = models.get(model_name(side));
            let read = |name| text(model.and_then(|model| model.get(name)));
            Model { id: read("model_id"), detail: read("detail").unwrap_or_default() }
        };
        Some(Self {
            models: Side::ALL.map(model),
            n_waiting: count(queue.get("waiting")),
            left: count(budget.get("left")),
            limit: count(budget.get("limit")),
        })
    }
}

/// A line of the stream.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// No place yet; so many are before this one.
    Waiting(u32),
    /// The model is being asked.
    Asking,
    /// It said something.
    Told(Told),
    /// It did not.
    Failed(Problem),
}

impl Event {
    /// Reads a line; `None` for what says nothing about the request.
    pub fn read(line: &str) -> Option<Self> {
        let event = json::parse(line)?;
        Some(match event.get("event")?.as_str()? {
            "waiting" => Self::Waiting(count(event.get("ahead"))),
            "asking" => Self::Asking,
            "answer" => Told::read(event.get("body")?).map_or_else(
                || Self::Failed(Problem::odd(count(event.get("status")) as u16)),
                Self::Told,
            ),
            "problem" => {
                let after = event.get("retry_after").filter(|value| !matches!(value, Value::Null));
                let status = count(event.get("status")) as u16;
                let after = after.map(|value| count(Some(value)));
                Self::Failed(Problem::of(status, event.get("body"), after))
            }
            _ => return None,
        })
    }
}

/// What a hosted model said.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The name it was asked by.
    pub model_id: String,
    /// Its answer, unless its words hold none.
    pub action: Option<Action>,
    /// Why its words hold none; empty where they do.
    pub unparsed: String,
    /// What was mended to read it, comma separated.
    pub repairs: String,
    /// Its own words.
    pub content: String,
    /// Whether the answer was told again.
    pub cached: bool,
    /// Milliseconds before it had a place.
    pub queue_millis: u32,
    /// Milliseconds that the model took.
    pub upstream_millis: u32,
    /// Calls made for it.
    pub n_calls: u32,
}

impl Told {
    /// Reads the answer's body. An action that the rules exclude is none.
    fn read(body: &Value) -> Option<Self> {
        let action = match body.get("outcome")?.as_str()? {
            "answered" => Some(read_action(body.get("action")?)?),
            "unparsed" => None,
            _ => return None,
        };
        let reason = body.get("unparsed").and_then(|unparsed| unparsed.get("detail"));
        Some(Self {
            model_id: text(body.get("model_id")).unwrap_or_default(),
            unparsed: if action.is_none() {
                text(reason).unwrap_or_default()
            } else {
                String::new()
            },
            action,
            repairs: names(body.get("repairs")).join(", "),
            content: text(body.get("content")).unwrap_or_default(),
            cached: matches!(body.get("cached"), Some(Value::Bool(true))),
            queue_millis: count(body.get("queue_delay_ms")),
            upstream_millis: count(body.get("upstream_ms")),
            n_calls: count(body.get("upstream_calls")),
        })
    }

    /// Where the answer is from, and the model's own words, for whoever asks.
    pub fn facts(&self) -> String {
        let Self { model_id, queue_millis, upstream_millis, n_calls, repairs, content, .. } = self;
        let cached = if self.cached { "yes" } else { "no" };
        let repairs = if repairs.is_empty() { "none" } else { repairs };
        format!(
            "model: {model_id}\nqueued: {queue_millis} ms\nasked: {upstream_millis} ms, calls: {n_calls}\n\
             from memory: {cached}\nrepairs: {repairs}\n\n{content}"
        )
    }

    /// When it came, in words: waiting and asking apart.
    pub fn timing(&self) -> String {
        if self.cached {
            return "from memory".to_owned();
        }
        let (queued, asked) = (seconds(self.queue_millis), seconds(self.upstream_millis));
        format!("queued {queued}, answered in {asked}")
    }
}

fn names(list: Option<&Value>) -> Vec<String> {
    let Some(Value::Array(items)) = list else { return Vec::new() };
    items.iter().filter_map(|item| text(Some(item))).collect()
}

fn read_action(action: &Value) -> Option<Action> {
    let action_type = ActionType::from_name(action.get("action_type")?.as_str()?)?;
    let rationale = text(action.get("rationale")).unwrap_or_default();
    let restrictions = names(action.get("mcp_restrictions"));
    Action::new(action_type, real(action.get("confidence"))?, rationale, restrictions).ok()
}

/// The text of the frame in hand by each environment's observation in the answer to a reset.
pub fn shown_by_reset(answer: &str) -> Option<Vec<String>> {
    let answer = json::parse(answer)?;
    let Value::Array(items) = answer.get("observations")? else { return None };
    items.iter().map(|item| text(item.get("payload_raw"))).collect()
}

/// What the edge says of a frame that was answered.
#[derive(Debug, Clone)]
pub struct Judged(Value);

impl Judged {
    /// Reads the answer to a step.
    pub fn read(answer: &str) -> Option<Self> {
        json::parse(answer).filter(|answer| answer.get("results").is_some()).map(Self)
    }

    fn of(&self, side: Side) -> Option<&Value> {
        let Some(Value::Array(items)) = self.0.get("results") else { return None };
        items.iter().find(|item| count(item.get("env_id")) == env_id(side))
    }

    /// Whether it says the same of a side, to the bit of every component; of one that sat out,
    /// nothing.
    pub fn agrees(&self, side: Side, score: Option<&Score>, truth: &Truth) -> bool {
        let (item, score) = match (self.of(side), score) {
            (Some(item), Some(score)) => (item, score),
            (item, score) => return item.is_none() && score.is_none(),
        };
        let told = |path: &[&str]| path.iter().try_fold(item, |value, name| value.get(name));
        let parts = told(&["reward", "components"]);
        let part = |one: &Component| real(parts.and_then(|parts| parts.get(one.name())));
        told(&["reward", "verdict"]).and_then(Value::as_str) == Some(score.verdict.name())
            && told(&["info", "truth", "vector"]).and_then(Value::as_str)
                == Some(truth.vector.name())
            && real(told(&["reward", "total"])) == Some(score.reward.total)
            && Component::ALL.iter().all(|one| part(one) == Some(score.reward.component(*one)))
    }
}
