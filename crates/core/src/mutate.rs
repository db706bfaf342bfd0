//! The adversary's rewritings of a frame's text leaves.
//!
//! A mutation changes how an attack is written and loses none of it, so the frame's label stays.
//! Growth is bounded ([`max_growth`]), because frames have a size limit.

mod drift;
mod encode;
mod filler;

use self::encode::{STANDARD, URL_SAFE, base64, hex, json_escape, url};
use crate::{
    confusables::lookalikes,
    decode::{invisible::needs_marks, language::rot13_char},
    frame::{Mutation, Mutations},
    rng::Rng,
};
use alloc::{string::String, vec::Vec};

/// Leaves from this length on are mutated; the longest one where there is none.
const MIN_BYTES: usize = 12;
/// Largest share of a leaf's bytes that look-alikes replace: each becomes 6 bytes in a frame that
/// escapes what is not ASCII.
const MAX_LOOKALIKES: f32 = 0.4;
/// Most invisible characters per byte of a leaf: 6 bytes each, likewise.
const MAX_INVISIBLE: f32 = 0.33;
/// Longest replacement in a synonym group over the shortest.
const MAX_SYNONYM: f32 = 2.5;

/// Pairs (first, second) whose nesting the decoder undoes.
pub const NESTABLE: &[(Mutation, Mutation)] = &{
    use Mutation::{
        Base64, Hex, Homoglyph, JsonEscape, Leetspeak, Rot13, SemanticDrift, Split, Url, ZeroWidth,
    };
    [
        (Base64, Url),
        (Base64, Hex),
        (Base64, Rot13),
        (Base64, Homoglyph),
        (Base64, ZeroWidth),
        (Url, Base64),
        (Url, Hex),
        (Url, Rot13),
        (Url, ZeroWidth),
        (Hex, Base64),
        (Hex, Url),
        (Hex, ZeroWidth),
        (Rot13, Base64),
        (Rot13, Url),
        (Rot13, Hex),
        (Rot13, Homoglyph),
        (Rot13, ZeroWidth),
        (Rot13, JsonEscape),
        (Homoglyph, Base64),
        (Homoglyph, Url),
        (Homoglyph, Hex),
        (Homoglyph, ZeroWidth),
        (ZeroWidth, Base64),
        (ZeroWidth, Url),
        (ZeroWidth, Hex),
        (ZeroWidth, Rot13),
        (Leetspeak, Base64),
        (Leetspeak, Url),
        (Leetspeak, Hex),
        (Leetspeak, ZeroWidth),
        (JsonEscape, Base64),
        (JsonEscape, Hex),
        (JsonEscape, ZeroWidth),
        (SemanticDrift, Base64),
        (SemanticDrift, Url),
        (SemanticDrift, Hex),
        (SemanticDrift, Rot13),
        (SemanticDrift, Homoglyph),
        (SemanticDrift, ZeroWidth),
        (SemanticDrift, Leetspeak),
        (SemanticDrift, JsonEscape),
        (SemanticDrift, Split),
        (Split, Base64),
        (Split, Url),
        (Split, Hex),
        (Split, Rot13),
        (Split, Homoglyph),
        (Split, ZeroWidth),
        (Split, Leetspeak),
        (Split, JsonEscape),
    ]
};

/// Upper bound of what a mutation does to the size of a leaf of at least 12 bytes, escaped for
/// JSON in either style: bytes afterwards over bytes before. For `split` the leaves count
/// together.
pub fn max_growth(mutation: Mutation) -> f32 {
    match mutation {
        Mutation::Base64 => 1.6,
        Mutation::Hex => 2.0,
        Mutation::Url | Mutation::Homoglyph | Mutation::ZeroWidth => 3.0,
        Mutation::Rot13 | Mutation::Leetspeak => 1.0,
        // `\u0041` is written `\\u0041` inside a string.
        Mutation::JsonEscape => 7.0,
        Mutation::SemanticDrift => MAX_SYNONYM,
        Mutation::Split => 2.8,
        Mutation::Nested => NESTABLE
            .iter()
            .map(|&(first, second)| max_growth(first) * max_growth(second))
            .fold(1.0, f32::max),
    }
}

/// Applies the mutations of a frame to its payload strings, in order. `semantic_noise` is the
/// share of replaceable words that `semantic_drift` replaces.
pub fn mutate(leaves: &mut [String], mutations: Mutations, semantic_noise: f32, rng: &mut Rng) {
    for mutation in mutations.iter() {
        apply(leaves, mutation, semantic_noise, rng);
    }
}

/// Whether `mutation` can change these payload strings at all: a text may have no word to replace,
/// or no place to be cut.
pub fn acts_on(leaves: &[String], mutation: Mutation) -> bool {
    let mut changed = leaves.to_vec();
    apply(&mut changed, mutation, 1.0, &mut Rng::new(0));
    changed != leaves
}

