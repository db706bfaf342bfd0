//! The fields of an answer: names as they are spelled, numbers as they are meant.

use super::lenient::{Node, Object};
use super::repair::{Repair, Repairs};
use crate::action::{Action, ActionType, MAX_RATIONALE_CHARS, MAX_RESTRICTIONS};
use alloc::{format, string::String, vec::Vec};

/// Longest name of a restriction, in characters.
pub const MAX_RESTRICTION_CHARS: usize = 256;
/// Longest name that is compared, in bytes.
const MAX_NAME_BYTES: usize = 64;
/// Confidence where none is given.
const DEFAULT_CONFIDENCE: f32 = 0.5;

const ACTION_TYPE: &str = "ACTIONTYPE";
const CONFIDENCE: &str = "CONFIDENCE";
const RATIONALE: &str = "RATIONALE";
const RESTRICTIONS: &str = "MCPRESTRICTIONS";

/// A name in capitals without spaces, hyphens and underscores; `None` if there is anything but
/// ASCII letters left: letters that only look right are not right.
pub(super) fn spelling(name: &str) -> Option<String> {
    if name.len() > MAX_NAME_BYTES {
        return None;
    }
    let letters = name.chars().filter(|c| !matches!(c, ' ' | '-' | '_'));
    letters.map(|c| c.is_ascii_alphabetic().then(|| c.to_ascii_uppercase())).collect()
}

/// Whether a key is one of an answer's.
pub(super) fn is_answer_key(key: &str) -> bool {
    spelling(key).is_some_and(|key| {
        matches!(key.as_str(), ACTION_TYPE | CONFIDENCE | RATIONALE | RESTRICTIONS)
    })
}

/// The action of a name in any case, with any separators between its words.
fn action_type(name: &str) -> Option<ActionType> {
    let name = spelling(name)?;
    ActionType::ALL.into_iter().find(|action| spelling(action.name()).as_ref() == Some(&name))
}

/// What an object says about the action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// This one.
    Action(ActionType),
    /// None that is known, or several.
    Unknown,
    /// Nothing.
    Nothing,
}

/// The action that an object names. A key that stands twice must say the same both times.
pub(super) fn said(object: &Object<'_>, repairs: &mut Repairs) -> Said {
    let mut said = Said::Nothing;
    for (key, value) in object.values(ACTION_TYPE) {
        let Node::Text(name) = value else { return Said::Unknown };
        let Some(action) = action_type(name) else { return Said::Unknown };
        if !matches!(said, Said::Nothing) && said != Said::Action(action) {
            return Said::Unknown;
        }
        repairs.note_if(key != "action_type", Repair::KeySpelling);
        repairs.note_if(name != action.name(), Repair::ActionSpelling);
        said = Said::Action(action);
    }
    said
}

/// The whole action of an object that names `action`.
pub(super) fn action(object: &Object<'_>, action: ActionType, repairs: &mut Repairs) -> Action {
    let confidence = confidence(object, repairs);
    let rationale = rationale(object, repairs);
    let restrictions = restrictions(object, repairs);
    // Within all limits by now; the default is for the type's sake.
    Action::new(action, confidence, rationale, restrictions).unwrap_or_else(|_| Action::of(action))
}

/// The confidence. From 0 to 1 it stands as it is, below it is 0. Above, a number without a percent
/// sign that is less than 2 is a slip past 1, and one up to 100 is a percentage; what is larger, or
/// no number, says nothing and gives the default. With the sign it is a percentage, cut to 100.
fn confidence(object: &Object<'_>, repairs: &mut Repairs) -> f32 {
    let (text, is_number) = match object.values(CONFIDENCE).next() {
        None | Some((_, Node::Null)) => {
            repairs.note(Repair::MissingConfidence);
            return DEFAULT_CONFIDENCE;
        }
        Some((_, Node::Number(text))) => (*text, true),
        Some((_, Node::Text(text))) => (text.trim(), false),
        Some(_) => ("", false),
    };
    let (digits, percent) = match text.strip_suffix('%') {
        Some(digits) => (digits.trim_end(), true),
        None => (text, false),
    };
    let plain = |value: &f64| is_number && (0.0..=1.0).contains(value) && !percent;
    let value = digits.replace(',', ".").parse::<f64>().ok().filter(|value| value.is_finite());
    repairs.note_if(!value.as_ref().is_some_and(plain), Repair::Confidence);
    match value {
        Some(value) if percent => (value / 100.0).clamp(0.0, 1.0) as f32,
        Some(value) if value < 2.0 => value.clamp(0.0, 1.0) as f32,
        Some(value) if value <= 100.0 => (value / 100.0) as f32,
        _ => DEFAULT_CONFIDENCE,
    }
}

fn rationale(object: &Object<'_>, repairs: &mut Repairs) -> String {
    let Some((_, Node::Text(text))) = object.values(RATIONALE).next() else {
        repairs.note(Repair::MissingRationale);
        return String::new();
    };
    cut(text, MAX_RATIONALE_CHARS, repairs, Repair::CutRationale)
}

fn restrictions(object: &Object<'_>, repairs: &mut Repairs) -> Vec<String> {
    let items = match object.values(RESTRICTIONS).next() {
        None | Some((_, Node::Null)) => return Vec::new(),
        Some((_, Node::List(items))) => items.as_slice(),
        Some((_, one)) => {
            repairs.note(Repair::Restrictions);
            core::slice::from_ref(one)
        }
    };
    let mut names = Vec::new();
    for item in items {
        match item {
            Node::Text(name) if !name.trim().is_empty() && names.len() < MAX_RESTRICTIONS => {
                names.push(cut(name.trim(), MAX_RESTRICTION_CHARS, repairs, Repair::Restrictions));
            }
            _ => repairs.note(Repair::Restrictions),
        }
    }
    names
}

/// At most `max_chars` of a text, the last one an ellipsis where something is missing.
fn cut(text: &str, max_chars: usize, repairs: &mut Repairs, repair: Repair) -> String {
    if text.chars().nth(max_chars).is_none() {
        return text.into();
    }
    repairs.note(repair);
    let kept: String = text.chars().take(max_chars.saturating_sub(1)).collect();
    format!("{kept}…")
}
