//! Cuts a frame into segments: what the detectors and the policy look at one by one.
//!
//! An attack is usually one short passage inside a long harmless frame. The string leaves of a
//! JSON-RPC message, or the whole of any other text, are tokenised once and cut at sentences,
//! line breaks and leaves into windows of 12 to about 40 words. What is read is the decoded text;
//! leaves that the decoder changed are read raw as well, behind the others.
//!
//! Invariant: every value leaf is covered by segments, whatever its length.

use crate::{
    decode::Decoded,
    json::{self, Text, Value},
    tokenize::{Kind, Token, Tokens},
};
use alloc::vec::Vec;
use core::ops::Range;

/// A sentence, line or leaf may end a segment from this many words on.
const MIN_WORDS: usize = 12;
/// A segment ends at this many words at the latest,
const MAX_WORDS: usize = 40;
/// or at this many tokens, signs included.
const MAX_TOKENS: usize = 112;
/// Envelope members with short plain values (`"type": "text"`) say nothing about a frame.
const ENVELOPE: [&str; 4] = ["jsonrpc", "method", "type", "id"];
const MAX_ENVELOPE_BYTES: usize = 24;

/// Both readings of a frame as documents; [`Segments`] borrows from it.
#[derive(Debug)]
pub struct Document {
    raw: Option<Value>,
    decoded: Option<Value>,
}

impl Document {
    /// Reads a frame. Texts that are no JSON-RPC message are read as plain text: in a telemetry
    /// record the member names and values belong together.
    pub fn read(raw: &str, decoded: &Decoded) -> Self {
        let first = raw.trim_start();
        let is_object = first.starts_with('{') || first.starts_with('[');
        let message = if is_object { json::parse(raw).filter(is_message) } else { None };
        let changed = message.is_some() && decoded.text != raw;
        let decoded = if changed { json::parse(&decoded.text) } else { None };
        Self { raw: message, decoded }
    }

    /// The JSON-RPC message, if it is one.
    pub fn message(&self) -> Option<&Value> {
        self.raw.as_ref()
    }
}

fn is_message(value: &Value) -> bool {
    match value {
        // A batch.
        Value::Array(items) => items.first().is_some_and(is_message),
        _ => ["jsonrpc", "method", "params", "result", "inputSchema"]
            .iter()
            .any(|key| value.get(key).is_some()),
    }
}

/// A text that segments are cut from.
#[derive(Debug, Clone)]
pub struct Leaf<'a> {
    /// The text, unescaped.
    pub text: &'a str,
    /// Bytes of the raw frame between the leaf's quotes; the whole frame for plain text.
    pub raw_span: Range<usize>,
    /// Whether `text` is what stands in the raw frame (escapes aside).
    pub is_raw: bool,
    /// Whether the decoder changed this leaf.
    pub changed: bool,
}

/// A run of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Which tokens.
    pub tokens: Range<usize>,
    /// Read as it stood on the wire although the decoder changed it.
    pub raw_view: bool,
    /// Read from what the decoder made of it.
    pub decoded_view: bool,
}

/// A frame cut into segments.
#[derive(Debug)]
pub struct Segments<'a> {
    /// The texts; `Token::leaf` counts them.
    pub leaves: Vec<Leaf<'a>>,
    /// All tokens of all texts in order.
    pub tokens: Tokens,
    /// The segments in order.
    pub items: Vec<Segment>,
}

