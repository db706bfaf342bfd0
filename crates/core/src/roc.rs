//! How well a score separates two classes, whatever the threshold.

use alloc::vec::Vec;

/// Scores with what was true.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scores(Vec<(f32, bool)>);

/// A threshold and what comes of it: a score of at least `threshold` is an alarm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OperatingPoint {
    /// Lowest score that is an alarm; infinite when nothing is.
    pub threshold: f32,
    /// Share of the true ones above it.
    pub recall: f32,
    /// Share of the false ones above it.
    pub false_positive_rate: f32,
}

impl Scores {
    /// Adds a score; one that is not a number counts as the lowest.
    pub fn add(&mut self, score: f32, truth: bool) {
        self.0.push((if score.is_nan() { f32::NEG_INFINITY } else { score }, truth));
    }

    /// Adds all of another list.
    pub fn merge(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    /// Number of true and of false ones.
    pub fn counts(&self) -> (usize, usize) {
        let n_true = self.0.iter().filter(|score| score.1).count();
        (n_true, self.0.len() - n_true)
    }

    /// Area under the ROC curve: the probability that a true one scores above a false one, ties
    /// counting half (Mann and Whitney's U). `None` unless both classes are there.
    pub fn auc(&self) -> Option<f32> {
        let (n_true, n_false) = self.counts();
        if n_true == 0 || n_false == 0 {
            return None;
        }
        let mut below = 0u64;
        let mut twice_u = 0u64;
        for tied in self.sorted().chunk_by(|a, b| a.0 == b.0) {
            let here = tied.iter().filter(|score| score.1).count() as u64;
            let others = tied.len() as u64 - here;
            twice_u += here * (2 * below + others);
            below += others;
        }
        Some((twice_u as f64 / (2.0 * n_true as f64 * n_false as f64)) as f32)
    }

    /// What an alarm from `threshold` on would catch.
    pub fn at(&self, threshold: f32) -> OperatingPoint {
        let (n_true, n_false) = self.counts();
        let above = |truth: bool| {
            self.0.iter().filter(|score| score.1 == truth && score.0 >= threshold).count() as f32
        };
        OperatingPoint {
            threshold,
            recall: above(true) / n_true.max(1) as f32,
            false_positive_rate: above(false) / n_false.max(1) as f32,
        }
    }

    /// The lowest threshold that keeps false positives at or below a share.
    pub fn within(&self, max_false_positive_rate: f32) -> OperatingPoint {
        let (_, n_false) = self.counts();
        let allowed = (max_false_positive_rate * n_false as f32) as usize;
        let mut n_alarms = 0;
        let mut threshold = f32::INFINITY;
        for tied in self.sorted().chunk_by(|a, b| a.0 == b.0).rev() {
            n_alarms += tied.iter().filter(|score| !score.1).count();
            if n_alarms > allowed {
                break;
            }
            threshold = tied.first().map_or(threshold, |score| score.0);
        }
        self.at(threshold)
    }

    fn sorted(&self) -> Vec<(f32, bool)> {
        let mut sorted = self.0.clone();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        sorted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scores(list: &[(f32, bool)]) -> Scores {
        let mut scores = Scores::default();
        for &(score, truth) in list {
            scores.add(score, truth);
        }
        scores
    }

    #[test]
    fn a_perfect_a_reversed_and_a_blind_score() {
        let perfect = scores(&[(0.1, false), (0.2, false), (0.8, true)]);
        assert_eq!(perfect.auc(), Some(1.0));
        let reversed = scores(&[(0.9, false), (0.2, true)]);
        assert_eq!(reversed.auc(), Some(0.0));
        let blind = scores(&[(0.5, false), (0.5, true), (0.5, true)]);
        assert_eq!(blind.auc(), Some(0.5));
        assert_eq!(scores(&[(0.5, true)]).auc(), None);
    }

    #[test]
    fn thresholds_keep_the_promised_share() {
        let list: Vec<_> = (0..100u8).map(|n| (f32::from(n) / 100.0, n >= 90 || n == 40)).collect();
        let scores = scores(&list);
        let point = scores.within(0.0);
        assert_eq!(point.threshold, 0.9);
        assert!((point.recall - 10.0 / 11.0).abs() < 1e-6);
        assert_eq!(point.false_positive_rate, 0.0);
        assert!(scores.within(0.6).recall > 0.99);
        let nothing = super::Scores::default().within(0.1);
        assert_eq!((nothing.recall, nothing.false_positive_rate), (0.0, 0.0));
    }

    proptest! {
        #[test]
        fn the_area_is_the_share_of_ordered_pairs(list in proptest::collection::vec((0u8..6, any::<bool>()), 2..40)) {
            let list: Vec<_> = list.into_iter().map(|(s, t)| (f32::from(s), t)).collect();
            let (mut won, mut pairs) = (0.0, 0.0f32);
            for a in list.iter().filter(|s| s.1) {
                for b in list.iter().filter(|s| !s.1) {
                    pairs += 1.0;
                    won += if a.0 > b.0 { 1.0 } else if a.0 == b.0 { 0.5 } else { 0.0 };
                }
            }
            if let Some(auc) = scores(&list).auc() {
                prop_assert!((auc - won / pairs).abs() < 1e-5);
            } else {
                prop_assert_eq!(pairs, 0.0);
            }
        }

        #[test]
        fn no_threshold_breaks_its_promise(list in proptest::collection::vec((0u8..9, any::<bool>()), 0..50), share in 0.0f32..1.0) {
            let list: Vec<_> = list.into_iter().map(|(s, t)| (f32::from(s), t)).collect();
            prop_assert!(scores(&list).within(share).false_positive_rate <= share + 1e-6);
        }
    }
}
