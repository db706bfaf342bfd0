//! An action read out of a model's words.
//!
//! The answer is the first object that closes, names a known action under `action_type` and does
//! not stand in the frame. What is decided on the safe side, so that no frame passes by accident:
//!
//! * An object that is left open is [`Unparsed::Truncated`], even where its action is complete: a
//!   contradiction could have followed.
//! * An object that breaks after one of an answer's keys is [`Unparsed::Malformed`]: what follows
//!   might be a quotation in it. One that breaks without is passed over, brace by brace.
//! * An object that names an unknown action, or two different ones, is skipped with all it holds.
//! * An object without an action may wrap a single object that is the answer, unless it is a
//!   JSON-RPC message: that is a frame.
//! * An action named in prose alone is none.

use super::echo::Echoes;
use super::fields::{self, Said};
use super::lenient::{Node, Object};
use super::refusal;
use super::repair::{Repair, Repairs};
use super::scan::Scan;
use crate::action::{Action, ActionType};
use crate::decode::invisible::is_invisible;
use crate::frame::named_enum;
use alloc::vec::Vec;
use core::fmt;

/// How much of a model's words is read, in bytes: far more than an answer's tokens can be.
pub const MAX_CONTENT_BYTES: usize = 16 * 1024;

const THINK: &str = "<think>";
const THOUGHT: &str = "</think>";

/// An answer, and what it took to read it.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// The answer, within all limits.
    pub action: Action,
    /// What was overlooked or mended, in the order of [`Repair::ALL`].
    pub repairs: Vec<Repair>,
}

impl Answered {
    /// Whether the words were the object asked for and nothing else.
    pub fn is_clean(&self) -> bool {
        self.repairs.is_empty()
    }
}

named_enum! {
    /// Why there is no answer.
    Unparsed {
        /// No words.
        Empty = "empty",
        /// Words without an object.
        NoObject = "no_object",
        /// Objects, none of which names a known action.
        NoKnownAction = "no_known_action",
        /// The only actions are those that stand in the frame.
        Echo = "echo",
        /// Words that read like a refusal.
        Refusal = "refusal",
        /// An object that is left open, or reasoning that does not end.
        Truncated = "truncated",
        /// An object that begins as an answer and is no JSON.
        Malformed = "malformed",
    }
}

impl fmt::Display for Unparsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the model said nothing",
            Self::NoObject => "the model's words hold no object",
            Self::NoKnownAction => "no object in the model's words names a known action",
            Self::Echo => "the model only repeated what stands in the frame",
            Self::Refusal => "the model declined to answer",
            Self::Truncated => "the model's answer ends in the middle",
            Self::Malformed => "the model's answer is not JSON",
        })
    }
}

impl core::error::Error for Unparsed {}

/// Reads what a model said about `frame`, the text that it was asked about.
pub fn read(content: &str, frame: &str) -> Result<Answered, Unparsed> {
    let whole = content.trim_matches(|c: char| c.is_whitespace() || is_invisible(c));
    if whole.is_empty() {
        return Err(Unparsed::Empty);
    }
    let text = whole.get(..whole.floor_char_boundary(MAX_CONTENT_BYTES)).unwrap_or(whole);
    let cut = text.len() < whole.len();
    let (text, thought) = after_thought(text)?;
    let mut notes = Repairs::default();
    notes.note_if(thought, Repair::Thought);

    let echoes = Echoes::of(frame);
    let mut scan = Scan::new(text);
    let mut passed = Passed::default();
    while let Some(mut found) = scan.next() {
        let Some((object, action)) = answer_in(&found.object, &mut found.repairs) else {
            passed.object = true;
            continue;
        };
        if echoes.holds(object.source) {
            passed.echo = true;
            continue;
        }
        let mut repairs = found.repairs;
        let action = fields::action(object, action, &mut repairs);
        repairs.add(&notes);
        repairs.note_if(passed.object, Repair::SkippedObject);
        repairs.note_if(passed.echo, Repair::SkippedEcho);
        let (before, after) = (text.get(..found.span.start), text.get(found.span.end..));
        surroundings(before.unwrap_or(""), after.unwrap_or(""), &mut repairs);
        repairs.note_if(contradicted(scan, &echoes, action.action_type()), Repair::LaterAnswer);
        return Ok(Answered { action, repairs: repairs.into_vec() });
    }
    Err(if scan.ran_out || cut {
        Unparsed::Truncated
    } else if scan.broke {
        Unparsed::Malformed
    } else if passed.echo {
        Unparsed::Echo
    } else if refusal::reads_like_one(text) {
        Unparsed::Refusal
    } else if passed.object {
        Unparsed::NoKnownAction
    } else if text.trim().is_empty() {
        Unparsed::Empty
    } else {
        Unparsed::NoObject
    })
}

/// What stood before the answer.
#[derive(Debug, Clone, Copy, Default)]
struct Passed {
    object: bool,
    echo: bool,
}

/// The text behind the reasoning that it begins with, and whether there was any.
fn after_thought(text: &str) -> Result<(&str, bool), Unparsed> {
    let Some(thinking) = text.strip_prefix(THINK) else { return Ok((text, false)) };
    thinking.split_once(THOUGHT).map(|(_, answer)| (answer, true)).ok_or(Unparsed::Truncated)
}

/// The answer that an object is or wraps.
fn answer_in<'o, 'a>(
    object: &'o Object<'a>,
    repairs: &mut Repairs,
) -> Option<(&'o Object<'a>, ActionType)> {
    match fields::said(object, repairs) {
        Said::Action(action) => return Some((object, action)),
        Said::Unknown => return None,
        Said::Nothing => {}
    }
    if object.members.iter().any(|(key, _)| matches!(key.as_str(), "jsonrpc" | "method")) {
        return None;
    }
    let mut inner = object.members.iter().filter_map(|(_, value)| match value {
        Node::Object(inner) => Some(inner),
        _ => None,
    });
    let only = inner.next().filter(|_| inner.next().is_none())?;
    repairs.note(Repair::Wrapper);
    answer_in(only, repairs)
}

/// Whether another answer follows that names another action.
fn contradicted(rest: Scan<'_>, echoes: &Echoes, action: ActionType) -> bool {
    rest.filter_map(|found| {
        let (object, action) = answer_in(&found.object, &mut Repairs::default())?;
        (!echoes.holds(object.source)).then_some(action)
    })
    .any(|other| other != action)
}

/// Notes what stands around the object: a fence, words.
fn surroundings(before: &str, after: &str, repairs: &mut Repairs) {
    let (before, after) = (before.trim(), after.trim());
    let info_string = |c: char| c.is_ascii_alphanumeric();
    let opened = before.trim_end_matches(info_string).strip_suffix("```");
    let closed = after.strip_prefix("```");
    repairs.note_if(opened.is_some() || closed.is_some(), Repair::Fence);
    let words = |text: &str| !text.trim().is_empty();
    repairs
        .note_if(words(opened.unwrap_or(before)) || words(closed.unwrap_or(after)), Repair::Prose);
}