impl<'a> Segments<'a> {
    /// Cuts `raw`, which the decoder turned into `decoded`.
    pub fn cut(raw: &'a str, decoded: &'a Decoded, document: &'a Document) -> Self {
        let mut tokens = Tokens::with_room_for(raw.len());
        let mut leaves: Vec<Leaf<'a>> = Vec::with_capacity(8);
        let whole = 0..raw.len();
        match (&document.raw, &document.decoded) {
            (None, _) => {
                let changed = decoded.text != raw;
                tokens.append(&decoded.text, 0);
                let text = decoded.text.as_str();
                leaves.push(Leaf { text, raw_span: whole.clone(), is_raw: !changed, changed });
                if changed {
                    tokens.append(raw, 1);
                    leaves.push(Leaf { text: raw, raw_span: whole, is_raw: true, changed });
                }
            }
            (Some(message), None) => {
                walk(message, "", &mut |key, leaf| {
                    take(&mut tokens, &mut leaves, key, leaf, leaf.map(|l| l.text.as_str()));
                });
            }
            (Some(message), Some(decoded)) => {
                // Same document, other leaf texts: the decoder works leaf by leaf.
                let mut texts = Vec::new();
                walk(decoded, "", &mut |_, leaf| texts.push(leaf.map(|l| l.text.as_str())));
                let mut changed: Vec<&Text> = Vec::new();
                let mut texts = texts.into_iter();
                walk(message, "", &mut |key, leaf| {
                    let text = texts.next().flatten();
                    take(&mut tokens, &mut leaves, key, leaf, text);
                    if let Some(leaf) = leaf
                        && text != Some(leaf.text.as_str())
                    {
                        changed.push(leaf);
                    }
                });
                for leaf in changed {
                    tokens.append(&leaf.text, leaves.len() as u32);
                    leaves.push(Leaf {
                        text: &leaf.text,
                        raw_span: leaf.span.clone(),
                        is_raw: true,
                        changed: true,
                    });
                }
            }
        }
        let items = windows(&tokens, &leaves);
        Self { leaves, tokens, items }
    }

    /// The leaf of a token.
    pub fn leaf(&self, token: &Token) -> Option<&Leaf<'a>> {
        self.leaves.get(token.leaf as usize)
    }

    /// The tokens of a segment.
    pub fn tokens_of(&self, segment: &Segment) -> &[Token] {
        self.tokens.items().get(segment.tokens.clone()).unwrap_or(&[])
    }

    /// The leaf text that a run of tokens stands in, and their bytes there; a run over several
    /// leaves gives its part of the first. `None` for a run of member names only.
    pub fn quoted(&self, tokens: Range<usize>) -> Option<(&'a str, Range<usize>)> {
        let (leaf, quoted) = self.in_leaf(tokens)?;
        Some((leaf.text, quoted))
    }

    /// The same with the raw bytes that it stands for.
    pub fn place(&self, raw: &str, tokens: Range<usize>) -> Option<Place<'a>> {
        let (leaf, quoted) = self.in_leaf(tokens)?;
        let raw_span =
            if leaf.is_raw { raw_span(raw, leaf, &quoted) } else { leaf.raw_span.clone() };
        Some(Place { leaf: leaf.text, quoted, raw_span })
    }

    fn in_leaf(&self, tokens: Range<usize>) -> Option<(&Leaf<'a>, Range<usize>)> {
        let tokens = self.tokens.items().get(tokens)?;
        let first = tokens.iter().find(|token| !token.is_key)?;
        let mut of_leaf = tokens.iter().filter(|token| token.leaf == first.leaf && !token.is_key);
        let end = of_leaf.next_back().map_or(first.end, |token| token.end);
        Some((self.leaf(first)?, first.start as usize..end as usize))
    }
}

/// Where a run of tokens stands.
#[derive(Debug, Clone)]
pub struct Place<'a> {
    /// The leaf's text.
    pub leaf: &'a str,
    /// Bytes of the leaf's text.
    pub quoted: Range<usize>,
    /// Bytes of the raw frame.
    pub raw_span: Range<usize>,
}

/// Raw bytes of a range of a leaf's text.
fn raw_span(raw: &str, leaf: &Leaf<'_>, quoted: &Range<usize>) -> Range<usize> {
    let base = leaf.raw_span.start;
    if leaf.raw_span.len() == leaf.text.len() {
        return base + quoted.start..base + quoted.end;
    }
    // Walk the escaped form; each step consumes one escape or one character.
    let bytes = raw.get(leaf.raw_span.clone()).unwrap_or("").as_bytes();
    let (mut from, mut out) = (0usize, 0usize);
    let mut start = 0;
    for c in leaf.text.chars() {
        if out <= quoted.start {
            start = from;
        }
        if out >= quoted.end || from >= bytes.len() {
            break;
        }
        out += c.len_utf8();
        from += match (bytes.get(from), bytes.get(from + 1)) {
            (Some(b'\\'), Some(b'u')) if c as u32 > 0xffff => 12,
            (Some(b'\\'), Some(b'u')) => 6,
            (Some(b'\\'), _) => 2,
            _ => c.len_utf8(),
        };
    }
    (base + start).min(leaf.raw_span.end)..(base + from).min(leaf.raw_span.end)
}

