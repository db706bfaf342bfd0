//! Problem details (RFC 9457).

use super::validation::{FieldError, Invalid};
use alloc::{string::String, vec::Vec};
use serde::Serialize;

/// Media type of a problem.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// An error as an HTTP body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// A stable slug, for programs.
    pub r#type: &'static str,
    /// The slug in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// This occurrence, for people.
    pub detail: String,
    /// What is wrong where, on validation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// Declares the problems: constructor, slug, title and status.
macro_rules! problems {
    ($($(#[$meta:meta])* $name:ident: $status:literal, $title:literal;)*) => {
        impl Problem {
            $($(#[$meta])*
            pub fn $name(detail: impl Into<String>) -> Self {
                Self {
                    r#type: stringify!($name),
                    title: $title,
                    status: $status,
                    detail: detail.into(),
                    errors: Vec::new(),
                }
            })*
        }
    };
}

problems! {
    /// The body is no JSON.
    malformed_json: 400, "The body is not valid JSON";
    /// A version of the Model Context Protocol that is not spoken here.
    unsupported_protocol_version: 400, "The protocol version is not supported";
    /// Nothing lives here.
    unknown_path: 404, "There is nothing at this path";
    /// The path does not know the method.
    method_not_allowed: 405, "The method is not allowed here";
    /// The environment does not take this now.
    conflict: 409, "The environment is not in the state that the request assumes";
    /// Over the limit.
    content_too_large: 413, "The body is too large";
    /// Not JSON.
    unsupported_media_type: 415, "The content type is not supported";
    /// JSON, but not what is asked for.
    invalid: 422, "The request is not valid";
    /// The path speaks WebSocket only.
    upgrade_required: 426, "A WebSocket upgrade is required";
    /// Wait before the next request.
    too_many_requests: 429, "Too many requests";
    /// As many wait for the hosted models as may.
    queue_full: 429, "The queue is full";
    /// The day's calls of the hosted models are used up.
    budget_spent: 429, "The day's budget is spent";
    /// Ours: something went wrong that the caller cannot help.
    internal: 500, "The server failed";
    /// Ours: other requests hold what this one needs.
    busy: 503, "The server is busy";
    /// Ours: a part that is needed is not there.
    not_ready: 503, "The server is not ready";
    /// Ours: this deployment was not told where the model is hosted.
    inference_unconfigured: 503, "The model is not configured";
    /// Ours: the upstream does not take this deployment's token.
    upstream_rejected_credentials: 503, "The upstream rejected the credentials";
    /// The upstream failed, or gave no completion.
    upstream_unavailable: 503, "The upstream is not available";
    /// The upstream took too long.
    upstream_timeout: 504, "The upstream did not answer in time";
}

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        let n_errors = invalid.errors.len();
        let detail = alloc::format!("{n_errors} value(s) were refused; see errors");
        Self { errors: invalid.errors, ..Self::invalid(detail) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_problem_has_the_members_of_the_standard() {
        let problem = Problem::from(Invalid::whole("must be an object").under("data"));
        assert_eq!(
            serde_json::to_value(&problem).unwrap(),
            json!({
                "type": "invalid",
                "title": "The request is not valid",
                "status": 422,
                "detail": "1 value(s) were refused; see errors",
                "errors": [{"loc": ["data"], "msg": "must be an object"}],
            })
        );
        let plain = serde_json::to_value(Problem::unknown_path("x")).unwrap();
        assert!(plain.get("errors").is_none());
    }
}
