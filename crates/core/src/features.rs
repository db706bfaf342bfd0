//! What the policy sees of a frame: per segment hashed n-grams, detectors and an embedding, and
//! a few numbers for the whole. Training and inference extract with the same code.
//!
//! Extraction knows the text alone; what else a gateway knows (channel, time, own past actions)
//! comes as a [`Context`], so that features can be kept while contexts vary.

use crate::{
    action::{ActionType, N_ACTIONS},
    decode::{Decoded, decode},
    detect::{self, Findings},
    embed::{Accumulator, EMBEDDING_DIMS},
    frame::{Channel, N_CHANNELS},
    hash, math,
    rng::Rng,
    segment::{Document, Segment, Segments},
    tokenize::{Kind, each_char_gram, lexicon, pair_hash},
};
use alloc::vec::Vec;
use core::ops::Range;

/// Rises whenever extraction changes: weights made for another version are refused.
pub const FEATURE_VERSION: u32 = 1;
/// Rows of each of the two n-gram tables (words, characters).
pub const N_BUCKETS: usize = 1 << BUCKET_BITS;
const BUCKET_BITS: u32 = 13;
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

/// Features of one segment; n-grams are ranges of the frame's lists.
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentFeatures {
    /// Word n-grams.
    pub words: Range<usize>,
    /// Character n-grams.
    pub chars: Range<usize>,
    /// Detectors that fired, by [`detect::Detector::bit`].
    pub detectors: u128,
    /// Embedding, then shapes.
    pub dense: [f32; SEGMENT_DIMS],
}

/// Features of a frame's text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FrameFeatures {
    /// Word n-grams of all segments.
    pub words: Vec<Gram>,
    /// Character n-grams of all segments.
    pub chars: Vec<Gram>,
    /// The segments.
    pub segments: Vec<SegmentFeatures>,
    /// Features of the text as a whole.
    pub frame: [f32; FRAME_DIMS],
}

impl FrameFeatures {
    /// Decodes and extracts.
    pub fn extract(text: &str) -> Self {
        let decoded = decode(text);
        let document = Document::read(text, &decoded);
        let segments = Segments::cut(text, &decoded, &document);
        Self::of(&decoded, &segments, &detect::scan(&segments))
    }

    /// Extracts from what is decoded, cut and scanned already.
    pub fn of(decoded: &Decoded, segments: &Segments<'_>, findings: &Findings) -> Self {
        let n_tokens = segments.tokens.items().len();
        let mut features = Self {
            words: Vec::with_capacity(2 * n_tokens),
            chars: Vec::with_capacity(8 * n_tokens),
            segments: Vec::with_capacity(segments.items.len()),
            frame: frame_features(decoded, segments),
        };
        for (idx, segment) in segments.items.iter().enumerate() {
            let fired = findings.fired.get(idx).copied().unwrap_or(0);
            features.add(segments, segment, fired);
        }
        features
    }

    fn add(&mut self, segments: &Segments<'_>, segment: &Segment, detectors: u128) {
        let (words, chars) = (self.words.len(), self.chars.len());
        let mut sum = Accumulator::default();
        let mut previous = None;
        let (mut n_words, mut n_numbers, mut n_signs, mut n_known) = (0u32, 0u32, 0u32, 0u32);
        let mut n_wide = 0u32;
        let tokens = segments.tokens_of(segment);
        for token in tokens {
            self.words.push(gram(token.hash as u32 ^ (token.hash >> 32) as u32));
            if let Some(previous) = previous {
                let hash = pair_hash(previous, token);
                self.words.push(gram(hash as u32 ^ (hash >> 32) as u32));
            }
            previous = Some(token);
            sum.word(token);
            match token.kind {
                Kind::Word => n_words += 1,
                Kind::Number => n_numbers += 1,
                Kind::Sign => n_signs += 1,
            }
            if token.kind == Kind::Word {
                n_known += u32::from(token.classes != 0);
                let word = segments.tokens.word(token);
                n_wide += u32::from(!word.is_ascii());
                // Function words have nothing inside that their own row does not tell.
                if token.classes & lexicon::STOP == 0 {
                    each_char_gram(word, |n, hash| {
                        self.chars.push(gram(hash));
                        if n == 3 {
                            sum.trigram(hash);
                        }
                    });
                }
            }
        }
        let mut dense = [0.0; SEGMENT_DIMS];
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
        for (slot, value) in dense.iter_mut().zip(sum.finish().into_iter().chain(shapes)) {
            *slot = value;
        }
        self.segments.push(SegmentFeatures {
            words: words..self.words.len(),
            chars: chars..self.chars.len(),
            detectors,
            dense,
        });
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
        let (mut words, mut chars) = (Vec::new(), Vec::new());
        let detectors = (0..u128::BITS)
            .filter(|&bit| kept(u64::from(bit) | 1 << 33, 0.5 * share))
            .fold(0u128, |mask, bit| mask | 1 << bit);
        let embedded = kept(1 << 34, share);
        for segment in &mut self.segments {
            let start = (words.len(), chars.len());
            let keep = |list: &[Gram], range: &Range<usize>, family: u64, out: &mut Vec<Gram>| {
                let grams = list.get(range.clone()).unwrap_or(&[]);
                out.extend(grams.iter().filter(|&&g| kept(u64::from(g) | family << 32, share)));
            };
            keep(&self.words, &segment.words, 0, &mut words);
            keep(&self.chars, &segment.chars, 1, &mut chars);
            segment.words = start.0..words.len();
            segment.chars = start.1..chars.len();
            segment.detectors &= detectors;
            if !embedded && let Some(embedding) = segment.dense.get_mut(..EMBEDDING_DIMS) {
                embedding.fill(0.0);
            }
        }
        self.words = words;
        self.chars = chars;
    }

    /// N-grams of a segment: words, characters.
    #[inline]
    pub fn grams(&self, segment: &SegmentFeatures) -> (&[Gram], &[Gram]) {
        (
            self.words.get(segment.words.clone()).unwrap_or(&[]),
            self.chars.get(segment.chars.clone()).unwrap_or(&[]),
        )
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
    use alloc::string::String;
    use proptest::prelude::*;

    #[test]
    fn features_depend_on_words_not_on_drawn_numbers() {
        let a = FrameFeatures::extract("invoice 48123 of 77120 is due");
        let b = FrameFeatures::extract("invoice 90001 of 11882 is due");
        assert_eq!(a, b);
        assert_ne!(a, FrameFeatures::extract("invoice 48123 of 77120 is paid"));
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
        let features =
            FrameFeatures::extract(&"several different words make many grams ".repeat(3));
        let mut buckets: Vec<usize> = features.chars.iter().map(|g| bucket(*g)).collect();
        buckets.sort_unstable();
        buckets.dedup();
        assert!(buckets.len() > 60, "{}", buckets.len());
        let minus = features.chars.iter().filter(|g| sign(**g) < 0.0).count();
        let share = minus as f32 / features.chars.len() as f32;
        assert!((0.3..0.7).contains(&share), "{share}");
    }

    proptest! {
        #[test]
        fn extraction_is_total_and_bounded(text: String) {
            let features = FrameFeatures::extract(&text);
            for segment in &features.segments {
                prop_assert!(segment.dense.iter().all(|v| v.is_finite() && v.abs() <= 1.001));
            }
            prop_assert!(features.frame.iter().all(|v| v.is_finite()));
        }
    }
}
