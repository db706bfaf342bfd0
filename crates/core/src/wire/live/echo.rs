//! What a model repeats of the frame it was shown is no answer.
//!
//! An object counts as an echo where it stands in the frame: in its text, in a string of it, or in
//! what the decoder makes of it. Spaces, quotes, backslashes and the case of letters do not
//! matter. An object that the model changed, or made up because the frame told it to, is its own
//! answer: no reading of an answer can tell these apart. An honest answer that happens to stand in
//! the frame word for word is lost, on the safe side.

use crate::decode::decode;
use crate::decode::invisible::is_invisible;
use crate::json;
use alloc::{string::String, vec::Vec};

/// A frame, ready to be searched.
#[derive(Debug)]
pub(super) struct Echoes(Vec<String>);

impl Echoes {
    pub(super) fn of(frame: &str) -> Self {
        let decoded = decode(frame).text;
        let mut texts = Vec::new();
        for text in [frame, decoded.as_str()] {
            texts.push(squeezed(text));
            if let Some(value) = json::parse(text) {
                value.each_leaf(&mut |_, leaf| texts.push(squeezed(&leaf.text)));
            }
        }
        Self(texts)
    }

    /// Whether an object, as it was written, stands in the frame.
    pub(super) fn holds(&self, object: &str) -> bool {
        let object = squeezed(object);
        self.0.iter().any(|text| text.contains(&object))
    }
}

/// A text without what writers vary.
fn squeezed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let varies = c.is_whitespace() || is_invisible(c);
        if varies || matches!(c, '"' | '\'' | '`' | '\\' | '“' | '”' | '‘' | '’') {
            continue;
        }
        if matches!(c, '}' | ']') && out.ends_with(',') {
            out.pop();
        }
        out.extend(c.to_lowercase());
    }
    out
}
