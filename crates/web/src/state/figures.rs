//! Numbers as the page writes them: always signed where a sign matters, with a true minus.

/// A reward: sign and two decimals.
pub fn reward(value: f64) -> String {
    signed(value, 2)
}

/// A reward component: sign and three decimals.
pub fn component(value: f32) -> String {
    signed(f64::from(value), 3)
}

fn signed(value: f64, decimals: usize) -> String {
    let digits = format!("{:.decimals$}", value.abs());
    let is_zero = digits.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    let sign = match value {
        _ if is_zero => "",
        v if v < 0.0 => "\u{2212}",
        _ => "+",
    };
    format!("{sign}{digits}")
}

/// A share in [0, 1] as a percentage without decimals.
pub fn percent(share: f32) -> String {
    format!("{:.0}%", share * 100.0)
}

/// A count, its thousands apart.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (idx, digit) in digits.chars().enumerate() {
        if idx > 0 && (digits.len() - idx).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A size in bytes, kilobytes or megabytes.
pub fn bytes(n_bytes: u64) -> String {
    match n_bytes {
        0..1_000 => format!("{n_bytes} B"),
        1_000..1_000_000 => format!("{:.1} KB", n_bytes as f64 / 1e3),
        _ => format!("{:.1} MB", n_bytes as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rewards_carry_their_sign_and_zero_has_none() {
        assert_eq!(reward(1.256), "+1.26");
        assert_eq!(reward(-0.4), "\u{2212}0.40");
        assert_eq!(reward(-0.001), "0.00");
        assert_eq!(component(0.0375), "+0.038");
    }

    #[test]
    fn thousands_stand_apart() {
        let shown = [0, 999, 1_000, 45_678, 1_234_567].map(count);
        assert_eq!(shown, ["0", "999", "1,000", "45,678", "1,234,567"]);
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!([bytes(999), bytes(1_500), bytes(2_340_000)], ["999 B", "1.5 KB", "2.3 MB"]);
    }
}
