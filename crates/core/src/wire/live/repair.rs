//! What it took to read an answer.

use crate::frame::named_enum;
use alloc::vec::Vec;

named_enum! {
    /// What was overlooked or mended in reading an answer.
    Repair {
        /// Reasoning between `<think>` tags stood before the answer.
        Thought = "thought",
        /// Words stood around the object.
        Prose = "prose",
        /// The object stood in a fenced block.
        Fence = "fence",
        /// An object without a known action stood before it.
        SkippedObject = "skipped_object",
        /// An object that stands in the frame stood before it.
        SkippedEcho = "skipped_echo",
        /// Another object with another action stood after it.
        LaterAnswer = "later_answer",
        /// The object was the only one inside another.
        Wrapper = "wrapper",
        /// Single quotes around a string.
        SingleQuotes = "single_quotes",
        /// A key without quotes.
        BareKey = "bare_key",
        /// A comma before a closing bracket.
        TrailingComma = "trailing_comma",
        /// A line break or another control character in a string.
        ControlCharacter = "control_character",
        /// A backslash before a character that needs none, as Markdown has it.
        LooseEscape = "loose_escape",
        /// `True`, `False` or `None`; a number as JSON does not write it.
        Literal = "literal",
        /// A key in other case or with other separators.
        KeySpelling = "key_spelling",
        /// The action's name in other case or with other separators.
        ActionSpelling = "action_spelling",
        /// The confidence was a text, a percentage, out of range or no number.
        Confidence = "confidence",
        /// No confidence: the default.
        MissingConfidence = "missing_confidence",
        /// No rationale that is a text: none.
        MissingRationale = "missing_rationale",
        /// The rationale was cut to its limit.
        CutRationale = "cut_rationale",
        /// The restrictions were no list of names, or were cut to their limits.
        Restrictions = "restrictions",
    }
}

/// A set of repairs, in the order of [`Repair::ALL`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Repairs(Vec<Repair>);

impl Repairs {
    pub(super) fn note(&mut self, repair: Repair) {
        if let Err(at) = self.0.binary_search(&repair) {
            self.0.insert(at, repair);
        }
    }

    pub(super) fn note_if(&mut self, condition: bool, repair: Repair) {
        if condition {
            self.note(repair);
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        for &repair in &other.0 {
            self.note(repair);
        }
    }

    pub(super) fn into_vec(self) -> Vec<Repair> {
        self.0
    }
}
