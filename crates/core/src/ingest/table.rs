//! How often a dataset's label and the content's disagree.

use super::{DatasetLabel, DecidedBy, Sample};
use crate::frame::Vector;

/// Counts of frames by what the dataset says and what the content earns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LabelTable {
    /// By dataset label; content benign, content malicious.
    counts: [[u64; 2]; DatasetLabel::ALL.len()],
    /// Frames of other datasets that a fingerprint decided: where the dataset says otherwise or
    /// nothing, where it agrees.
    fingerprints: [u64; 2],
}

impl LabelTable {
    /// A table of counts that were stored: by dataset label, content benign and malicious; and
    /// what [`Self::fingerprints`] gave.
    pub const fn from_cells(
        counts: [[u64; 2]; DatasetLabel::ALL.len()],
        fingerprints: [u64; 2],
    ) -> Self {
        Self { counts, fingerprints }
    }

    /// Counts a frame.
    pub fn add(&mut self, sample: &Sample) {
        let malicious = usize::from(sample.content.malicious());
        self.counts[sample.dataset_label.index()][malicious] += 1;
        if sample.decided_by == DecidedBy::Fingerprint {
            let agrees =
                sample.dataset_label == DatasetLabel::Benign && sample.content == Vector::Benign;
            self.fingerprints[usize::from(agrees)] += 1;
        }
    }

    /// Adds another table's counts.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            for (slot, n) in mine.iter_mut().zip(theirs) {
                *slot += n;
            }
        }
        for (slot, n) in self.fingerprints.iter_mut().zip(&other.fingerprints) {
            *slot += n;
        }
    }

    /// Frames with a dataset label and a content label.
    pub fn count(&self, label: DatasetLabel, malicious: bool) -> u64 {
        self.counts[label.index()][usize::from(malicious)]
    }

    /// Frames of other datasets that a fingerprint decided: where the dataset says otherwise or
    /// nothing, where it agrees.
    pub const fn fingerprints(&self) -> [u64; 2] {
        self.fingerprints
    }

    /// All frames.
    pub fn total(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// Share of frames on which the two labels disagree, of those that have both.
    pub fn disagreement(&self) -> Option<f64> {
        let apart =
            self.count(DatasetLabel::Benign, true) + self.count(DatasetLabel::Malicious, false);
        let suspicious = DatasetLabel::Suspicious;
        let both = self.total() - self.count(suspicious, false) - self.count(suspicious, true);
        share(apart, both)
    }

    /// Share of the frames decided by a fingerprint on which the dataset agrees with the oracle.
    pub fn oracle_agreement(&self) -> Option<f64> {
        share(self.fingerprints[1], self.fingerprints[0] + self.fingerprints[1])
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
