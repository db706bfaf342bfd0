//! The frames of a row as it stands, each with both labels.

use super::{DatasetLabel, Fingerprints, LabelPolicy, Row, Source, judge, made, text};
use crate::frame::{Channel, Split, Vector, named_enum};
use crate::hash::mix;
use crate::rng::Rng;
use alloc::{borrow::ToOwned, string::String, vec, vec::Vec};

named_enum! {
    /// What of a row a frame shows.
    Piece {
        /// A record of telemetry.
        Record = "record",
        /// A passage of a question.
        Question = "question",
        /// A passage of an answer.
        Answer = "answer",
    }
}

named_enum! {
    /// What decided the content's label.
    DecidedBy {
        /// It is a text of the oracle's own dataset.
        OracleText = "oracle_text",
        /// Its fingerprint is one of the oracle's.
        Fingerprint = "fingerprint",
        /// What the detectors found.
        Detectors = "detectors",
    }
}

/// A frame made of a row, with what is to be hidden from who answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The frame's text; the only part that an observation may show.
    pub text: String,
    /// What the frame says, without the message around it.
    pub body: String,
    /// Where it is seen.
    pub channel: Channel,
    /// Which split it belongs to.
    pub split: Split,
    /// The dataset.
    pub source: Source,
    /// The row.
    pub row_hash: u64,
    /// What of the row.
    pub piece: Piece,
    /// Which passage of that.
    pub passage: u32,
    /// What the dataset says.
    pub dataset_label: DatasetLabel,
    /// What the text earns; `benign` or the attack that it is.
    pub content: Vector,
    /// What decided that.
    pub decided_by: DecidedBy,
}

impl Sample {
    /// What the frame is under a policy; `None` if the policy has no label for it.
    pub const fn vector(&self, policy: LabelPolicy) -> Option<Vector> {
        match (policy, self.dataset_label) {
            (LabelPolicy::Content, _) => Some(self.content),
            (LabelPolicy::Dataset, DatasetLabel::Benign) => Some(Vector::Benign),
            (LabelPolicy::Dataset, DatasetLabel::Suspicious) => None,
            // The dataset does not say which attack: the content's, if it is one.
            (LabelPolicy::Dataset, DatasetLabel::Malicious) => match self.content {
                Vector::Benign => Some(Vector::GenericAnomaly),
                vector => Some(vector),
            },
        }
    }

    /// Whether it is drawn only on request.
    pub const fn set_aside(&self) -> bool {
        matches!(self.dataset_label, DatasetLabel::Suspicious)
    }
}

impl Row {
    /// The row's frames: a record as it stands in the channel `log`; passages of questions as
    /// prompts, and those of answers in a channel drawn by the row's hash. `known` are the
    /// oracle's fingerprints.
    pub fn samples(&self, known: &Fingerprints) -> Vec<Sample> {
        let (split, row_hash) = (self.split(), self.row_hash());
        let mut next = [0u32; Piece::ALL.len()];
        let sample = |(piece, whole, passage): (Piece, &str, &str)| {
            let slot = &mut next[piece.index()];
            let number = *slot;
            *slot += 1;
            let mut rng = draws(row_hash, piece, number);
            let channel = match piece {
                Piece::Record => Channel::Log,
                Piece::Question => Channel::UserPrompt,
                Piece::Answer => made::draw_channel(&mut rng),
            };
            let text = match piece {
                Piece::Record => passage.to_owned(),
                _ => made::message(channel, passage, &mut rng),
            };
            let (content, decided_by) = self.content(known, channel, [whole, passage], &text);
            Sample {
                text,
                body: passage.to_owned(),
                channel,
                split,
                source: self.source(),
                row_hash,
                piece,
                passage: number,
                dataset_label: self.dataset_label(),
                content,
                decided_by,
            }
        };
        self.passages().map(sample).collect()
    }

    /// What each of the row's texts is cut into: the piece, the whole text, the passage.
    pub(super) fn passages(&self) -> impl Iterator<Item = (Piece, &str, &str)> {
        let n_questions = match self {
            Self::Witfoo(_) => 0,
            Self::Fenrir(_) => 1,
            Self::Nist(row) => row.questions.len(),
        };
        self.texts().enumerate().flat_map(move |(idx, whole)| {
            let (piece, parts) = if let Self::Witfoo(_) = self {
                (Piece::Record, vec![whole])
            } else {
                let piece = if idx < n_questions { Piece::Question } else { Piece::Answer };
                (piece, text::passages(whole, text::MAX_PASSAGE_BYTES))
            };
            parts.into_iter().map(move |passage| (piece, whole, passage))
        })
    }

    fn content(
        &self,
        known: &Fingerprints,
        channel: Channel,
        texts: [&str; 2],
        frame: &str,
    ) -> (Vector, DecidedBy) {
        if let Self::Nist(_) = self {
            (Vector::Benign, DecidedBy::OracleText)
        } else if texts.iter().any(|text| known.contains(text)) {
            (Vector::Benign, DecidedBy::Fingerprint)
        } else {
            (judge::vector(channel, frame), DecidedBy::Detectors)
        }
    }

    /// Adds the fingerprints of a NIST row, whole texts and passages; other rows are no authority.
    pub fn teach(&self, known: &mut Fingerprints) {
        if let Self::Nist(_) = self {
            for (_, whole, passage) in self.passages() {
                known.insert(whole);
                known.insert(passage);
            }
        }
    }
}

/// The draws for one frame of a row.
pub(super) fn draws(row_hash: u64, piece: Piece, number: u32) -> Rng {
    Rng::new(mix(row_hash)).fork(((piece.index() as u64) << 32) | u64::from(number))
}
