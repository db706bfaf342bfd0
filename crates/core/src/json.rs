//! JSON with positions: a total reader that knows where each string leaf stands, and the one
//! serialiser that renders every frame.
//!
//! A general JSON library gives values without byte offsets; the decoder rewrites leaves in place
//! and the policy points at the span that decided, so both need them.
//!
//! Invariant: any text in, a value or `None` out; nesting is bounded, time is linear.

mod write;

pub use write::{Spacing, Style, escape_into, write};

use alloc::{format, string::String, vec::Vec};
use core::ops::Range;

/// Deepest nesting that is read.
pub const MAX_DEPTH: usize = 64;

/// A JSON value; objects keep their order and duplicates.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as it was written.
    Number(String),
    /// A string, unescaped.
    String(Text),
    /// An array.
    Array(Vec<Value>),
    /// An object's members in order.
    Object(Vec<(String, Value)>),
}

/// A string leaf and the place between its quotes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Text {
    /// The string, unescaped.
    pub text: String,
    /// Byte range of the escaped form in the source; empty for values made by code.
    pub span: Range<usize>,
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(Text { text: text.into(), span: 0..0 })
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(Text { text, span: 0..0 })
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(format!("{number}"))
    }
}

/// An object from its members.
pub fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

impl Value {
    /// The member of an object.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The item of an array.
    pub fn at(&self, idx: usize) -> Option<&Self> {
        match self {
            Self::Array(items) => items.get(idx),
            _ => None,
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(leaf) => Some(&leaf.text),
            _ => None,
        }
    }

    /// Calls `visit(key, leaf)` for every string leaf in document order; `key` is the nearest
    /// member name ("" at the top).
    pub fn each_leaf<'a>(&'a self, visit: &mut impl FnMut(&'a str, &'a Text)) {
        self.walk("", visit);
    }

    fn walk<'a>(&'a self, key: &'a str, visit: &mut impl FnMut(&'a str, &'a Text)) {
        match self {
            Self::String(leaf) => visit(key, leaf),
            Self::Array(items) => items.iter().for_each(|item| item.walk(key, visit)),
            Self::Object(members) => members.iter().for_each(|(k, v)| v.walk(k, visit)),
            _ => {}
        }
    }

    /// Calls `visit(key, text)` for every string leaf, which may change it.
    pub fn each_leaf_mut(&mut self, visit: &mut impl FnMut(&str, &mut String)) {
        self.walk_mut("", visit);
    }

    fn walk_mut(&mut self, key: &str, visit: &mut impl FnMut(&str, &mut String)) {
        match self {
            Self::String(leaf) => visit(key, &mut leaf.text),
            Self::Array(items) => items.iter_mut().for_each(|item| item.walk_mut(key, visit)),
            Self::Object(members) => members.iter_mut().for_each(|(k, v)| v.walk_mut(k, visit)),
            _ => {}
        }
    }
}

/// Reads one JSON document; `None` if the text is anything else.
pub fn parse(source: &str) -> Option<Value> {
    let mut reader = Reader { source, bytes: source.as_bytes(), at: 0 };
    reader.space();
    let value = reader.value(0)?;
    reader.space();
    (reader.at == reader.bytes.len()).then_some(value)
}