/// Visits members and leaves in document order: `leaf` is `None` for the name of a member that is
/// no string (names can carry text too).
fn walk<'a>(value: &'a Value, key: &'a str, visit: &mut impl FnMut(&'a str, Option<&'a Text>)) {
    match value {
        Value::String(leaf) => visit(key, Some(leaf)),
        Value::Array(items) => {
            for item in items {
                walk(item, key, visit);
            }
        }
        Value::Object(members) => {
            for (name, item) in members {
                if !matches!(item, Value::String(_)) {
                    visit(name, None);
                }
                // A switch says something: "mask": false.
                match item {
                    Value::Bool(true) => visit("true", None),
                    Value::Bool(false) => visit("false", None),
                    Value::Null => visit("null", None),
                    _ => {}
                }
                walk(item, name, visit);
            }
        }
        _ => {}
    }
}

fn take<'a>(
    tokens: &mut Tokens,
    leaves: &mut Vec<Leaf<'a>>,
    key: &str,
    leaf: Option<&'a Text>,
    text: Option<&'a str>,
) {
    let Some(leaf) = leaf else {
        // Names of envelope members are the same in every frame.
        if !matches!(key, "params" | "result" | "arguments" | "content" | "tools" | "id") {
            tokens.append_key(key, leaves.len().saturating_sub(1) as u32);
        }
        return;
    };
    let text = text.unwrap_or(&leaf.text);
    let changed = text != leaf.text;
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'.' | b'-');
    if ENVELOPE.contains(&key) && text.len() <= MAX_ENVELOPE_BYTES && text.bytes().all(is_plain) {
        return;
    }
    let number = leaves.len() as u32;
    leaves.push(Leaf { text, raw_span: leaf.span.clone(), is_raw: !changed, changed });
    tokens.append_key(key, number);
    tokens.append(text, number);
}

