//! JSON-RPC 2.0 as MCP narrows it: ids are strings or integers, parameters are objects, and there
//! are no batches.

use super::MethodResult;
use alloc::{borrow::ToOwned, string::String};
use serde::{Serialize, Serializer};
use serde_json::{Number, Value};

/// The only version there is.
const JSONRPC: &str = "2.0";
/// Longest id of a request, in characters: it is echoed.
pub const MAX_ID_CHARS: usize = 256;
/// Longest part of a name that an error quotes, in characters.
pub(super) const MAX_NAME_CHARS: usize = 64;
/// Longest message of an error, in characters.
const MAX_MESSAGE_CHARS: usize = 240;

/// The id of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Id {
    /// Nothing that could be read: of answers only.
    Null,
    /// An integer, as it came.
    Number(Number),
    /// A string, as it came.
    Text(String),
}

impl Id {
    fn read(value: &Value) -> Option<Self> {
        match value {
            // A fraction, or an integer past 64 bits, was rounded in reading: it could not be
            // echoed as it came.
            Value::Number(number) if !number.is_f64() => Some(Self::Number(number.clone())),
            Value::String(text) if text.chars().nth(MAX_ID_CHARS).is_none() => {
                Some(Self::Text(text.to_owned()))
            }
            _ => None,
        }
    }
}

/// Why there is no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// The bytes are no JSON.
    ParseError,
    /// The JSON is no request.
    InvalidRequest,
    /// No such method.
    MethodNotFound,
    /// The method's parameters are not what they must be.
    InvalidParams,
}

impl ErrorCode {
    /// The standard's number.
    pub const fn number(self) -> i32 {
        match self {
            Self::ParseError => -32700,
            Self::InvalidRequest => -32600,
            Self::MethodNotFound => -32601,
            Self::InvalidParams => -32602,
        }
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i32(self.number())
    }
}

/// An error of the protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RpcError {
    /// For programs.
    pub code: ErrorCode,
    /// For people.
    pub message: String,
}

impl RpcError {
    /// An error; a message that is too long is cut.
    pub(super) fn new(code: ErrorCode, message: &str) -> Self {
        Self { code, message: message.chars().take(MAX_MESSAGE_CHARS).collect() }
    }

    pub(super) fn invalid_params(message: &str) -> Self {
        Self::new(ErrorCode::InvalidParams, message)
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Response {
    jsonrpc: &'static str,
    /// The request's id.
    pub id: Id,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The method's result.
    Result(MethodResult),
    /// None, and why.
    Error(RpcError),
}

impl Response {
    pub(super) fn result(id: Id, result: MethodResult) -> Self {
        Self { jsonrpc: JSONRPC, id, outcome: Outcome::Result(result) }
    }

    pub(super) fn error(id: Id, error: RpcError) -> Self {
        Self { jsonrpc: JSONRPC, id, outcome: Outcome::Error(error) }
    }
}

/// A message from the client.
#[derive(Debug)]
pub(super) enum Message<'a> {
    /// To be answered.
    Request { id: Id, method: &'a str, params: Option<&'a Value> },
    /// A notification, or the response to a request that nobody sent.
    Unanswered,
    /// None of these.
    Invalid { id: Id, error: RpcError },
}

impl<'a> Message<'a> {
    pub(super) fn read(value: &'a Value) -> Self {
        let Value::Object(fields) = value else {
            return invalid(
                Id::Null,
                if value.is_array() {
                    "batches are not supported: send one request at a time"
                } else {
                    "the message must be an object"
                },
            );
        };
        let given_id = fields.get("id");
        let id = given_id.and_then(Id::read);
        let or_null = |id: Option<Id>| id.unwrap_or(Id::Null);
        if fields.get("jsonrpc").and_then(Value::as_str) != Some(JSONRPC) {
            return invalid(or_null(id), "`jsonrpc` must be \"2.0\"");
        }
        match (fields.get("method"), given_id) {
            (Some(Value::String(_)), None) => Self::Unanswered,
            (Some(Value::String(method)), Some(_)) => match id {
                Some(id) => Self::Request { id, method, params: fields.get("params") },
                None => invalid(
                    Id::Null,
                    &alloc::format!(
                        "`id` must be an integer or a string of at most {MAX_ID_CHARS} characters"
                    ),
                ),
            },
            (None, _) if fields.contains_key("result") || fields.contains_key("error") => {
                Self::Unanswered
            }
            _ => invalid(or_null(id), "`method` must be a string"),
        }
    }
}

fn invalid<'a>(id: Id, message: &str) -> Message<'a> {
    Message::Invalid { id, error: RpcError::new(ErrorCode::InvalidRequest, message) }
}
