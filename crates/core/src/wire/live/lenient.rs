//! Objects as language models write them: JSON, and what they take for it.
//!
//! Why not a library: those that mend JSON also close what was left open and guess what was meant.
//! Here a guess could let an attack through, so the tolerated departures are few and named
//! ([`Repair`]), and it matters where and why reading broke.

use super::fields::{is_answer_key, spelling};
use super::repair::{Repair, Repairs};
use alloc::{string::String, vec::Vec};

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 64;
/// Longest key, in bytes as written: keeps the search for objects linear.
const MAX_KEY_BYTES: usize = 256;

/// A value; numbers as they were written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node<'a> {
    Null,
    Bool,
    Number(&'a str),
    Text(String),
    List(Vec<Node<'a>>),
    Object(Object<'a>),
}

/// An object that closes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Object<'a> {
    /// As it was written, braces included.
    pub(super) source: &'a str,
    /// In order, duplicates included.
    pub(super) members: Vec<(String, Node<'a>)>,
}

/// What a brace turned out to be.
#[derive(Debug)]
pub(super) enum Attempt<'a> {
    /// An object; reading goes on at `end`.
    Closed { object: Object<'a>, end: usize, repairs: Repairs },
    /// No object: there is no key with a colon behind it.
    NoObject,
    /// The text ended before the first key's colon.
    RanOutEarly,
    /// The text ended in the middle.
    RanOut,
    /// An object at first, then not. Whether one of an answer's keys had been read.
    Broken { answer_like: bool },
}

enum Stop {
    End,
    Malformed,
}

type Read<T> = Result<T, Stop>;

/// Reads the object whose brace stands at `start`.
pub(super) fn object(source: &str, start: usize) -> Attempt<'_> {
    let mut reader =
        Reader { source, at: start, begun: false, answer_like: false, repairs: Repairs::default() };
    match reader.object(0) {
        Ok(object) => Attempt::Closed { object, end: reader.at, repairs: reader.repairs },
        Err(Stop::End) if reader.begun => Attempt::RanOut,
        Err(Stop::End) => Attempt::RanOutEarly,
        Err(Stop::Malformed) if reader.begun => Attempt::Broken { answer_like: reader.answer_like },
        Err(Stop::Malformed) => Attempt::NoObject,
    }
}

struct Reader<'a> {
    source: &'a str,
    at: usize,
    /// Whether a key and its colon were read.
    begun: bool,
    /// Whether one of the keys was an answer's.
    answer_like: bool,
    repairs: Repairs,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.source.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Read<char> {
        self.rest().chars().next().ok_or(Stop::End)
    }

    fn bump(&mut self) -> Read<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Ok(c)
    }

    /// The next character that is no space; it is not consumed.
    fn solid(&mut self) -> Read<char> {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
        self.peek()
    }

    fn take(&mut self, wanted: char) -> Read<()> {
        if self.solid()? == wanted { self.bump().map(|_| ()) } else { Err(Stop::Malformed) }
    }

    fn object(&mut self, depth: usize) -> Read<Object<'a>> {
        if depth > MAX_DEPTH {
            return Err(Stop::Malformed);
        }
        let start = self.at;
        self.take('{')?;
        let mut members = Vec::new();
        while self.solid()? != '}' {
            let key = self.key()?;
            self.take(':')?;
            self.begun = true;
            self.answer_like |= is_answer_key(&key);
            members.push((key, self.value(depth + 1)?));
            self.separator('}')?;
        }
        self.bump()?;
        Ok(Object { source: self.source.get(start..self.at).unwrap_or(""), members })
    }

    fn list(&mut self, depth: usize) -> Read<Vec<Node<'a>>> {
        if depth > MAX_DEPTH {
            return Err(Stop::Malformed);
        }
        self.take('[')?;
        let mut items = Vec::new();
        while self.solid()? != ']' {
            items.push(self.value(depth + 1)?);
            self.separator(']')?;
        }
        self.bump()?;
        Ok(items)
    }

    /// A comma or, not consumed, the closing bracket.
    fn separator(&mut self, closing: char) -> Read<()> {
        if self.solid()? == closing {
            return Ok(());
        }
        self.take(',')?;
        if self.solid()? == closing {
            self.repairs.note(Repair::TrailingComma);
        }
        Ok(())
    }

    fn key(&mut self) -> Read<String> {
        match self.solid()? {
            '"' | '\'' => self.string(MAX_KEY_BYTES),
            c if c.is_ascii_alphabetic() || c == '_' => {
                let word = self.run(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
                if word.len() > MAX_KEY_BYTES {
                    return Err(Stop::Malformed);
                }
                self.repairs.note(Repair::BareKey);
                Ok(word.into())
            }
            _ => Err(Stop::Malformed),
        }
    }

    fn run(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let n_bytes = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.at += n_bytes;
        rest.get(..n_bytes).unwrap_or("")
    }

    fn value(&mut self, depth: usize) -> Read<Node<'a>> {
        match self.solid()? {
            '{' => self.object(depth).map(Node::Object),
            '[' => self.list(depth).map(Node::List),
            '"' | '\'' => self.string(usize::MAX).map(Node::Text),
            c if c.is_ascii_alphabetic() => self.literal(),
            _ => self.number(),
        }
    }

    fn literal(&mut self) -> Read<Node<'a>> {
        let word = self.run(|c| c.is_ascii_alphanumeric() || c == '_');
        // The text may have ended inside the word.
        let _ = self.peek()?;
        self.repairs.note_if(matches!(word, "True" | "False" | "None"), Repair::Literal);
        match word {
            "null" | "None" => Ok(Node::Null),
            "true" | "false" | "True" | "False" => Ok(Node::Bool),
            _ => Err(Stop::Malformed),
        }
    }

    fn number(&mut self) -> Read<Node<'a>> {
        let token =
            self.run(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E' | '%'));
        let _ = self.peek()?;
        if token.strip_suffix('%').unwrap_or(token).parse::<f64>().is_err() {
            return Err(Stop::Malformed);
        }
        self.repairs.note_if(serde_json::from_str::<f64>(token).is_err(), Repair::Literal);
        Ok(Node::Number(token))
    }

    fn string(&mut self, max_bytes: usize) -> Read<String> {
        let quote = self.bump()?;
        let start = self.at;
        let mut text = String::new();
        loop {
            if self.at - start > max_bytes {
                return Err(Stop::Malformed);
            }
            match self.bump()? {
                '\\' => text.push(self.escape()?),
                c if c == quote && self.closes(quote) => {
                    self.repairs.note_if(quote == '\'', Repair::SingleQuotes);
                    return Ok(text);
                }
                c => {
                    self.repairs.note_if(c < ' ', Repair::ControlCharacter);
                    text.push(c);
                }
            }
        }
    }

    /// Whether the quote just read ends its string. A single one may be an apostrophe: it ends the
    /// string where the object can go on behind it.
    fn closes(&self, quote: char) -> bool {
        let next = self.rest().trim_start().chars().next();
        quote == '"' || matches!(next, None | Some(',' | ':' | '}' | ']'))
    }

    fn escape(&mut self) -> Read<char> {
        Ok(match self.bump()? {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => self.code_point()?,
            c => {
                self.repairs.note_if(!matches!(c, '"' | '\\' | '/'), Repair::LooseEscape);
                c
            }
        })
    }

    fn code_point(&mut self) -> Read<char> {
        let first = self.hex4()?;
        let mut units = [first, 0];
        let mut n_units = 1;
        let back = self.at;
        if (0xd800..0xdc00).contains(&first) && self.rest().starts_with("\\u") {
            self.at += 2;
            units[1] = self.hex4()?;
            n_units = 2;
        }
        if let Some(Ok(c)) = char::decode_utf16(units.into_iter().take(n_units)).next() {
            return Ok(c);
        }
        // A lone surrogate is no character; what follows it stands for itself.
        self.at = back;
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn hex4(&mut self) -> Read<u16> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.bump()?.to_digit(16).ok_or(Stop::Malformed)?;
            unit = unit << 4 | digit as u16;
        }
        Ok(unit)
    }
}

impl Object<'_> {
    /// Values of the members whose key is spelled like `name`: capitals without separators.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = (&str, &Node<'_>)> {
        self.members
            .iter()
            .filter(move |(key, _)| spelling(key).as_deref() == Some(name))
            .map(|(key, value)| (key.as_str(), value))
    }
}
