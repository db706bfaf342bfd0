//! Sentence vectors: [`embed`] gives 64 floats of unit length.
//!
//! For now the vectors are hashed: every word and every character trigram has a pseudo-random
//! vector of ±1 (the bits of its hash), and a text is their frequency-weighted sum. Texts that
//! share words or stems are close, texts that do not are near zero; synonyms are strangers. A
//! token table distilled from a sentence encoder fills the same interface later; nothing but this
//! module changes then.
//!
//! The sum of ±1 vectors is kept as bit planes: adding one costs a few word operations for all 64
//! dimensions, which is what lets every segment of a frame be embedded in microseconds.

use crate::hash::mix;
use crate::{
    math,
    tokenize::{Kind, Token, Tokens, each_char_gram, lexicon},
};

/// Length of an embedding.
pub const EMBEDDING_DIMS: usize = 64;

/// Bits of a counter: sums up to 2^24, more than 256 KiB of text can add.
const PLANES: usize = 24;
/// A word counts 2^1, a function word and a trigram 2^0.
const WORD_SHIFT: usize = 1;

/// A running sum of hashed vectors.
#[derive(Debug, Clone)]
pub struct Accumulator {
    planes: [u64; PLANES],
    total: u32,
}

impl Default for Accumulator {
    fn default() -> Self {
        Self { planes: [0; PLANES], total: 0 }
    }
}

impl Accumulator {
    #[inline]
    fn add(&mut self, hash: u64, shift: usize) {
        self.total += 1 << shift;
        let mut carry = mix(hash);
        for plane in self.planes.iter_mut().skip(shift) {
            if carry == 0 {
                break;
            }
            let both = *plane & carry;
            *plane ^= carry;
            carry = both;
        }
    }

    /// Adds a token and its trigrams; signs add nothing.
    pub fn token(&mut self, tokens: &Tokens, token: &Token) {
        self.word(token);
        if token.kind == Kind::Word && token.classes & lexicon::STOP == 0 {
            each_char_gram(tokens.word(token), |n, hash| {
                if n == 3 {
                    self.trigram(hash);
                }
            });
        }
    }

    /// Adds a token without its trigrams.
    #[inline]
    pub fn word(&mut self, token: &Token) {
        match token.kind {
            Kind::Sign => {}
            Kind::Number => self.add(token.hash, 0),
            Kind::Word if token.classes & lexicon::STOP != 0 => self.add(token.hash, 0),
            Kind::Word => self.add(token.hash, WORD_SHIFT),
        }
    }

    /// Adds a trigram, by its hash.
    #[inline]
    pub fn trigram(&mut self, hash: u32) {
        self.add(hash as u64 ^ 0x7472_6900_0000_0000, 0);
    }

    /// The sum, scaled to unit length; zero when nothing was added.
    pub fn finish(&self) -> [f32; EMBEDDING_DIMS] {
        let mut vector = [0.0f32; EMBEDDING_DIMS];
        let used = PLANES - (self.total.leading_zeros() as usize).saturating_sub(32 - PLANES);
        for (dim, value) in vector.iter_mut().enumerate() {
            let mut count = 0u32;
            for (bit, plane) in self.planes.iter().take(used).enumerate() {
                count |= ((plane >> dim & 1) as u32) << bit;
            }
            // `count` votes for +1, the others for −1.
            *value = 2.0 * count as f32 - self.total as f32;
        }
        let norm = math::sqrt(vector.iter().map(|v| v * v).sum());
        if norm > 0.0 {
            for value in &mut vector {
                *value /= norm;
            }
        }
        vector
    }
}

/// The vector of a text: unit length, zero for a text without words.
pub fn embed(text: &str) -> [f32; EMBEDDING_DIMS] {
    embed_tokens(&Tokens::of(text))
}

/// The vector of a tokenised text.
pub fn embed_tokens(tokens: &Tokens) -> [f32; EMBEDDING_DIMS] {
    let mut sum = Accumulator::default();
    for token in tokens.items() {
        sum.token(tokens, token);
    }
    sum.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use proptest::prelude::*;

    #[test]
    fn related_texts_are_closer_than_strangers() {
        let cosine = |a: &str, b: &str| math::cosine(&embed(a), &embed(b));
        let text = "The nightly export writes the invoice table";
        let related = cosine(text, "Nightly exports write invoices into a table");
        let stranger = cosine(text, "Zwei Becher Joghurt, bitte ohne Zucker");
        assert!(related > 0.3 && related > stranger + 0.25, "{related} {stranger}");
        assert!((cosine(text, text) - 1.0).abs() < 1e-5);
    }

    #[test]
    fn a_text_without_words_is_zero() {
        assert_eq!(embed(""), [0.0; EMBEDDING_DIMS]);
        assert_eq!(embed("… ---- !"), [0.0; EMBEDDING_DIMS]);
    }

    #[test]
    fn planes_count_like_plain_addition() {
        let mut sum = Accumulator::default();
        let mut plain = [0i64; EMBEDDING_DIMS];
        for label in 0..1_000u64 {
            let shift = (label % 3) as usize;
            sum.add(label, shift);
            for (dim, value) in plain.iter_mut().enumerate() {
                let sign = if mix(label) >> dim & 1 == 1 { 1 } else { -1 };
                *value += sign << shift;
            }
        }
        let norm = math::sqrt(plain.iter().map(|&v| (v * v) as f32).sum());
        for (found, expected) in sum.finish().iter().zip(plain) {
            assert!((found - expected as f32 / norm).abs() < 1e-6);
        }
    }

    proptest! {
        #[test]
        fn length_is_one_or_zero(text: String) {
            let norm: f32 = embed(&text).iter().map(|v| v * v).sum();
            prop_assert!(norm == 0.0 || (norm - 1.0).abs() < 1e-4);
        }
    }
}
