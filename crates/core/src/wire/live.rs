//! Live mode: what is asked of a hosted language model, and what its answer says.
//!
//! What this module does: write chat-completions requests ([`request`]), read the upstream's
//! envelope and its errors ([`Completion`], [`UpstreamError`]), and read an action out of the
//! model's words ([`read`]). What it does not: IO, retries, queues, randomness.
//!
//! Invariants: total on any text. No answer is made up: words without a complete object that
//! names an action are [`Unparsed`], never an action.

mod answer;
mod control;
mod echo;
mod fields;
mod lenient;
mod prompt;
mod refusal;
mod repair;
mod scan;
#[cfg(test)]
mod tests;
mod upstream;

pub use answer::{Answered, MAX_CONTENT_BYTES, Unparsed, read};
pub use fields::MAX_RESTRICTION_CHARS;
pub use prompt::{
    ChatRequest, MAX_NEW_TOKENS, Message, Question, Structured, TEMPERATURE, answer_schema,
    request, system_prompt,
};
pub use repair::Repair;
pub use upstream::{
    BadCompletion, Completion, FinishReason, MAX_ERROR_CHARS, UpstreamError, Usage,
};