struct Reader<'a> {
    source: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Option<Value> {
        self.source.get(self.at..)?.starts_with(word).then(|| {
            self.at += word.len();
            value
        })
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > MAX_DEPTH {
            return None;
        }
        match self.peek()? {
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => self.string().map(Value::String),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b'n' => self.word("null", Value::Null),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Value> {
        self.at += 1;
        let mut members = Vec::new();
        self.space();
        if self.take(b'}').is_some() {
            return Some(Value::Object(members));
        }
        loop {
            self.space();
            let key = self.string()?.text;
            self.space();
            self.take(b':')?;
            self.space();
            members.push((key, self.value(depth + 1)?));
            self.space();
            if self.take(b',').is_none() {
                self.take(b'}')?;
                return Some(Value::Object(members));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Option<Value> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.take(b']').is_some() {
            return Some(Value::Array(items));
        }
        loop {
            self.space();
            items.push(self.value(depth + 1)?);
            self.space();
            if self.take(b',').is_none() {
                self.take(b']')?;
                return Some(Value::Array(items));
            }
        }
    }

    fn string(&mut self) -> Option<Text> {
        self.take(b'"')?;
        let start = self.at;
        let mut text = String::new();
        loop {
            let run = self.at;
            while !matches!(self.peek()?, b'"' | b'\\' | 0..=0x1f) {
                self.at += 1;
            }
            text.push_str(self.source.get(run..self.at)?);
            match self.peek()? {
                b'"' => {
                    let span = start..self.at;
                    self.at += 1;
                    return Some(Text { text, span });
                }
                b'\\' => {
                    self.at += 1;
                    text.push(self.escape()?);
                }
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let byte = self.peek()?;
        self.at += 1;
        Some(match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = self.hex4()?;
                let code = if (0xd800..0xdc00).contains(&high)
                    && self.source.get(self.at..)?.starts_with("\\u")
                {
                    let back = self.at;
                    self.at += 2;
                    let low = self.hex4()?;
                    if (0xdc00..0xe000).contains(&low) {
                        0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)
                    } else {
                        self.at = back;
                        high
                    }
                } else {
                    high
                };
                // A lone surrogate is no character; readers in the field replace it.
                char::from_u32(code).unwrap_or('\u{fffd}')
            }
            _ => return None,
        })
    }

    fn hex4(&mut self) -> Option<u32> {
        let digits = self.source.get(self.at..self.at + 4)?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    fn number(&mut self) -> Option<Value> {
        let start = self.at;
        let _ = self.take(b'-');
        let whole = self.digits();
        if whole == 0 || (whole > 1 && self.bytes.get(self.at - whole) == Some(&b'0')) {
            return None;
        }
        if self.take(b'.').is_some() && self.digits() == 0 {
            return None;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return None;
            }
        }
        Some(Value::Number(self.source.get(start..self.at)?.into()))
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn leaves_know_their_places() {
        let source = r#"{"a": "x\ny", "b": [1, "z"]}"#;
        let mut seen = Vec::new();
        parse(source).unwrap().each_leaf(&mut |key, leaf| {
            seen.push((key.into(), leaf.text.clone(), source[leaf.span.clone()].into()));
        });
        let expected: [(String, String, String); 2] =
            [("a".into(), "x\ny".into(), "x\\ny".into()), ("b".into(), "z".into(), "z".into())];
        assert_eq!(seen, expected);
    }

    #[test]
    fn what_is_no_json_is_none() {
        for text in ["", "{", "[1,]", "{\"a\":}", "01", "1.", "\"\\x\"", "\"a", "tru", "1 2", "-"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&"[".repeat(100_000)), None);
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<u32>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                prop::collection::vec((any::<String>(), inner), 0..4).prop_map(Value::Object),
            ]
        })
    }

    fn without_spans(mut value: Value) -> Value {
        fn clear(value: &mut Value) {
            match value {
                Value::String(leaf) => leaf.span = 0..0,
                Value::Array(items) => items.iter_mut().for_each(clear),
                Value::Object(members) => members.iter_mut().for_each(|(_, v)| clear(v)),
                _ => {}
            }
        }
        clear(&mut value);
        value
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value in any_value(), width in 0u8..5, ascii: bool) {
            for spacing in [Spacing::Compact, Spacing::Spaced, Spacing::Pretty(width)] {
                let text = write(&value, Style { spacing, ascii });
                prop_assert_eq!(parse(&text).map(without_spans), Some(value.clone()));
            }
        }

        #[test]
        fn reading_agrees_with_serde_json(text in "[\\[\\]{},:\"\\\\a-z0-9eE.+\\- ]{0,24}") {
            let theirs = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            prop_assert_eq!(parse(&text).is_some(), theirs, "{}", text);
        }

        #[test]
        fn reading_is_total(text: String) {
            let _ = parse(&text);
        }
    }
}
