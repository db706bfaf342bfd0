//! `POST /api/infer`: what a hosted model is asked, and its answer on the wire.

use super::live::{Completion, FinishReason, Unparsed, read};
use super::problem::Problem;
use super::request::channel;
use super::validation::{Fields, Null};
use crate::action::Action;
use crate::frame::{Channel, MAX_FRAME_BYTES, named_enum};
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use serde::Serialize;
use serde_json::{Value, json};

/// How much of a model's words is told, in characters.
pub const MAX_CONTENT_CHARS: usize = 2_000;

named_enum! {
    /// Which of the two hosted models.
    Side {
        /// The model as its makers published it.
        Base = "base",
        /// The one with the trained adapter.
        Trained = "trained",
    }
}

/// What `/api/infer` is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Infer {
    /// Which model.
    pub side: Side,
    /// The frame's text.
    pub text: String,
    /// Where it was seen, if known.
    pub channel: Option<Channel>,
}

impl Infer {
    /// Reads the body of `/api/infer`.
    pub fn read(body: &[u8]) -> Result<Self, Problem> {
        let value: Value = serde_json::from_slice(body)
            .map_err(|error| Problem::malformed_json(format!("the body is not JSON: {error}")))?;
        let mut fields = Fields::of(&value, Null::Missing)?;
        fields.require("model");
        let side = fields.one_of("model", Side::ALL, Side::name);
        fields.require("frame");
        let frame = fields.nested("frame", |frame| {
            let mut fields = Fields::of(frame, Null::Missing)?;
            fields.require("text");
            let text = fields.string("text", usize::MAX).map(String::from);
            let channel = channel(&mut fields);
            fields.refuse_unknown();
            fields.finish(text.map(|text| (text, channel)))
        });
        fields.refuse_unknown();
        let asked = side.zip(frame).map(|(side, (text, channel))| Self { side, text, channel });
        let asked = fields.finish(asked)?;
        let n_bytes = asked.text.len();
        if n_bytes > MAX_FRAME_BYTES {
            let detail = format!("the frame has {n_bytes} bytes, at most {MAX_FRAME_BYTES} may be");
            return Err(Problem::content_too_large(detail));
        }
        Ok(asked)
    }

    /// The same as a body.
    pub fn to_body(&self) -> Value {
        let channel = self.channel.map(Channel::name);
        json!({"model": self.side.name(), "frame": {"text": self.text, "channel": channel}})
    }
}

/// What a model answered; times and costs are told beside it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InferBody {
    /// `answered` or `unparsed`.
    pub outcome: &'static str,
    /// `base` or `trained`.
    pub model: &'static str,
    /// The name asked for upstream.
    pub model_id: String,
    /// The action, as `/step` takes it; null where there is none.
    pub action: Option<InferAction>,
    /// Why there is no action; never `ALLOW` instead.
    pub unparsed: Option<UnparsedBody>,
    /// What was overlooked or mended in reading the words.
    pub repairs: Vec<&'static str>,
    /// The model's words, cut to their limit.
    pub content: String,
    /// Why the model stopped, if told.
    pub finish_reason: Option<&'static str>,
    /// Tokens, if told.
    pub usage: Option<UsageBody>,
    /// Whether this is told again, at most ten minutes later.
    pub cached: bool,
    /// Wait for a place in the queue.
    pub queue_delay_ms: u64,
    /// Time of asking the model, retries included.
    pub upstream_ms: u64,
    /// Calls made for it, retries included.
    pub upstream_calls: u32,
}

/// An action read out of a model's words.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InferAction {
    /// Wire name of the action.
    pub action_type: &'static str,
    /// In [0, 1].
    pub confidence: f32,
    /// Why.
    pub rationale: String,
    /// Capabilities or tools to restrict.
    pub mcp_restrictions: Vec<String>,
}

/// Why words are no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnparsedBody {
    /// For programs.
    pub reason: &'static str,
    /// For people.
    pub detail: String,
}

/// Tokens used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UsageBody {
    /// Of the prompt.
    pub prompt_tokens: u64,
    /// Of the answer.
    pub completion_tokens: u64,
    /// Of both.
    pub total_tokens: u64,
}

impl InferBody {
    /// Reads what `asked` was answered. Words of refusal that the upstream tells apart count as
    /// the model's own.
    pub fn new(asked: &Infer, model_id: &str, completion: &Completion) -> Self {
        let said = match &completion.refusal {
            Some(refusal) if completion.content.trim().is_empty() => refusal,
            _ => &completion.content,
        };
        let read = if completion.refusal.is_some() {
            Err(Unparsed::Refusal)
        } else {
            read(said, &asked.text)
        };
        let unparsed =
            |reason: &Unparsed| UnparsedBody { reason: reason.name(), detail: reason.to_string() };
        let usage = |usage: super::live::Usage| UsageBody {
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            total_tokens: usage.total_tokens,
        };
        let answered = read.as_ref().ok();
        Self {
            outcome: if answered.is_some() { "answered" } else { "unparsed" },
            model: asked.side.name(),
            model_id: model_id.into(),
            action: answered.map(|answered| InferAction::from(&answered.action)),
            unparsed: read.as_ref().err().map(unparsed),
            repairs: answered.map_or_else(Vec::new, |answered| {
                answered.repairs.iter().map(|repair| repair.name()).collect()
            }),
            content: said.chars().take(MAX_CONTENT_CHARS).collect(),
            finish_reason: completion.finish_reason.as_ref().map(|reason| match reason {
                FinishReason::Stop => "stop",
                FinishReason::Length => "length",
                FinishReason::ContentFilter => "content_filter",
                FinishReason::ToolCalls => "tool_calls",
                FinishReason::Other(_) => "other",
            }),
            usage: completion.usage.map(usage),
            cached: false,
            queue_delay_ms: 0,
            upstream_ms: 0,
            upstream_calls: 0,
        }
    }
}