fn apply(leaves: &mut [String], mutation: Mutation, semantic_noise: f32, rng: &mut Rng) {
    let longest = leaves.iter().map(String::len).max().unwrap_or(0);
    let threshold = longest.min(MIN_BYTES);
    let mut chosen: Vec<&mut String> =
        leaves.iter_mut().filter(|leaf| !leaf.is_empty() && leaf.len() >= threshold).collect();
    if longest < MIN_BYTES {
        chosen.truncate(1);
    }
    match mutation {
        Mutation::Base64 => {
            let alphabet = if rng.chance(0.5) { STANDARD } else { URL_SAFE };
            let padded = rng.chance(0.5);
            each(chosen, |leaf| base64(leaf, alphabet, padded));
        }
        Mutation::Url => {
            let every_byte = rng.chance(0.5);
            each(chosen, |leaf| url(leaf, every_byte));
        }
        Mutation::Hex => {
            each(chosen, hex);
        }
        Mutation::Rot13 => each(chosen, |leaf| leaf.chars().map(rot13_char).collect()),
        Mutation::Homoglyph => {
            let share = 0.2 + 0.5 * rng.f32();
            each(chosen, |leaf| insist(leaf, share, |share| homoglyph(leaf, share, rng)));
        }
        Mutation::ZeroWidth => {
            let share = 0.08 + 0.25 * rng.f32();
            each(chosen, |leaf| insist(leaf, share, |share| zero_width(leaf, share, rng)));
        }
        Mutation::Leetspeak => {
            let share = 0.5 + 0.5 * rng.f32();
            each(chosen, |leaf| insist(leaf, share, |share| leetspeak(leaf, share, rng)));
        }
        Mutation::JsonEscape => {
            let share = if rng.chance(0.5) { 1.0 } else { 0.5 };
            each(chosen, |leaf| json_escape(leaf, share, rng));
        }
        Mutation::SemanticDrift => each(chosen, |leaf| semantic_drift(leaf, semantic_noise, rng)),
        Mutation::Split => split(chosen, rng),
        // The recipe names the two mutations; the arm itself does nothing.
        Mutation::Nested => {}
    }
}

fn each(leaves: Vec<&mut String>, mut rewrite: impl FnMut(&str) -> String) {
    for leaf in leaves {
        *leaf = rewrite(leaf);
    }
}

/// Tries a share of 1 if the draws changed nothing.
fn insist(text: &str, share: f32, mut rewrite: impl FnMut(f32) -> String) -> String {
    let changed = rewrite(share);
    if changed == text { rewrite(1.0) } else { changed }
}

fn homoglyph(text: &str, share: f32, rng: &mut Rng) -> String {
    let mut left = (text.len() as f32 * MAX_LOOKALIKES) as u32;
    let replace = |c: char| {
        let list = lookalikes(c);
        if list.is_empty() || left == 0 || !rng.chance(share) {
            return c;
        }
        left -= 1;
        rng.pick(list).copied().unwrap_or(c)
    };
    text.chars().map(replace).collect()
}

const INVISIBLE: &[char] = &[
    '\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{ad}', '\u{200e}', '\u{200f}', '\u{202a}',
    '\u{202c}', '\u{2066}', '\u{2069}', '\u{feff}',
];

fn zero_width(text: &str, share: f32, rng: &mut Rng) -> String {
    let mut left = (text.len() as f32 * MAX_INVISIBLE) as u32;
    let mut out = String::new();
    let mut last = ' ';
    for c in text.chars() {
        // Scripts that write with these characters would change their meaning.
        let between = [last, c].iter().all(|c| c.is_alphanumeric() && !needs_marks(*c));
        if between && left > 0 && rng.chance(share) {
            left -= 1;
            out.extend(rng.pick(INVISIBLE));
        }
        out.push(c);
        last = c;
    }
    out
}

fn leetspeak(text: &str, share: f32, rng: &mut Rng) -> String {
    let mut out = String::new();
    each_word(text, |word, is_word| {
        // Words with digits are names or numbers: what stood there could not be told afterwards.
        let plain = is_word && word.len() > 1 && word.bytes().all(|b| b.is_ascii_alphabetic());
        if plain && rng.chance(share) {
            let upper = !word.bytes().any(|b| b.is_ascii_lowercase());
            let signs = rng.chance(0.3);
            let mut n_letters = word.len();
            out.extend(word.chars().map(|c| match leet(c, signs, upper) {
                // Some letters stay, or the word could be a number.
                Some(sign) if n_letters > 1 + usize::from(upper) => {
                    n_letters -= 1;
                    sign
                }
                _ => c,
            }));
        } else {
            out.push_str(word);
        }
    });
    out
}

/// The digit or sign for a letter. In a word that is not upper case throughout, capitals stay:
/// the case could not be told afterwards.
fn leet(c: char, signs: bool, upper: bool) -> Option<char> {
    let c = if upper { c.to_ascii_lowercase() } else { c };
    Some(match c {
        'a' if signs => '@',
        's' if signs => '$',
        'a' => '4',
        'e' => '3',
        'i' => '1',
        'o' => '0',
        's' => '5',
        't' => '7',
        _ => return None,
    })
}

