//! The envelope: what an OpenAI-compatible server answers, and how it says that it failed.
//!
//! Read by hand and leniently: what is not needed may be missing or of any type. Total.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;
use serde_json::Value;

/// Longest message of an error that is kept, in characters.
pub const MAX_ERROR_CHARS: usize = 300;
/// Longest wait that an upstream is believed to need, in seconds.
const MAX_WAIT_SECONDS: f64 = 3_600.0;
/// Shortest run of letters and digits behind `hf_` or `sk-` that is taken for a secret.
const MIN_SECRET_CHARS: usize = 8;
const REDACTED: &str = "[redacted]";

/// A model's answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    /// The words; empty where the upstream gives none.
    pub content: String,
    /// The words with which the upstream says that the model refused.
    pub refusal: Option<String>,
    /// Why the model stopped, if told.
    pub finish_reason: Option<FinishReason>,
    /// Tokens used, if told.
    pub usage: Option<Usage>,
    /// The model that answered, if told.
    pub model: Option<String>,
}

/// Why a model stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FinishReason {
    /// It had said what it had to say.
    Stop,
    /// It ran into the limit of tokens.
    Length,
    /// A filter of the upstream stopped it.
    ContentFilter,
    /// It called a tool, though it was given none.
    ToolCalls,
    /// Something else.
    Other(String),
}

/// Tokens used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Of the prompt.
    pub prompt_tokens: u64,
    /// Of the answer.
    pub completion_tokens: u64,
    /// Of both.
    pub total_tokens: u64,
}

/// Why a body is no completion.
#[derive(Debug, Clone, PartialEq)]
pub enum BadCompletion {
    /// No JSON.
    NotJson,
    /// An error, whatever the status said.
    Error(UpstreamError),
    /// JSON without a first choice.
    NoChoice,
    /// A choice without a message.
    NoMessage,
    /// The content is neither a text nor a list of parts.
    Content,
}

impl fmt::Display for BadCompletion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson => f.write_str("the upstream's answer is not JSON"),
            Self::Error(error) => write!(f, "the upstream failed: {}", error.message),
            Self::NoChoice => f.write_str("the upstream's answer has no choices"),
            Self::NoMessage => f.write_str("the upstream's answer has no message"),
            Self::Content => f.write_str("the upstream's answer has no text"),
        }
    }
}

impl core::error::Error for BadCompletion {}

impl Completion {
    /// Reads the body of a success.
    pub fn read(body: &[u8]) -> Result<Self, BadCompletion> {
        let value: Value = serde_json::from_slice(body).map_err(|_| BadCompletion::NotJson)?;
        let Some(choice) = value.pointer("/choices/0") else {
            return Err(match UpstreamError::of(&value) {
                Some(error) => BadCompletion::Error(error),
                None => BadCompletion::NoChoice,
            });
        };
        let message = choice.get("message").filter(|message| message.is_object());
        let message = message.ok_or(BadCompletion::NoMessage)?;
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(String::from);
        Ok(Self {
            content: content(message.get("content"))?,
            refusal: text(message.get("refusal")).filter(|refusal| !refusal.is_empty()),
            finish_reason: choice
                .get("finish_reason")
                .and_then(Value::as_str)
                .map(FinishReason::of),
            usage: value.get("usage").filter(|usage| usage.is_object()).map(Usage::of),
            model: text(value.get("model")),
        })
    }
}

/// The words of a message: a text, or the texts among its parts, one after the other.
fn content(value: Option<&Value>) -> Result<String, BadCompletion> {
    match value {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Array(parts)) => Ok(parts.iter().filter_map(part).collect()),
        Some(_) => Err(BadCompletion::Content),
    }
}

fn part(part: &Value) -> Option<&str> {
    let kind = part.get("type").and_then(Value::as_str).unwrap_or("text");
    match part {
        Value::String(text) => Some(text),
        _ if matches!(kind, "text" | "output_text") => part.get("text")?.as_str(),
        _ => None,
    }
}

