//! The OpenEnv WebSocket protocol: text in, typed message or error out.
//!
//! Pure and total: whatever the text, the result is a message or an error body, and the session
//! goes on. Source: `openenv-core` 0.3, `env_server/http_server.py`.

use crate::config::MAX_MESSAGE_BYTES;
use omniguard_core::action::Action;
use omniguard_core::wire::openenv::{ErrorBody, ErrorCode};
use omniguard_core::wire::request::{self, Reset};
use omniguard_core::wire::validation::Invalid;
use serde_json::{Map, Value};

/// A message from the client.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Incoming {
    /// Start an episode.
    Reset(Reset),
    /// Answer the frame in hand.
    Step(Action),
    /// Tell the state.
    State,
    /// A message of the Model Context Protocol.
    Mcp(Value),
    /// End the session.
    Close,
}

/// Reads a text message.
pub(crate) fn parse(text: &str) -> Result<Incoming, ErrorBody> {
    let n_bytes = text.len();
    if n_bytes > MAX_MESSAGE_BYTES {
        let message =
            format!("the message has {n_bytes} bytes, at most {MAX_MESSAGE_BYTES} are read");
        return Err(
            ErrorBody::new(ErrorCode::ValidationError, message).because("message_too_large")
        );
    }
    let value: Value = serde_json::from_str(text).map_err(|error| {
        ErrorBody::new(ErrorCode::InvalidJson, format!("the message is not JSON: {error}"))
    })?;
    let Value::Object(message) = value else {
        return Err(Invalid::whole("must be an object with `type`").into());
    };
    match message.get("type").and_then(Value::as_str) {
        Some("reset") => Ok(Incoming::Reset(read(&message, Reset::read)?)),
        Some("step") => Ok(Incoming::Step(read(&message, request::action)?)),
        Some("state") => Ok(Incoming::State),
        Some("mcp") => Ok(Incoming::Mcp(message.get("data").cloned().unwrap_or_default())),
        Some("close") => Ok(Incoming::Close),
        Some(other) => Err(unknown(&format!("`{}`", shortened(other)))),
        None => Err(unknown("none, or not a string")),
    }
}

/// Reads `data`, which is an empty object where it is missing.
fn read<T>(
    message: &Map<String, Value>,
    reader: impl Fn(&Value) -> Result<T, Invalid>,
) -> Result<T, Invalid> {
    let empty = Value::Object(Map::new());
    reader(message.get("data").unwrap_or(&empty)).map_err(|invalid| invalid.under("data"))
}

fn unknown(given: &str) -> ErrorBody {
    let message = format!("message type is {given}; known are reset, step, state, mcp, close");
    ErrorBody::new(ErrorCode::UnknownType, message)
}

/// The caller's text, cut: an error must not be as long as the message.
fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}

/// The error for a message that is not text.
pub(crate) fn binary() -> ErrorBody {
    ErrorBody::new(ErrorCode::InvalidJson, "binary messages are not read; send JSON as text")
        .because("binary_message")
}

/// The close code that answers a close code: those that only describe a lost or unexplained close
/// may not be sent.
pub(crate) fn closing_code(received: u16) -> u16 {
    match received {
        1000..=1003 | 1007..=1014 | 3000..=4999 => received,
        _ => 1000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use omniguard_core::action::ActionType;

    fn code(text: &str) -> ErrorCode {
        parse(text).unwrap_err().code
    }

    #[test]
    fn the_standard_s_messages_are_read() {
        assert_eq!(parse(r#"{"type":"state"}"#), Ok(Incoming::State));
        assert_eq!(parse(r#"{"type":"close","data":{}}"#), Ok(Incoming::Close));
        assert_eq!(parse(r#"{"type":"reset"}"#), Ok(Incoming::Reset(Reset::default())));
        let reset = Reset { seed: Some(42), episode_id: Some("e1".into()), ..Reset::default() };
        let text = r#"{"type":"reset","data":{"seed":42,"episode_id":"e1","other":[]},"id":1}"#;
        assert_eq!(parse(text), Ok(Incoming::Reset(reset)));
        let text = r#"{"type":"step","data":{"action_type":"BLOCK"}}"#;
        assert_eq!(parse(text), Ok(Incoming::Step(Action::of(ActionType::Block))));
    }

    #[test]
    fn each_kind_of_bad_message_has_its_code() {
        for text in ["", "{", "{\"type\":\"state\"", "nul", "\u{0}", "{\"a\":\"\\ud800\"}"] {
            assert_eq!(code(text), ErrorCode::InvalidJson, "{text}");
        }
        for text in ["{}", r#"{"type":1}"#, r#"{"type":"RESET"}"#] {
            assert_eq!(code(text), ErrorCode::UnknownType, "{text}");
        }
        for text in [
            "null",
            "[]",
            "3",
            "\"step\"",
            r#"{"type":"step"}"#,
            r#"{"type":"step","data":null}"#,
            r#"{"type":"step","data":{"action_type":"NOPE"}}"#,
            r#"{"type":"step","data":{"action_type":"BLOCK","unknown":1}}"#,
            r#"{"type":"reset","data":[]}"#,
            r#"{"type":"reset","data":{"seed":-1}}"#,
        ] {
            assert_eq!(code(text), ErrorCode::ValidationError, "{text}");
        }
    }

    #[test]
    fn errors_name_the_place_within_the_message() {
        let error = parse(r#"{"type":"step","data":{"action_type":"NOPE"}}"#).unwrap_err();
        let loc = serde_json::to_value(&error.errors[0].loc).unwrap();
        assert_eq!(loc, serde_json::json!(["data", "action_type"]));
    }

    #[test]
    fn deep_and_long_messages_are_errors_of_bounded_length() {
        assert_eq!(code(&"[".repeat(100_000)), ErrorCode::InvalidJson);
        let long = "x".repeat(MAX_MESSAGE_BYTES + 1);
        assert_eq!(parse(&long).unwrap_err().reason, Some("message_too_large"));
        let named = format!(r#"{{"type":"{}"}}"#, "y".repeat(200_000));
        assert!(parse(&named).unwrap_err().message.len() < 300);
    }

    #[test]
    fn reserved_close_codes_are_never_sent() {
        for code in 0..=u16::MAX {
            let sent = closing_code(code);
            assert!(!matches!(sent, 0..=999 | 1004..=1006 | 1015..=2999 | 5000..));
        }
        assert_eq!(
            [closing_code(1001), closing_code(4000), closing_code(1005)],
            [1001, 4000, 1000]
        );
    }
}
