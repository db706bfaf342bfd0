//! The tools: what they are called, take and answer.

use super::explain::Explanation;
use super::rpc::{MAX_NAME_CHARS, RpcError};
use super::{schemas, words};
use crate::action::{ActionType, N_ACTIONS};
use crate::policy::Policy;
use crate::wire::decide::{self, DecisionBody};
use crate::wire::problem::Problem;
use crate::wire::request::Decide;
use crate::wire::schema;
use crate::wire::service::ActionInfo;
use crate::wire::validation::{Fields, Invalid, Null};
use alloc::{string::String, vec::Vec};
use serde::Serialize;
use serde_json::{Map, Value};

/// A tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// Judges a text.
    Inspect,
    /// Judges a text and says why.
    Explain,
    /// Tells what the verdicts mean.
    ListActions,
}

/// A tool as `tools/list` tells it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Definition {
    /// For programs.
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    /// For models.
    pub description: &'static str,
    /// Schema of the arguments.
    pub input_schema: Value,
    /// Schema of the structured content.
    pub output_schema: Value,
    /// How it behaves.
    pub annotations: Annotations,
}

/// How a tool behaves; the same for all of them, which only compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Annotations {
    /// It changes nothing.
    pub read_only_hint: bool,
    /// It destroys nothing.
    pub destructive_hint: bool,
    /// The same arguments have the same answer.
    pub idempotent_hint: bool,
    /// It asks nobody else.
    pub open_world_hint: bool,
}

impl Tool {
    /// All tools, in the order in which they are listed.
    pub const ALL: [Self; 3] = [Self::Inspect, Self::Explain, Self::ListActions];

    /// The wire name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inspect => "inspect",
            Self::Explain => "explain",
            Self::ListActions => "list_actions",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Inspect => "Inspect a frame",
            Self::Explain => "Explain a verdict",
            Self::ListActions => "List the verdicts",
        }
    }

    const fn description(self) -> &'static str {
        match self {
            Self::Inspect => {
                "Judges one frame of MCP traffic (a prompt, tool description, tool call, tool \
                 result or log line): which of six actions to take, with probabilities of attack \
                 and of STDIO escape, the decoded text and the detectors that fired."
            }
            Self::Explain => {
                "Judges a frame as `inspect` does and says why: what moved the verdict and by how \
                 much, what was decoded, what each detector that fired means, and the part of the \
                 text that weighed most."
            }
            Self::ListActions => {
                "Lists the six actions that a verdict can name: what each does, when to use it and \
                 the time it takes in ticks."
            }
        }
    }

    /// The tool as it is listed.
    pub fn definition(self) -> Definition {
        let (input_schema, output_schema) = match self {
            Self::Inspect => (schema::decide(), schema::decision()),
            Self::Explain => (schema::decide(), schemas::explanation()),
            Self::ListActions => (schemas::nothing(), schemas::actions()),
        };
        Definition {
            name: self.name(),
            title: self.title(),
            description: self.description(),
            input_schema,
            output_schema,
            annotations: Annotations {
                read_only_hint: true,
                destructive_hint: false,
                idempotent_hint: true,
                open_world_hint: false,
            },
        }
    }
}

/// What a tool answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallResult {
    /// For people, and for models whose client does not read what is structured.
    pub content: [Content; 1],
    /// For programs, after the tool's schema; missing in an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub structured_content: Option<Structured>,
    /// Whether the arguments were refused.
    pub is_error: bool,
}

/// A piece of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Content {
    /// Words.
    Text {
        /// The words.
        text: String,
    },
}

/// An answer for programs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Structured {
    /// Of `inspect`: what `/api/decide` answers.
    Decision(DecisionBody),
    /// Of `explain`.
    Explanation(Explanation),
    /// Of `list_actions`.
    Actions {
        /// The six actions, in the order of the policy's logits.
        actions: [ActionInfo; N_ACTIONS],
    },
}

impl CallResult {
    fn answered(text: String, structured: Structured) -> Self {
        let content = [Content::Text { text }];
        Self { content, structured_content: Some(structured), is_error: false }
    }

    /// An error that the model reads, and can mend.
    fn refused(problem: &Problem) -> Self {
        let content = [Content::Text { text: words::refusal(problem) }];
        Self { content, structured_content: None, is_error: true }
    }
}

/// `tools/call`. What is wrong with the call is an error of the protocol; what is wrong with the
/// arguments is a result that says so.
pub(super) fn call(policy: &Policy, params: &Map<String, Value>) -> Result<CallResult, RpcError> {
    let Some(name) = params.get("name").and_then(Value::as_str) else {
        return Err(RpcError::invalid_params("`name` must be a string"));
    };
    let Some(tool) = Tool::ALL.into_iter().find(|tool| tool.name() == name) else {
        let known: Vec<_> = Tool::ALL.into_iter().map(Tool::name).collect();
        return Err(RpcError::invalid_params(&alloc::format!(
            "there is no tool `{}`; known are {}",
            words::quoted(name, MAX_NAME_CHARS),
            known.join(", ")
        )));
    };
    let none = Value::Object(Map::new());
    let arguments = match params.get("arguments") {
        None | Some(Value::Null) => &none,
        Some(arguments @ Value::Object(_)) => arguments,
        Some(_) => return Err(RpcError::invalid_params("`arguments` must be an object")),
    };
    let result = run(policy, tool, arguments);
    Ok(result.unwrap_or_else(|problem| CallResult::refused(&problem)))
}

fn run(policy: &Policy, tool: Tool, arguments: &Value) -> Result<CallResult, Problem> {
    Ok(match tool {
        Tool::Inspect => {
            let decision = decide::judge(policy, &Decide::read(arguments)?)?;
            CallResult::answered(words::verdict(&decision), Structured::Decision(decision))
        }
        Tool::Explain => {
            let asked = Decide::read(arguments)?;
            let explanation = Explanation::new(decide::judge(policy, &asked)?, &asked.text);
            CallResult::answered(
                words::explanation(&explanation),
                Structured::Explanation(explanation),
            )
        }
        Tool::ListActions => {
            takes_nothing(arguments)?;
            let actions = ActionType::ALL.map(ActionInfo::from);
            CallResult::answered(words::actions(&actions), Structured::Actions { actions })
        }
    })
}

fn takes_nothing(arguments: &Value) -> Result<(), Invalid> {
    let mut fields = Fields::of(arguments, Null::Missing)?;
    fields.refuse_unknown();
    fields.finish(Some(()))
}