fn windows(tokens: &Tokens, leaves: &[Leaf<'_>]) -> Vec<Segment> {
    let items = tokens.items();
    let view = |token: &Token| {
        leaves.get(token.leaf as usize).map_or((false, false), |leaf| {
            (leaf.changed && leaf.is_raw, leaf.changed && !leaf.is_raw)
        })
    };
    let mut segments = Vec::with_capacity(items.len() / 24 + 1);
    let (mut start, mut n_words) = (0usize, 0usize);
    let mut close = |start: &mut usize, end: usize, n_words: &mut usize| {
        if let Some(first) = items.get(*start) {
            // A merged run is of one view unless a changed leaf is short; the first one names it.
            let (raw_view, decoded_view) = view(first);
            segments.push(Segment { tokens: *start..end, raw_view, decoded_view });
        }
        (*start, *n_words) = (end, 0);
    };
    for (idx, token) in items.iter().enumerate() {
        if let Some(previous) = idx.checked_sub(1).and_then(|i| items.get(i)) {
            let new_leaf = token.leaf != previous.leaf;
            let boundary = new_leaf || token.new_line || ends_sentence(tokens, previous, token);
            let full = n_words >= MAX_WORDS || idx - start >= MAX_TOKENS;
            let other_view = new_leaf && view(token) != view(previous);
            if full || other_view || (boundary && n_words >= MIN_WORDS) {
                close(&mut start, idx, &mut n_words);
            }
        }
        n_words += usize::from(token.kind != Kind::Sign);
    }
    if start < items.len() {
        close(&mut start, items.len(), &mut n_words);
    }
    segments
}

fn ends_sentence(tokens: &Tokens, previous: &Token, token: &Token) -> bool {
    previous.kind == Kind::Sign
        && match tokens.word(previous) {
            "." | "!" | "?" | ".." | ";" | "!!" => token.spaced,
            "。" | "！" | "？" | "；" => true,
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::String};
    use proptest::prelude::*;

    fn unchanged(text: &str) -> Decoded {
        Decoded { text: text.into(), steps: Vec::new(), drift: 0.0 }
    }

    fn texts(raw: &str, decoded: &Decoded) -> Vec<String> {
        let document = Document::read(raw, decoded);
        let segments = Segments::cut(raw, decoded, &document);
        let text_of = |segment: &Segment| {
            let tokens = segments.tokens_of(segment);
            tokens.iter().map(|t| segments.tokens.word(t)).collect::<Vec<_>>().join(" ")
        };
        segments.items.iter().map(text_of).collect()
    }

    #[test]
    fn short_leaves_share_a_segment_with_their_names() {
        let raw = r#"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"find","arguments":{"path":"a b"}}}"#;
        assert_eq!(texts(raw, &unchanged(raw)), ["name find path a b"]);
    }

    #[test]
    fn long_text_is_cut_at_sentences() {
        let sentence = "One two three four five six seven eight nine ten eleven twelve. ";
        let found = texts(&sentence.repeat(3), &unchanged(&sentence.repeat(3)));
        assert_eq!(found.len(), 3);
        let endless = "word ".repeat(100);
        assert_eq!(texts(&endless, &unchanged(&endless)).len(), 3);
    }

    #[test]
    fn a_changed_leaf_is_read_both_ways() {
        let raw = r#"{"result":{"a":"plain text","b":"aGVsbG8="}}"#;
        let decoded =
            Decoded { text: raw.replace("aGVsbG8=", "hello"), steps: Vec::new(), drift: 0.5 };
        let document = Document::read(raw, &decoded);
        let segments = Segments::cut(raw, &decoded, &document);
        let views: Vec<_> = segments.items.iter().map(|s| (s.raw_view, s.decoded_view)).collect();
        assert_eq!(views, [(false, false), (false, true), (true, false)]);
        let place = segments.place(raw, segments.items[1].tokens.clone()).unwrap();
        assert_eq!(&raw[place.raw_span], "aGVsbG8=");
        assert_eq!(&place.leaf[place.quoted], "hello");
    }

    #[test]
    fn places_point_at_the_raw_bytes_behind_escapes() {
        let raw = r#"{"result":{"text":"a\n\u00e4 \"target\" end"}}"#;
        let decoded = unchanged(raw);
        let document = Document::read(raw, &decoded);
        let segments = Segments::cut(raw, &decoded, &document);
        let at = segments.tokens.items().iter().position(|t| segments.tokens.word(t) == "target");
        let place = segments.place(raw, at.unwrap()..at.unwrap() + 1).unwrap();
        assert_eq!(&raw[place.raw_span], "target");
    }

    proptest! {
        #[test]
        fn segments_cover_all_tokens_in_order(text in "\\PC{0,200}", wrap: bool) {
            let raw = if wrap {
                let value = json::object([("result", Value::from(text.as_str()))]);
                json::write(&value, json::Style { spacing: json::Spacing::Compact, ascii: false })
            } else {
                text
            };
            let decoded = unchanged(&raw);
            let document = Document::read(&raw, &decoded);
            let segments = Segments::cut(&raw, &decoded, &document);
            let mut next = 0;
            for segment in &segments.items {
                prop_assert_eq!(segment.tokens.start, next);
                prop_assert!(!segment.tokens.is_empty());
                next = segment.tokens.end;
                let place = segments.place(&raw, segment.tokens.clone());
                if let Some(place) = place {
                    prop_assert!(raw.get(place.raw_span).is_some());
                    prop_assert!(place.leaf.get(place.quoted).is_some());
                }
            }
            prop_assert_eq!(next, segments.tokens.items().len());
        }
    }

    #[test]
    fn any_size_is_covered() {
        let raw = format!("{{\"result\":\"{}\"}}", "x. ".repeat(80_000));
        assert!(texts(&raw, &unchanged(&raw)).len() > 1_000);
    }
}