/// Replaces a share of the replaceable words: at least one, where there is one.
fn semantic_drift(text: &str, noise: f32, rng: &mut Rng) -> String {
    let synonyms = |word: &str, is_word: bool| -> Vec<&str> {
        let lower = if is_word { word.to_ascii_lowercase() } else { String::new() };
        drift::synonyms(&lower).into_iter().flatten().collect()
    };
    let mut picks = Vec::new();
    each_word(text, |word, is_word| {
        if !synonyms(word, is_word).is_empty() {
            picks.push(rng.chance(noise));
        }
    });
    if !picks.contains(&true) {
        let forced = rng.below(picks.len() as u32) as usize;
        picks.iter_mut().skip(forced).take(1).for_each(|pick| *pick = true);
    }
    let mut picks = picks.into_iter();
    let mut out = String::new();
    each_word(text, |word, is_word| {
        let others = synonyms(word, is_word);
        if others.is_empty() || picks.next() != Some(true) {
            out.push_str(word);
            return;
        }
        let other = rng.pick(&others).copied().unwrap_or_default();
        let capital = |c: char| c.is_ascii_uppercase();
        if word.len() > 1 && word.chars().all(capital) {
            out.push_str(&other.to_ascii_uppercase());
        } else if word.starts_with(capital) {
            let mut letters = other.chars();
            out.extend(letters.next().map(|c| c.to_ascii_uppercase()));
            out.push_str(letters.as_str());
        } else {
            out.push_str(other);
        }
    });
    out
}

/// Calls `visit(piece, whether it is a word)` for the words and for what is between them. Parts
/// of paths, addresses and identifiers are no words.
fn each_word(text: &str, mut visit: impl FnMut(&str, bool)) {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let inside = !c.is_whitespace();
        let end = rest.find(|c: char| c.is_whitespace() == inside).unwrap_or(rest.len());
        let (token, tail) = rest.split_at(end);
        let word = token.trim_matches(is_edge);
        let plain = inside && word.chars().all(char::is_alphabetic);
        let start = token.len() - token.trim_start_matches(is_edge).len();
        if let (true, Some(before), Some(after)) =
            (plain && !word.is_empty(), token.get(..start), token.get(start + word.len()..))
        {
            visit(before, false);
            visit(word, true);
            visit(after, false);
        } else {
            visit(token, false);
        }
        rest = tail;
    }
}

/// Punctuation around a word; signs of paths, addresses and variables are part of their token.
fn is_edge(c: char) -> bool {
    c.is_ascii_punctuation() && !matches!(c, '/' | '\\' | '@' | '$' | '~' | '%' | '_' | '=')
}

/// With two leaves, the second half of one moves to the end of another; with one, filler stands
/// between its halves.
fn split(mut leaves: Vec<&mut String>, rng: &mut Rng) {
    let cuttable: Vec<u32> =
        (0u32..).zip(&leaves).filter(|(_, leaf)| cut(leaf).is_some()).map(|(idx, _)| idx).collect();
    let Some(&from) = rng.pick(&cuttable) else { return };
    let n_leaves = leaves.len() as u32;
    let Some(at) = leaves.get(from as usize).and_then(|leaf| cut(leaf)) else { return };
    if n_leaves < 2 {
        if let Some(leaf) = leaves.first_mut() {
            let half = leaf.split_off(at);
            let filler = filler(at + half.len(), rng);
            leaf.push_str(&filler);
            leaf.push_str(&half);
        }
        return;
    }
    let to = (from + 1 + rng.below(n_leaves - 1)) % n_leaves;
    let half = leaves.get_mut(from as usize).map(|leaf| leaf.split_off(at)).unwrap_or_default();
    if let Some(leaf) = leaves.get_mut(to as usize) {
        leaf.push(' ');
        leaf.push_str(half.trim_start());
    }
}

/// Where a text is cut: behind the space nearest to its middle; without spaces, beside the sign
/// or the character outside ASCII that is nearest. `None` for a single word.
fn cut(text: &str) -> Option<usize> {
    let middle = text.len() / 2;
    let nearest = |fits: fn(char) -> bool| {
        text.char_indices()
            .filter(|&(_, c)| fits(c))
            .map(|(at, c)| at + c.len_utf8())
            .filter(|&at| at < text.len())
            .min_by_key(|&at| at.abs_diff(middle))
    };
    nearest(char::is_whitespace)
        .or_else(|| nearest(|c| !c.is_ascii()))
        .or_else(|| nearest(|c| !c.is_ascii_alphanumeric()))
}

/// Filler sentences, with spaces around: between a quarter of the text and a bit more than all of
/// it.
fn filler(n_bytes: usize, rng: &mut Rng) -> String {
    let mut out = String::from(" ");
    let aim = n_bytes / 4 + rng.below(n_bytes as u32 / 2) as usize;
    loop {
        let room = (n_bytes * 3 / 2).saturating_sub(out.len());
        let fitting: Vec<&str> =
            filler::SENTENCES.iter().copied().filter(|sentence| sentence.len() < room).collect();
        let Some(sentence) = rng.pick(&fitting) else { break };
        out.push_str(sentence);
        out.push(' ');
        if out.len() >= aim {
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests;
