//! A running series whose size is bounded: an endless auto-run must not grow without end.

/// Points at even distances; when full, every other one is dropped and the distance doubles.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    points: Vec<(u32, f64)>,
    last: Option<(u32, f64)>,
    stride: u32,
    max_points: usize,
}

impl Series {
    /// An empty series that keeps at most `max_points` (at least 2) points and the newest one.
    pub fn new(max_points: usize) -> Self {
        Self { points: Vec::new(), last: None, stride: 1, max_points: max_points.max(2) }
    }

    /// Adds the value at step `x`; steps come in rising order.
    pub fn push(&mut self, x: u32, y: f64) {
        self.last = Some((x, y));
        if !x.is_multiple_of(self.stride) {
            return;
        }
        self.points.push((x, y));
        if self.points.len() > self.max_points {
            self.stride = self.stride.saturating_mul(2);
            let stride = self.stride;
            self.points.retain(|(x, _)| x.is_multiple_of(stride));
        }
    }

    /// The points kept, then the newest one.
    pub fn iter(&self) -> impl Iterator<Item = (u32, f64)> + Clone + '_ {
        let newest = self.last.filter(|last| self.points.last() != Some(last));
        self.points.iter().copied().chain(newest)
    }

    /// The newest point.
    pub fn last(&self) -> Option<(u32, f64)> {
        self.last
    }

    /// The kept point nearest to step `x`.
    pub fn nearest(&self, x: f64) -> Option<(u32, f64)> {
        self.iter().min_by(|a, b| (f64::from(a.0) - x).abs().total_cmp(&(f64::from(b.0) - x).abs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_stays_small_and_keeps_both_ends() {
        let mut series = Series::new(100);
        for x in 0..100_001 {
            series.push(x, f64::from(x) * 2.0);
        }
        let points: Vec<_> = series.iter().collect();
        assert!((50..=102).contains(&points.len()), "{}", points.len());
        assert_eq!(points.first(), Some(&(0, 0.0)));
        assert_eq!(points.last(), Some(&(100_000, 200_000.0)));
        assert!(points.windows(2).all(|w| w[0].0 < w[1].0));
    }

    #[test]
    fn short_runs_keep_every_point_once() {
        let mut series = Series::new(100);
        for x in 0..5 {
            series.push(x, 1.0);
        }
        assert_eq!(series.iter().count(), 5);
        assert_eq!(series.nearest(2.4), Some((2, 1.0)));
    }
}
