//! Percent escapes that were rotated by 13 with the letters around them, which turns `%2F` into
//! `%2S`.

use super::{
    escapes::percent,
    language::{is_control, score},
    rotation::{Quoted, turn_into, undo_around},
    work::look_at,
};
use alloc::{string::String, vec::Vec};

/// How much turning the escapes of a run must raise its language score.
const MARGIN: f32 = 0.15;

/// The text with such runs turned back, and what stands around them; `None` if there are none.
pub(super) fn undo(text: &str) -> Option<String> {
    let runs = runs(text);
    if runs.is_empty() { None } else { undo_around(text, runs) }
}

/// Runs whose percent escapes were rotated by 13 with the letters around them, which turns `%2F`
/// into `%2S`.
fn runs(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    if !text.contains('%') {
        return found;
    }
    let mut at = 0;
    let ends = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '%' | '.' | '-' | '_' | '~'));
    for run in text.split_inclusive(ends) {
        if is_turned(run) {
            found.push((at, at + run.len()));
        }
        at += run.len();
    }
    found
}

fn is_turned(run: &str) -> bool {
    let (mut n_turned, mut n_plain, mut n_other, mut decisive) = (0u32, 0u32, 0u32, false);
    let bytes = run.as_bytes();
    look_at(run.len());
    for (at, _) in bytes.iter().enumerate().filter(|(_, b)| **b == b'%') {
        let turned = |digit: u8| matches!(digit, b'N'..=b'S' | b'n'..=b's');
        match bytes.get(at + 1..at + 3) {
            Some(&[a, b]) if a.is_ascii_digit() && b.is_ascii_digit() => n_plain += 1,
            Some(&[a, b])
                if (turned(a) || a.is_ascii_digit()) && (turned(b) || b.is_ascii_digit()) =>
            {
                n_turned += 1;
                // No format ends in these.
                decisive |= !matches!(b, b'o' | b'p' | b's' | b'0'..=b'9');
            }
            _ => n_other += 1,
        }
    }
    if !decisive || n_turned < 2 || n_turned + n_plain <= n_other {
        return false;
    }
    let mut turned = String::with_capacity(run.len());
    turn_into(&mut turned, run, &mut Quoted::default());
    percent(&turned).is_some_and(|decoded| {
        let whole = n_other == 0 && !decoded.contains(is_control);
        whole && n_turned + n_plain >= 4 || n_turned >= 3 && score(&decoded) >= score(run) + MARGIN
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_escapes_are_told_from_formats() {
        assert!(is_turned("%76%74%6r%6s%72%65%20%61%6p%6p"));
        assert!(is_turned("%R4%ON%ON%R4%ON%8O"));
        for text in ["%5s%3s%2s%4s", "%s%n%s%n", "%5f%2f%zz", "a%2Qb"] {
            assert!(!is_turned(text), "{text}");
        }
        let text = "Note: %76%74%6r%6s%72%65%20%61%6p%6p, as agreed";
        assert_eq!(undo(text).unwrap(), "Note: %76%74%6e%6f%72%65%20%61%6c%6c, as agreed");
    }
}