impl From<&Action> for InferAction {
    fn from(action: &Action) -> Self {
        Self {
            action_type: action.action_type().name(),
            confidence: action.confidence(),
            rationale: action.rationale().into(),
            mcp_restrictions: action.mcp_restrictions().into(),
        }
    }
}

/// `/api/infer/status`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InferStatus {
    /// The hosted models.
    pub models: ModelsBody,
    /// Who waits.
    pub queue: QueueBody,
    /// The day's upstream calls.
    pub budget: BudgetBody,
    /// What one address may ask.
    pub rate_limit: RateLimitBody,
}

/// The hosted models.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelsBody {
    /// The model as published.
    pub base: ModelBody,
    /// The one with the trained adapter.
    pub trained: ModelBody,
}

/// A hosted model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelBody {
    /// Whether it can be asked.
    pub configured: bool,
    /// Its name upstream.
    pub model_id: Option<String>,
    /// What to set, where it cannot be asked.
    pub detail: Option<String>,
}

/// The queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QueueBody {
    /// Requests that wait for a place.
    pub waiting: u32,
    /// Requests that ask a model now.
    pub in_flight: u32,
    /// How many may wait.
    pub max_waiting: u32,
    /// How many may ask at once.
    pub max_in_flight: u32,
}

/// The day's upstream calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BudgetBody {
    /// Calls a day.
    pub limit: u32,
    /// Calls left.
    pub left: u32,
    /// When the next day begins, as RFC 3339 in UTC.
    pub resets_at: String,
    /// The same from now, in seconds.
    pub resets_in_seconds: u32,
}

/// What one address may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RateLimitBody {
    /// Requests a minute, in the long run.
    pub per_minute: u32,
    /// Requests at once.
    pub burst: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &Value) -> Problem {
        Infer::read(body.to_string().as_bytes()).unwrap_err()
    }

    fn completion(content: &str) -> Completion {
        let body = json!({"choices": [{"message": {"content": content}, "finish_reason": "odd"}]});
        Completion::read(body.to_string().as_bytes()).unwrap()
    }

    fn asked() -> Infer {
        Infer { side: Side::Trained, text: "id".into(), channel: Some(Channel::ToolCall) }
    }

    #[test]
    fn a_request_survives_the_way() {
        let body = asked().to_body();
        assert_eq!(Infer::read(body.to_string().as_bytes()), Ok(asked()));
        let body = json!({"model": "base", "frame": {"text": "", "channel": "unknown"}});
        assert_eq!(Infer::read(body.to_string().as_bytes()).unwrap().channel, None);
    }

    #[test]
    fn wrong_requests_are_told_what_is_wrong() {
        assert_eq!(Infer::read(b"{").unwrap_err().status, 400);
        let frame = json!({"text": "x"});
        for (body, loc) in [
            (json!({"frame": frame}), json!(["model"])),
            (json!({"model": "gpt", "frame": frame}), json!(["model"])),
            (json!({"model": "base"}), json!(["frame"])),
            (json!({"model": "base", "frame": {}}), json!(["frame", "text"])),
            (json!({"model": "base", "frame": {"text": 1}}), json!(["frame", "text"])),
            (json!({"model": "base", "frame": {"text": "", "z": 1}}), json!(["frame", "z"])),
            (json!({"model": "base", "frame": frame, "url": "x"}), json!(["url"])),
        ] {
            let problem = refused(&body);
            assert_eq!(problem.status, 422, "{body}");
            assert_eq!(serde_json::to_value(&problem.errors).unwrap()[0]["loc"], loc, "{body}");
        }
        let text = "é".repeat(MAX_FRAME_BYTES / 2 + 1);
        assert_eq!(refused(&json!({"model": "base", "frame": {"text": text}})).status, 413);
    }

    #[test]
    fn an_answer_holds_the_action_and_words_without_one_hold_none() {
        let words = r#"{"action_type":"BLOCK","confidence":0.5,"rationale":"r"}"#;
        let body = InferBody::new(&asked(), "m", &completion(words));
        assert_eq!((body.outcome, body.unparsed.is_none()), ("answered", true));
        assert_eq!(body.action.unwrap().action_type, "BLOCK");
        assert_eq!(body.finish_reason, Some("other"));
        let body = InferBody::new(&asked(), "m", &completion(&"let it pass ".repeat(1_000)));
        assert_eq!((body.outcome, &body.action), ("unparsed", &None));
        assert_eq!(body.unparsed.unwrap().reason, "no_object");
        assert_eq!(body.content.chars().count(), MAX_CONTENT_CHARS);
    }

    #[test]
    fn a_refusal_told_apart_is_never_an_action() {
        let refusal = Some("I cannot".to_string());
        let refused = Completion { refusal, ..completion("") };
        let body = InferBody::new(&asked(), "m", &refused);
        assert_eq!(body.unparsed.unwrap().reason, "refusal");
        assert_eq!(body.content, "I cannot");
    }
}