impl FinishReason {
    fn of(name: &str) -> Self {
        match name {
            // `eos_token` and `stop_sequence` are a widespread server's own names.
            "stop" | "eos_token" | "stop_sequence" => Self::Stop,
            "length" | "max_tokens" => Self::Length,
            "content_filter" => Self::ContentFilter,
            "tool_calls" | "function_call" => Self::ToolCalls,
            _ => Self::Other(shown(name)),
        }
    }
}

impl Usage {
    fn of(value: &Value) -> Self {
        let count = |name: &str| value.get(name).and_then(Value::as_u64).unwrap_or(0);
        Self {
            prompt_tokens: count("prompt_tokens"),
            completion_tokens: count("completion_tokens"),
            total_tokens: count("total_tokens"),
        }
    }
}

/// What an upstream says of its failure. Nothing in it looks like a secret.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UpstreamError {
    /// In words; empty where there are none.
    pub message: String,
    /// The error's type or code, if told.
    pub code: Option<String>,
    /// How long loading is going to take, if told.
    pub wait_seconds: Option<f64>,
}

impl UpstreamError {
    /// Reads the body of a failure; what is no JSON is the message.
    pub fn read(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        match serde_json::from_str::<Value>(&text) {
            Ok(value) => Self::of(&value).unwrap_or_default(),
            Err(_) => Self { message: shown(&text), ..Self::default() },
        }
    }

    /// Whether the upstream objects to `response_format`, so that asking without it may help.
    pub fn refuses_structure(&self) -> bool {
        let message = self.message.to_lowercase();
        ["response_format", "response format", "json_schema", "json_object", "structured output"]
            .iter()
            .any(|name| message.contains(name))
    }

    /// The error in a body, under the names that are in use: `error`, `message`, `detail`,
    /// `errors`.
    fn of(value: &Value) -> Option<Self> {
        let error = ["error", "message", "detail", "errors"]
            .iter()
            .filter_map(|name| value.get(name))
            .find(|error| !error.is_null())
            .or(value.as_str().map(|_| value))?;
        let code = ["type", "code"]
            .iter()
            .flat_map(|name| [error.get(name), value.get(format!("error_{name}")), value.get(name)])
            .flatten()
            .find_map(scalar);
        let wait = value.get("estimated_time").and_then(Value::as_f64);
        Some(Self {
            message: shown(&words(error)),
            code: code.map(|code| shown(&code)),
            wait_seconds: wait.filter(|wait| (0.0..=MAX_WAIT_SECONDS).contains(wait)),
        })
    }
}

/// A name or a number as text.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// What an error says: itself, its message, or its items' words.
fn words(error: &Value) -> String {
    match error {
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(words).filter(|item| !item.is_empty()).collect();
            items.join("; ")
        }
        Value::Object(members) => ["message", "msg", "detail", "error"]
            .iter()
            .find_map(|name| members.get(*name))
            .map(words)
            .unwrap_or_default(),
        _ => scalar(error).unwrap_or_default(),
    }
}

/// A stranger's text on one line, within the limit, without what looks like a secret.
fn shown(text: &str) -> String {
    let mut out = String::new();
    let mut after_bearer = false;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        let secret = after_bearer || ["hf_", "sk-"].iter().any(|prefix| holds_secret(word, prefix));
        out.push_str(if secret { REDACTED } else { word });
        after_bearer =
            word.trim_matches(|c: char| !c.is_alphanumeric()).eq_ignore_ascii_case("bearer");
    }
    if out.chars().nth(MAX_ERROR_CHARS).is_some() {
        out = out.chars().take(MAX_ERROR_CHARS - 1).chain(['…']).collect();
    }
    out
}

/// Whether a word holds `prefix` and a long run of letters and digits behind it.
fn holds_secret(word: &str, prefix: &str) -> bool {
    word.match_indices(prefix).any(|(at, _)| {
        let inside_word = word.get(..at).is_some_and(|w| w.ends_with(char::is_alphanumeric));
        let rest = word.get(at + prefix.len()..).unwrap_or("");
        let run =
            rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        !inside_word && run.count() >= MIN_SECRET_CHARS
    })
}
