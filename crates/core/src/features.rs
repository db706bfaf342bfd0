//! What the policy sees of a frame: per segment hashed n-grams, detectors and an embedding, and
//! a few numbers for the whole. Training and inference extract with the same code.
//!
//! Extraction knows the text alone; what else a gateway knows (channel, time, own past actions)
//! comes as a [`Context`], so that features can be kept while contexts vary.

mod families;

pub use self::families::Families;
use crate::{
    action::{ActionType, N_ACTIONS},
    decode::{Decoded, decode},
    detect::{self, Findings},
    embed::{Accumulator, EMBEDDING_DIMS, PieceId, TokenTable, wordpiece},
    frame::{Channel, N_CHANNELS},
    hash, math,
    rng::Rng,
    segment::{Document, Segment, Segments},
    tokenize::{Kind, each_char_gram, is_ideograph, lexicon, pair_hash},
};
use alloc::vec::Vec;
use core::ops::Range;

/// Rises whenever extraction changes: weights made for another version are refused.
pub const FEATURE_VERSION: u32 = 3;
/// Rows of each n-gram table.
pub const N_BUCKETS: usize = 1 << BUCKET_BITS;
const BUCKET_BITS: u32 = 15;
/// Numbers about a segment's form.
pub const N_SHAPES: usize = 8;
/// Dense features of a segment besides the detectors.
pub const SEGMENT_DIMS: usize = EMBEDDING_DIMS + N_SHAPES;
/// Kinds of decoding, by name, in the order of the frame's features.
pub const DECODE_KINDS: [&str; 9] = [
    "base64",
    "url",
    "hex",
    "rot13",
    "json_escape",
    "html",
    "zero_width",
    "homoglyph",
    "leetspeak",
];
/// Features of the text as a whole: drift, kinds of decoding, depth, segments.
pub const FRAME_DIMS: usize = 1 + DECODE_KINDS.len() + 2;
/// Features of a context: channel, ticks, two actions, each with an explicit "unknown".
pub const CONTEXT_DIMS: usize = (N_CHANNELS + 1) + 2 + 2 * (N_ACTIONS + 1);

/// What a gateway may know besides the text. The default knows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Context {
    /// Where the frame was seen.
    pub channel: Option<Channel>,
    /// Share of the latency budget that is left; `None` where there is no episode.
    pub ticks_left: Option<f32>,
    /// The agent's own last actions, newest first.
    pub last_actions: [Option<ActionType>; 2],
}

impl Context {
    /// The context as numbers.
    pub fn features(&self) -> [f32; CONTEXT_DIMS] {
        let mut features = [0.0; CONTEXT_DIMS];
        let mut set = |idx: usize, value: f32| {
            if let Some(slot) = features.get_mut(idx) {
                *slot = value;
            }
        };
        set(self.channel.map_or(N_CHANNELS, Channel::index), 1.0);
        let ticks = N_CHANNELS + 1;
        match self.ticks_left {
            Some(share) if share.is_finite() => set(ticks + 1, share.clamp(0.0, 1.0)),
            _ => set(ticks, 1.0),
        }
        for (age, action) in self.last_actions.iter().enumerate() {
            let base = ticks + 2 + age * (N_ACTIONS + 1);
            set(base + action.map_or(N_ACTIONS, ActionType::index), 1.0);
        }
        features
    }
}

/// A row of an n-gram table with its sign: the bucket in the low bits, bit 15 for minus.
pub type Gram = u16;

/// Bucket of a gram.
#[inline]
pub fn bucket(gram: Gram) -> usize {
    gram as usize & (N_BUCKETS - 1)
}

/// Sign of a gram.
#[inline]
pub fn sign(gram: Gram) -> f32 {
    if gram >> 15 == 0 { 1.0 } else { -1.0 }
}

#[inline]
fn gram(hash: u32) -> Gram {
    // Multiplicative hashing: the high bits are the mixed ones.
    let mixed = hash.wrapping_mul(0x9e37_79b1);
    (mixed >> (32 - BUCKET_BITS)) as u16 | ((mixed >> 9 & 1) as u16) << 15
}

/// Kinds of hashed n-grams, each with a table of its own.
pub const N_GRAM_KINDS: usize = 2;

/// Features of one segment; n-grams are ranges of the frame's lists.
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentFeatures {
    /// Where its n-grams lie, by kind: words, characters.
    pub grams: [Range<usize>; N_GRAM_KINDS],
    /// Detectors that fired, by [`detect::Detector::bit`].
    pub detectors: u128,
    /// Embedding, then shapes.
    pub dense: [f32; SEGMENT_DIMS],
}

/// Features of a frame's text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FrameFeatures {
    /// N-grams of all segments, by kind.
    pub grams: [Vec<Gram>; N_GRAM_KINDS],
    /// The segments.
    pub segments: Vec<SegmentFeatures>,
    /// Features of the text as a whole.
    pub frame: [f32; FRAME_DIMS],
    /// Whether the frame's layer sees the maximum and the mean over segments.
    pub pools: [bool; 2],
}

