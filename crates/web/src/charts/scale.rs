//! Linear scales and their ticks.

/// Maps a range of data onto a range of pixels (which may run downwards).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    domain: (f64, f64),
    range: (f64, f64),
}

impl Scale {
    /// A scale; a domain without extent is widened by half a unit on both sides.
    pub fn new(domain: (f64, f64), range: (f64, f64)) -> Self {
        let (low, high) = domain;
        // Dividing by an empty domain would give NaN paths, which browsers drop silently.
        let domain = if high > low { domain } else { (low - 0.5, low + 0.5) };
        Self { domain, range }
    }

    /// The pixel of a value; not clamped.
    pub fn at(&self, value: f64) -> f64 {
        let share = (value - self.domain.0) / (self.domain.1 - self.domain.0);
        self.range.0 + share * (self.range.1 - self.range.0)
    }

    /// The value of a pixel, clamped to the domain.
    pub fn invert(&self, pixel: f64) -> f64 {
        let share = (pixel - self.range.0) / (self.range.1 - self.range.0);
        self.domain.0 + share.clamp(0.0, 1.0) * (self.domain.1 - self.domain.0)
    }

    /// Values at round steps inside the domain, about `n_wanted` of them.
    pub fn ticks(&self, n_wanted: u32) -> Vec<f64> {
        let step = nice_step(self.domain.1 - self.domain.0, n_wanted);
        let first = (self.domain.0 / step).ceil() as i64;
        let last = (self.domain.1 / step).floor() as i64;
        (first..=last).map(|n| n as f64 * step).collect()
    }
}

/// The smallest of 1, 2, 5 times a power of ten that cuts `extent` into at most `n_wanted` parts.
fn nice_step(extent: f64, n_wanted: u32) -> f64 {
    let rough = extent / f64::from(n_wanted.max(1));
    let magnitude = 10_f64.powf(rough.log10().floor());
    let nice = [1.0, 2.0, 5.0].into_iter().find(|n| n * magnitude >= rough).unwrap_or(10.0);
    nice * magnitude
}

/// The domain that holds all values and zero, ended at round numbers.
pub fn domain_with_zero(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) =
        values.filter(|v| v.is_finite()).fold((0.0_f64, 0.0_f64), |(l, h), v| (l.min(v), h.max(v)));
    if high - low < 1.0 {
        return (low.floor(), (low.floor() + 1.0).max(high.ceil()));
    }
    let step = nice_step(high - low, 4);
    ((low / step).floor() * step, (high / step).ceil() * step)
}

/// The domain that holds all values, ended at round numbers; of 0 to 1 without values.
pub fn domain_of(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values
        .filter(|v| v.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    if low > high {
        return (0.0, 1.0);
    }
    let step = nice_step((high - low).max(f64::EPSILON), 4);
    ((low / step).floor() * step, (high / step).ceil() * step)
}

/// A tick's label: as many decimals as the step between ticks needs.
pub fn tick_label(value: f64, ticks: &[f64]) -> String {
    let step = match ticks {
        [first, second, ..] => second - first,
        _ => 1.0,
    };
    let decimals = if step >= 1.0 { 0 } else { (-step.log10()).ceil() as usize };
    let label = format!("{value:.decimals$}");
    // A true minus sign, as wide as the plus.
    if value == 0.0 { label.replace('-', "") } else { label.replace('-', "\u{2212}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_the_domain_meet_ends_of_the_range() {
        let scale = Scale::new((-2.0, 6.0), (100.0, 0.0));
        assert_eq!((scale.at(-2.0), scale.at(6.0), scale.at(2.0)), (100.0, 0.0, 50.0));
        assert_eq!(scale.invert(50.0), 2.0);
        assert_eq!(scale.invert(-900.0), 6.0);
    }

    #[test]
    fn a_domain_without_extent_gives_finite_pixels() {
        let scale = Scale::new((3.0, 3.0), (0.0, 10.0));
        assert_eq!(scale.at(3.0), 5.0);
        assert!(scale.ticks(4).iter().all(|t| t.is_finite()));
    }

    #[test]
    fn ticks_are_round_and_inside() {
        let check = |domain, n, expected: &[f64]| {
            let ticks = Scale::new(domain, (0.0, 1.0)).ticks(n);
            assert_eq!(ticks.len(), expected.len(), "{ticks:?}");
            for (tick, want) in ticks.iter().zip(expected) {
                assert!((tick - want).abs() < 1e-9, "{ticks:?}");
            }
        };
        check((0.0, 10.0), 5, &[0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        check((-1.3, 1.2), 5, &[-1.0, -0.5, 0.0, 0.5, 1.0]);
        check((0.0, 0.07), 4, &[0.0, 0.02, 0.04, 0.06]);
    }

    #[test]
    fn the_domain_holds_zero_and_every_value() {
        let check = |values: &[f64], expected| {
            assert_eq!(domain_with_zero(values.iter().copied()), expected);
        };
        check(&[], (0.0, 1.0));
        check(&[0.2, 0.7], (0.0, 1.0));
        check(&[-0.4], (-1.0, 0.0));
        check(&[-3.0, 41.0], (-20.0, 60.0));
        check(&[f64::NAN, 4.0], (0.0, 4.0));
    }

    #[test]
    fn a_domain_of_values_is_round_and_tight() {
        let check = |values: &[f64], (low, high): (f64, f64)| {
            let got = domain_of(values.iter().copied());
            assert!((got.0 - low).abs() < 1e-9 && (got.1 - high).abs() < 1e-9, "{got:?}");
        };
        check(&[], (0.0, 1.0));
        check(&[0.91, 0.99, f64::INFINITY], (0.9, 1.0));
        check(&[-0.14, 0.58], (-0.2, 0.6));
    }

    #[test]
    fn labels_carry_the_decimals_their_step_needs() {
        assert_eq!(tick_label(0.5, &[0.0, 0.5]), "0.5");
        assert_eq!(tick_label(-10.0, &[-10.0, 0.0]), "\u{2212}10");
        assert_eq!(tick_label(-0.0, &[0.0, 0.02]), "0.00");
    }
}
