//! Single tokens with a telling shape: keys, encoded blobs, mixed scripts, invisible characters.

use super::Detector::{self, EncodedBlob, InvisibleCharacters, MixedScripts, SecretShape};
use crate::{
    segment::Segments,
    tokenize::{Kind, Token},
};
use core::ops::Range;

/// Starts of well-known key formats and the length from which a token is one.
const KEY_PREFIXES: [(&str, usize); 12] = [
    ("akia", 16),
    ("asia", 16),
    ("ghp_", 20),
    ("gho_", 20),
    ("ghs_", 20),
    ("github_pat_", 24),
    ("glpat", 5),
    ("xoxb", 4),
    ("xoxp", 4),
    ("aiza", 24),
    ("eyj", 16),
    ("sk_live_", 16),
];

/// A token of at least this many bytes can be a blob,
const BLOB_BYTES: usize = 24;
/// when it has this many distinct characters (words repeat letters, blobs less so),
const BLOB_DISTINCT: u32 = 12;

pub(super) fn scan(segments: &Segments<'_>, emit: &mut impl FnMut(Detector, Range<usize>)) {
    let items = segments.tokens.items();
    for (idx, token) in items.iter().enumerate() {
        let len = token.end - token.start;
        if token.kind == Kind::Sign {
            if is_invisible(segments.tokens.word(token)) {
                emit(InvisibleCharacters, idx..idx + 1);
            }
            continue;
        }
        if len < 4 {
            continue;
        }
        let word = segments.tokens.word(token);
        if !word.is_ascii() {
            if mixes_scripts(word) {
                emit(MixedScripts, idx..idx + 1);
            }
            continue;
        }
        let is_key = |(prefix, min): &(&str, usize)| word.len() >= *min && word.starts_with(prefix);
        // Nearly every word is too short for all but the two short prefixes.
        let first = word.as_bytes().first();
        if (word.len() >= 16 || matches!(first, Some(b'g' | b'x')))
            && KEY_PREFIXES.iter().any(is_key)
        {
            emit(SecretShape, idx..idx + 1);
        }
        if len as usize >= BLOB_BYTES && is_blob(segments, token) {
            emit(EncodedBlob, idx..idx + 1);
        }
    }
}

/// Zero-width, direction and tag characters.
fn is_invisible(sign: &str) -> bool {
    sign.chars().next().is_some_and(|c| {
        matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    })
}

/// Latin letters and look-alike scripts in one word.
fn mixes_scripts(word: &str) -> bool {
    let has = |range: core::ops::RangeInclusive<char>| word.chars().any(|c| range.contains(&c));
    let latin = has('a'..='z');
    let others = [
        has('\u{370}'..='\u{3ff}'),
        has('\u{400}'..='\u{52f}'),
        has('\u{530}'..='\u{58f}'),
        has('\u{ff21}'..='\u{ff5a}'),
        has('\u{1d400}'..='\u{1d7ff}'),
    ];
    others.iter().filter(|o| **o).count() + usize::from(latin) >= 2
}

/// A long run of one encoding's alphabet that is no ordinary word or identifier.
fn is_blob(segments: &Segments<'_>, token: &Token) -> bool {
    let Some(leaf) = segments.leaf(token) else { return false };
    let source = leaf.text.get(token.start as usize..token.end as usize).unwrap_or("");
    let (mut seen, mut n_digits, mut n_upper, mut n_lower, mut n_hex) = (0u128, 0, 0, 0, 0usize);
    for byte in source.bytes() {
        seen |= 1 << (byte & 127);
        n_digits += usize::from(byte.is_ascii_digit());
        n_upper += usize::from(byte.is_ascii_uppercase());
        n_lower += usize::from(byte.is_ascii_lowercase());
        n_hex += usize::from(byte.is_ascii_hexdigit());
    }
    let hex = n_hex == source.len() && n_digits >= source.len() / 5;
    let base64 =
        n_upper >= 3 && n_lower >= 3 && !source.contains('_') && seen.count_ones() >= BLOB_DISTINCT;
    hex || base64
}
