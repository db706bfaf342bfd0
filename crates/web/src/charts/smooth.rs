//! Smoothing of noisy curves.

/// The exponential moving average with weight `smoothing` in [0, 1) on what came before, freed of
/// its bias to the start.
pub fn smoothed(values: &[f64], smoothing: f64) -> Vec<f64> {
    let mut sum = 0.0;
    let mut weight = 0.0;
    let average = |value: &f64| {
        sum = smoothing * sum + (1.0 - smoothing) * value;
        weight = smoothing * weight + 1.0 - smoothing;
        sum / weight
    };
    values.iter().map(average).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_smoothed_at_zero_and_a_constant_at_no_weight() {
        assert_eq!(smoothed(&[3.0, -1.0], 0.0), [3.0, -1.0]);
        assert!(smoothed(&[2.0; 9], 0.97).iter().all(|v| (v - 2.0).abs() < 1e-12));
    }

    #[test]
    fn the_start_counts_as_much_as_what_follows() {
        let values = smoothed(&[0.0, 1.0], 0.5);
        assert!((values[1] - 2.0 / 3.0).abs() < 1e-12, "{values:?}");
    }
}
