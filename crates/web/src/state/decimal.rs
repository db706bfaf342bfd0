//! Numbers as texts hold them.

/// The number that `digits`, in JSON's syntax, are; `None` where it is not finite.
///
/// In the browser its own reader is asked: the tables of Rust's would be a fortieth of what the page
/// loads first. Both round to the nearest.
pub fn read(digits: &str) -> Option<f64> {
    #[cfg(target_arch = "wasm32")]
    let number = js_sys::parse_float(digits);
    #[cfg(not(target_arch = "wasm32"))]
    let number = digits.parse().unwrap_or(f64::NAN);
    number.is_finite().then_some(number)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn numbers_are_read_to_the_bit_and_infinities_are_none() {
        assert_eq!(["0", "-3.5", "1e-3", "0.1"].map(read), [0.0, -3.5, 1e-3, 0.1].map(Some));
        assert_eq!(["1e999", "", "none"].map(read), [None; 3]);
    }
}