impl FrameFeatures {
    /// Decodes and extracts.
    pub fn extract(table: &TokenTable, families: Families, text: &str) -> Self {
        let decoded = decode(text);
        let document = Document::read(text, &decoded);
        let segments = Segments::cut(text, &decoded, &document);
        Self::of(table, families, &decoded, &segments, &detect::scan(&segments))
    }

    /// Extracts from what is decoded, cut and scanned already.
    pub fn of(
        table: &TokenTable,
        families: Families,
        decoded: &Decoded,
        segments: &Segments<'_>,
        findings: &Findings,
    ) -> Self {
        let n_tokens = segments.tokens.items().len();
        let room = |family: Families, n: usize| {
            Vec::with_capacity(if families.has(family) { n * n_tokens } else { 0 })
        };
        let mut features = Self {
            grams: [room(Families::WORDS, 2), room(Families::CHARS, 8)],
            segments: Vec::with_capacity(segments.items.len()),
            frame: frame_features(decoded, segments),
            pools: [families.has(Families::MAX), families.has(Families::MEAN)],
        };
        for (idx, segment) in segments.items.iter().enumerate() {
            let fired = findings.fired.get(idx).copied().unwrap_or(0);
            features.add(table, families, segments, segment, fired);
        }
        features
    }

    fn add(
        &mut self,
        table: &TokenTable,
        families: Families,
        segments: &Segments<'_>,
        segment: &Segment,
        fired: u128,
    ) {
        let starts = self.grams.each_ref().map(Vec::len);
        let [words, chars] = &mut self.grams;
        let mut sum = Accumulator::default();
        let mut previous = None;
        let (mut n_words, mut n_numbers, mut n_signs, mut n_known) = (0u32, 0u32, 0u32, 0u32);
        let mut n_wide = 0u32;
        let tokens = segments.tokens_of(segment);
        for token in tokens {
            if families.has(Families::WORDS) {
                words.push(gram(fold(token.hash)));
                if let Some(previous) = previous {
                    words.push(gram(fold(pair_hash(previous, token))));
                }
                previous = Some(token);
            }
            match token.kind {
                Kind::Word => n_words += 1,
                Kind::Number => n_numbers += 1,
                Kind::Sign => n_signs += 1,
            }
            if token.kind != Kind::Word {
                continue;
            }
            n_known += u32::from(token.classes != 0);
            let word = segments.tokens.word(token);
            n_wide += u32::from(!word.is_ascii());
            if families.has(Families::EMBEDDING) {
                each_piece_of(table, word, |id| sum.add(table, id));
            }
            // Function words have nothing inside that their own row does not tell.
            if families.has(Families::CHARS) && token.classes & lexicon::STOP == 0 {
                each_char_gram(word, |_, hash| chars.push(gram(hash)));
            }
        }
        let detectors = if families.has(Families::DETECTORS) { fired } else { 0 };
        let total = tokens.len().max(1) as f32;
        let shapes = [
            f32::from(segment.raw_view),
            f32::from(segment.decoded_view),
            n_numbers as f32 / total,
            n_signs as f32 / total,
            n_known as f32 / n_words.max(1) as f32,
            n_wide as f32 / n_words.max(1) as f32,
            (total / 64.0).min(1.0),
            (detectors.count_ones() as f32 / 8.0).min(1.0),
        ];
        let embedding = if families.has(Families::EMBEDDING) {
            sum.finish(table)
        } else {
            [0.0; EMBEDDING_DIMS]
        };
        let mut dense = [0.0; SEGMENT_DIMS];
        for (slot, value) in dense.iter_mut().zip(embedding.into_iter().chain(shapes)) {
            *slot = value;
        }
        let mut kinds = starts.iter().zip(&self.grams).map(|(start, list)| *start..list.len());
        let grams = [(); N_GRAM_KINDS].map(|()| kinds.next().unwrap_or_default());
        self.segments.push(SegmentFeatures { grams, detectors, dense });
    }

    /// Forgets a share of what the text says, by kind of n-gram and detector, so that a policy in
    /// training cannot lean on single words of the scenarios it sees again and again. Detectors,
    /// which carry over to new texts, are forgotten half as often as n-grams.
    pub fn forget(&mut self, share: f32, rng: &mut Rng) {
        let salt = rng.u64();
        let kept = |kind: u64, share: f32| {
            let draw = (hash::mix(salt ^ kind) >> 40) as f32 * (1.0 / 16_777_216.0);
            draw >= share
        };
        let detectors = (0..u128::BITS)
            .filter(|&bit| kept(u64::from(bit) | 1 << 33, 0.5 * share))
            .fold(0u128, |mask, bit| mask | 1 << bit);
        let embedded = kept(1 << 34, 0.5 * share);
        let mut left: [Vec<Gram>; N_GRAM_KINDS] = Default::default();
        for segment in &mut self.segments {
            segment.detectors &= detectors;
            let kinds = self.grams.iter().zip(&mut left).zip(&mut segment.grams).zip(0u64..);
            for (((list, left), range), kind) in kinds {
                let start = left.len();
                let grams = list.get(range.clone()).unwrap_or(&[]);
                left.extend(grams.iter().filter(|&&g| kept(u64::from(g) | kind << 32, share)));
                *range = start..left.len();
            }
            if !embedded && let Some(embedding) = segment.dense.get_mut(..EMBEDDING_DIMS) {
                embedding.fill(0.0);
            }
        }
        self.grams = left;
    }

