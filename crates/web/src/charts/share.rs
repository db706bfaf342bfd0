//! Shares with their uncertainty.

/// Standard normal quantile of a two-sided 95% interval.
const Z: f64 = 1.959_963_985;

/// Wilson's 95% interval of a share observed in `n` cases; all of [0, 1] without cases.
pub fn interval(share: f64, n: f64) -> (f64, f64) {
    if n < 1.0 {
        return (0.0, 1.0);
    }
    let square = Z * Z / n;
    let middle = (share + square / 2.0) / (1.0 + square);
    let half =
        (share * (1.0 - share) * square + square * square / 4.0).max(0.0).sqrt() / (1.0 + square);
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_the_books() {
        // Newcombe 1998, table I: 81 of 263 and 15 of 148, without continuity correction.
        for (hits, n, low, high) in [(81.0, 263.0, 0.2553, 0.3662), (15.0, 148.0, 0.0624, 0.1605)] {
            let (l, h) = interval(hits / n, n);
            assert!((l - low).abs() < 1e-4 && (h - high).abs() < 1e-4, "{l} {h}");
        }
    }

    #[test]
    fn certain_shares_and_no_cases_stay_within_bounds() {
        let (low, high) = interval(1.0, 440.0);
        assert!(low > 0.99 && high == 1.0, "{low} {high}");
        assert_eq!(interval(f64::NAN, 0.0), (0.0, 1.0));
    }
}
