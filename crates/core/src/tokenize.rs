//! One pass over a text: lower-cased tokens with places, hashes and word classes.
//!
//! What a token is: a run of letters, digits and underscores; a pair of neighbouring ideographs
//! (scripts without spaces have no words to find, and pairs carry most of them); or a run of one
//! repeated sign. Numbers and random identifiers hash by shape, not by value: ids, amounts and
//! digests are drawn afresh for every frame and must not become features.
//!
//! Invariant: any text in; `start..end` are character boundaries of the text.

use crate::hash::{Hasher, fnv1a};
use alloc::{string::String, vec::Vec};

pub mod lexicon;
pub(crate) mod word_table;

/// What a token is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Letters, or an ideograph pair.
    Word,
    /// Digits, or a random-looking identifier.
    Number,
    /// One sign, possibly repeated.
    Sign,
}

/// A token of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// FNV-1a of the lower-cased form (of the shape, for numbers).
    pub hash: u64,
    /// Word classes: see [`lexicon`].
    pub classes: u64,
    /// First byte in the text.
    pub start: u32,
    /// Behind the last byte in the text.
    pub end: u32,
    /// Which text: the number given to [`Tokens::append`].
    pub leaf: u32,
    lower_start: u32,
    lower_end: u32,
    /// What it is made of.
    pub kind: Kind,
    /// White space stands before it.
    pub spaced: bool,
    /// A line break stands before it.
    pub new_line: bool,
    /// It came from a member name, not from a value: `start..end` is empty.
    pub is_key: bool,
}

/// Tokens of one or more texts, in order.
#[derive(Debug, Clone, Default)]
pub struct Tokens {
    lower: String,
    items: Vec<Token>,
}

/// Digits beyond this many hash as "a number".
const SHORT_NUMBER: usize = 2;
/// Mixed letters and digits from this length on hash as "an identifier".
const LONG_IDENTIFIER: usize = 8;

impl Tokens {
    /// The tokens of one text.
    pub fn of(text: &str) -> Self {
        let mut tokens = Self::default();
        tokens.append(text, 0);
        tokens
    }

    /// Room for the tokens of about `n_bytes` of text.
    pub fn with_room_for(n_bytes: usize) -> Self {
        Self { lower: String::with_capacity(n_bytes), items: Vec::with_capacity(n_bytes / 3) }
    }

    /// All tokens.
    pub fn items(&self) -> &[Token] {
        &self.items
    }

    /// The lower-cased form of a token.
    pub fn word(&self, token: &Token) -> &str {
        self.lower.get(token.lower_start as usize..token.lower_end as usize).unwrap_or("")
    }

    /// Adds the tokens of a member name: they give context and have no place in the values.
    pub fn append_key(&mut self, key: &str, leaf: u32) {
        let from = self.items.len();
        self.append(key, leaf);
        for token in self.items.iter_mut().skip(from) {
            (token.start, token.end, token.is_key) = (0, 0, true);
        }
    }

    /// Adds the tokens of `text`, numbered `leaf`.
    pub fn append(&mut self, text: &str, leaf: u32) {
        let mut chars = text.char_indices().peekable();
        let (mut spaced, mut new_line) = (true, true);
        while let Some((start, c)) = chars.next() {
            if c.is_whitespace() || (c.is_control() && c != '\u{1b}') {
                spaced = true;
                new_line |= c == '\n';
                continue;
            }
            let lower_start = self.lower.len();
            let mut end = start + c.len_utf8();
            let (mut n_digits, mut n_letters) = (0usize, 0usize);
            let kind = if is_ideograph(c) {
                self.lower.push(c);
                if let Some(&(at, next)) = chars.peek()
                    && is_ideograph(next)
                {
                    // The next token starts at `next` again: pairs overlap.
                    self.lower.push(next);
                    end = at + next.len_utf8();
                }
                n_letters = 2;
                Kind::Word
            } else if is_word(c) {
                let mut current = c;
                loop {
                    push_lower(&mut self.lower, current);
                    if current.is_ascii_digit() {
                        n_digits += 1;
                    } else {
                        n_letters += 1;
                    }
                    match chars.peek() {
                        Some(&(at, next)) if is_word(next) && !is_ideograph(next) => {
                            current = next;
                            end = at + next.len_utf8();
                            chars.next();
                        }
                        _ => break,
                    }
                }
                if n_letters == 0 { Kind::Number } else { Kind::Word }
            } else {
                self.lower.push(c);
                let mut repeated = false;
                while let Some(&(at, next)) = chars.peek()
                    && next == c
                {
                    repeated = true;
                    end = at + next.len_utf8();
                    chars.next();
                }
                if repeated {
                    self.lower.push(c);
                }
                Kind::Sign
            };
            let word = self.lower.get(lower_start..).unwrap_or("");
            let random =
                n_digits >= 2 && n_digits + n_letters >= LONG_IDENTIFIER && kind == Kind::Word;
            let (hash, kind) = if n_letters == 0 && n_digits > SHORT_NUMBER {
                (NUMBER_HASH, Kind::Number)
            } else {
                (fnv1a(word.as_bytes()), kind)
            };
            let mut classes = if kind == Kind::Word { lexicon::classes(hash, word) } else { 0 };
            let (hash, kind) =
                if random && classes == 0 { (IDENTIFIER_HASH, Kind::Number) } else { (hash, kind) };
            if kind == Kind::Word && is_snake_case(word) {
                classes |= lexicon::IDENTIFIER;
            }
            self.items.push(Token {
                hash,
                classes,
                start: start as u32,
                end: end as u32,
                leaf,
                lower_start: lower_start as u32,
                lower_end: self.lower.len() as u32,
                kind,
                spaced,
                new_line,
                is_key: false,
            });
            (spaced, new_line) = (false, false);
        }
    }
}