    /// N-grams of a segment, by kind.
    #[inline]
    pub fn grams_of(&self, segment: &SegmentFeatures) -> [&[Gram]; N_GRAM_KINDS] {
        let mut lists = self.grams.iter().zip(&segment.grams);
        [(); N_GRAM_KINDS]
            .map(|()| lists.next().and_then(|(list, range)| list.get(range.clone())).unwrap_or(&[]))
    }
}

#[inline]
fn fold(hash: u64) -> u32 {
    hash as u32 ^ (hash >> 32) as u32
}

/// The known word pieces of a token.
fn each_piece_of(table: &TokenTable, word: &str, mut visit: impl FnMut(PieceId)) {
    let mut known = |id: Option<PieceId>| {
        if let Some(id) = id {
            visit(id);
        }
    };
    if word.is_ascii() {
        for part in word.split('_').filter(|part| !part.is_empty()) {
            wordpiece::pieces_of_word(table, part, &mut known);
        }
    } else {
        // Pairs of ideographs overlap: the second one begins the next token.
        let first =
            word.chars().next().filter(|&c| is_ideograph(c)).map_or(word.len(), char::len_utf8);
        wordpiece::each_piece(table, word.get(..first).unwrap_or(""), known);
    }
}

fn frame_features(decoded: &Decoded, segments: &Segments<'_>) -> [f32; FRAME_DIMS] {
    let mut features = [0.0; FRAME_DIMS];
    let mut depth = 0u8;
    let [drift, kinds @ .., depth_slot, size] = &mut features;
    *drift = decoded.drift;
    for step in &decoded.steps {
        let name = step.kind.name();
        for (slot, kind) in kinds.iter_mut().zip(DECODE_KINDS) {
            if kind == name {
                *slot = 1.0;
            }
        }
        depth = depth.max(step.depth);
    }
    *depth_slot = depth as f32 / 3.0;
    *size = math::ln(1.0 + segments.items.len() as f32) / 8.0;
    features
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::test_table;
    use alloc::string::String;
    use proptest::prelude::*;

    #[test]
    fn features_depend_on_words_not_on_drawn_numbers() {
        let a =
            FrameFeatures::extract(&test_table(), Families::ALL, "invoice 48123 of 77120 is due");
        let b =
            FrameFeatures::extract(&test_table(), Families::ALL, "invoice 90001 of 11882 is due");
        assert_eq!(a, b);
        assert_ne!(
            a,
            FrameFeatures::extract(&test_table(), Families::ALL, "invoice 48123 of 77120 is paid")
        );
    }

    #[test]
    fn an_unknown_context_is_explicit() {
        let unknown = Context::default().features();
        assert_eq!(unknown.iter().sum::<f32>(), 4.0, "channel, ticks and two actions");
        let context = Context {
            channel: Some(Channel::Log),
            ticks_left: Some(0.5),
            last_actions: [Some(ActionType::Block), None],
        };
        let known = context.features();
        assert_eq!(known.iter().sum::<f32>(), 3.5);
        assert_ne!(unknown, known);
        let strange = Context { ticks_left: Some(f32::NAN), ..Context::default() };
        assert_eq!(strange.features(), unknown);
    }

    #[test]
    fn grams_spread_over_buckets_and_signs() {
        let features = FrameFeatures::extract(
            &test_table(),
            Families::ALL,
            &"several different words make many grams ".repeat(3),
        );
        let mut buckets: Vec<usize> = features.grams[1].iter().map(|g| bucket(*g)).collect();
        buckets.sort_unstable();
        buckets.dedup();
        assert!(buckets.len() > 60, "{}", buckets.len());
        let minus = features.grams[1].iter().filter(|g| sign(**g) < 0.0).count();
        let share = minus as f32 / features.grams[1].len() as f32;
        assert!((0.3..0.7).contains(&share), "{share}");
    }

    proptest! {
        #[test]
        fn extraction_is_total_and_bounded(text: String) {
            let features = FrameFeatures::extract(&test_table(), Families::ALL, &text);
            for segment in &features.segments {
                prop_assert!(segment.dense.iter().all(|v| v.is_finite() && v.abs() <= 1.001));
            }
            prop_assert!(features.frame.iter().all(|v| v.is_finite()));
        }
    }
}