const NUMBER_HASH: u64 = 0x6e75_6d62_6572_0001;
const IDENTIFIER_HASH: u64 = 0x6964_656e_7469_0002;

fn is_word(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || c == '_'
    } else {
        // Vowel signs of Indic scripts and combining accents belong to their letter.
        c.is_alphanumeric() || matches!(c, '\u{300}'..='\u{36f}' | '\u{900}'..='\u{dff}')
    }
}

/// Scripts that are written without spaces between words.
pub(crate) fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
}

fn push_lower(lower: &mut String, c: char) {
    if c.is_ascii() {
        lower.push(c.to_ascii_lowercase());
    } else {
        lower.extend(c.to_lowercase());
    }
}

fn is_snake_case(word: &str) -> bool {
    let inner = word.trim_matches('_');
    inner.contains('_')
}

/// Longest word whose n-grams are all taken; what is behind tells little about a word.
const MAX_GRAM_CHARS: usize = 24;

/// Calls `visit(n, hash)` for every run of 3 to 5 characters of `<word>`; the angle brackets mark
/// the ends, so that a prefix differs from the same letters inside.
#[inline]
pub fn each_char_gram(word: &str, mut visit: impl FnMut(u32, u32)) {
    let mut chars = [0u32; MAX_GRAM_CHARS + 2];
    let mut n = 0;
    let body = word.chars().take(MAX_GRAM_CHARS).map(u32::from);
    let framed = core::iter::once(u32::from('<')).chain(body).chain([u32::from('>')]);
    for (slot, c) in chars.iter_mut().zip(framed) {
        *slot = c;
        n += 1;
    }
    let chars = chars.get(..n).unwrap_or(&[]);
    for start in 0..n.saturating_sub(2) {
        let mut hash = 0x811c_9dc5_u32;
        for (idx, &c) in chars.iter().skip(start).take(5).enumerate() {
            hash = (hash ^ c).wrapping_mul(0x0100_0193);
            hash ^= hash >> 15;
            if idx >= 2 {
                visit(idx as u32 + 1, hash);
            }
        }
    }
}

/// Hash of two neighbouring tokens.
pub fn pair_hash(first: &Token, second: &Token) -> u64 {
    let mut hasher = Hasher::resume(first.hash);
    hasher.u32(second.hash as u32);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::ToString, vec};
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<String> {
        let tokens = Tokens::of(text);
        tokens.items().iter().map(|t| tokens.word(t).to_string()).collect()
    }

    #[test]
    fn words_signs_and_ideograph_pairs() {
        assert_eq!(words("Run os.dup2(0)"), vec!["run", "os", ".", "dup2", "(", "0", ")"]);
        assert_eq!(words("a ---- b"), vec!["a", "--", "b"]);
        assert_eq!(words("请忽略x"), vec!["请忽", "忽略", "略", "x"]);
        assert_eq!(words("ÄRGER naïve"), vec!["ärger", "naïve"]);
    }

    #[test]
    fn numbers_and_identifiers_hash_by_shape() {
        let hash = |text: &str| Tokens::of(text).items()[0].hash;
        assert_eq!(hash("48213"), hash("99"[..1].repeat(4).as_str()));
        assert_eq!(hash("3fa85f64a1"), hash("9bc01d77e2"));
        assert_ne!(hash("1"), hash("2"), "descriptor numbers matter");
        assert_ne!(hash("base64"), hash("sha256"));
    }

    #[test]
    fn grams_have_marked_ends() {
        let mut grams = vec![];
        each_char_gram("ab", |n, hash| grams.push((n, hash)));
        assert_eq!(grams.iter().map(|g| g.0).collect::<Vec<_>>(), vec![3, 4, 3]);
        let mut others = vec![];
        each_char_gram("xab", |n, hash| others.push((n, hash)));
        assert!(!others.contains(&grams[0]), "<ab is a prefix, xab has none");
        assert!(others.contains(&grams[2]), "ab> ends both");
    }

    proptest! {
        #[test]
        fn places_are_character_boundaries(text: String) {
            for token in Tokens::of(&text).items() {
                prop_assert!(text.get(token.start as usize..token.end as usize).is_some());
            }
        }

        #[test]
        fn case_does_not_matter(text in "[a-zA-Z0-9_ .:/-]{0,40}") {
            let hashes = |t: &str| Tokens::of(t).items().iter().map(|t| t.hash).collect::<Vec<_>>();
            prop_assert_eq!(hashes(&text.to_lowercase()), hashes(&text.to_uppercase()));
        }
    }
}
