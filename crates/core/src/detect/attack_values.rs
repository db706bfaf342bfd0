//! Values that break out of their place: what a leaf's bytes say before any word is read.

#![allow(clippy::enum_glob_use, reason = "detectors read better without the prefix")]

use super::Detector::{self, *};
use super::bytes::{before, command_len, get, skip_spaces, starts};
use crate::segment::Segments;
use core::ops::Range;

/// Longer leaves are texts or programs, not values.
const MAX_VALUE: usize = 400;
/// A value with more spaces before a separator is a sentence.
const MAX_SPACES: usize = 12;

pub(super) fn scan(segments: &Segments<'_>, emit: &mut impl FnMut(Detector, Range<usize>)) {
    let items = segments.tokens.items();
    for (number, leaf) in segments.leaves.iter().enumerate() {
        let bytes = leaf.text.as_bytes();
        if bytes.len() > MAX_VALUE {
            continue;
        }
        let (mut runs_on, mut startup) = (None, None);
        let (mut spaces, mut quotes, mut signs) = (0usize, 0usize, false);
        for (at, &byte) in bytes.iter().enumerate() {
            match byte {
                b' ' => spaces += 1,
                b'a'..=b'z' => continue,
                _ => {}
            }
            signs |= matches!(byte, b'"' | b'\'' | b'`' | b';' | b'|' | b'&' | b')');
            // A sentence, or words within quotes.
            let inside = spaces > MAX_SPACES || quotes % 2 == 1;
            quotes += usize::from(byte == b'"');
            match byte {
                b';' | b'|' | b'&' | b'`' | b'\n' | b'$' | b'"' | b'\''
                    if at > 0 && runs_on.is_none() =>
                {
                    runs_on = goes_on(bytes, at, inside).then_some(at);
                }
                b'/' | b'\\' | b'.' if startup.is_none() => {
                    startup = is_startup(bytes, at).then_some(at);
                }
                _ => {}
            }
        }
        let runs_on = runs_on.filter(|_| !is_program(bytes));
        let open = if signs { cut_off(bytes).filter(|_| !is_program(bytes)) } else { None };
        for (detector, at) in [(ValueRunsOn, runs_on), (StartupPath, startup), (OpenEnd, open)] {
            let Some(at) = at else { continue };
            let number = number as u32;
            let start = items.partition_point(|t| {
                t.leaf < number || (t.leaf == number && (t.is_key || t.end as usize <= at))
            });
            if items.get(start).is_some_and(|t| t.leaf == number) {
                emit(detector, start..start + 1);
            }
        }
    }
}

/// The value is a command line or script as a whole.
fn is_program(bytes: &[u8]) -> bool {
    starts(bytes, 0, b"#!") || command_len(bytes, 0).is_some()
}

/// A command with an argument stands behind the separator at `at`.
fn goes_on(bytes: &[u8], at: usize, inside: bool) -> bool {
    let start = match get(bytes, at) {
        b'$' if get(bytes, at + 1) == b'(' => at + 2,
        b'$' => return false,
        b'"' | b'\'' => {
            // An option behind a closing quote: `x" --config=y`.
            let next = skip_spaces(bytes, at + 1);
            return next > at + 1
                && starts(bytes, next, b"--")
                && get(bytes, next + 2).is_ascii_alphabetic()
                && bytes.get(..at).is_some_and(|b| !b.contains(&get(bytes, at)));
        }
        sign => skip_spaces(bytes, at + 1 + usize::from(get(bytes, at + 1) == sign)),
    };
    if inside && !matches!(last_sign(bytes, at), b'"' | b'\'') {
        return false;
    }
    let Some(len) = command_len(bytes, start) else { return false };
    let next = skip_spaces(bytes, start + len);
    let spaced = next > start + len;
    let argument = match get(bytes, next) {
        b'-' => spaced && get(bytes, next + 1).is_ascii_alphanumeric(),
        b'/' | b'~' | b'>' | b'<' | b'$' | b'.' => true,
        b'@' | b'+' => spaced,
        _ => starts(bytes, next, b"http") || is_address(bytes, next),
    };
    argument && (get(bytes, at) != b'`' || closes(bytes, start + len))
}

/// The last byte before `at` that is no space.
fn last_sign(bytes: &[u8], at: usize) -> u8 {
    let ahead = bytes.get(..at).unwrap_or(&[]);
    ahead.iter().rev().copied().find(|b| *b != b' ').unwrap_or(0)
}

fn closes(bytes: &[u8], from: usize) -> bool {
    bytes.get(from..).is_some_and(|rest| rest.contains(&b'`'))
}

/// Digits and dots.
fn is_address(bytes: &[u8], at: usize) -> bool {
    let rest = bytes.get(at..).unwrap_or(&[]);
    let len = rest.iter().take(16).take_while(|b| b.is_ascii_digit() || **b == b'.').count();
    len >= 7
}

/// Files that something else will run or trust.
fn is_startup(bytes: &[u8], at: usize) -> bool {
    let names: &[&[u8]] = match (get(bytes, at), get(bytes, at + 1).to_ascii_lowercase()) {
        (b'/', b'c') => &[b"/cron"],
        (b'/', b'a') => &[b"/autostart/", b"/authorized_keys"],
        (b'/', b's') => &[b"/systemd/", b"/sudoers.d"],
        (b'/', b'i') => &[b"/init.d/"],
        (b'/', b'l') => &[b"/launchagents", b"/ld.so.preload"],
        (b'/', b'r') => &[b"/rc.local"],
        (b'/', b'.') => &[b"/.git/hooks", b"/.ssh/", b"/.config/"],
        (b'\\', b's') => &[b"\\startup\\"],
        (b'.', b'b') => &[b".bashrc"],
        (b'.', b'p') => &[b".profile"],
        (b'.', b'z') => &[b".zshrc"],
        _ => &[],
    };
    names.iter().any(|name| starts(bytes, at, name))
}

/// An open quote next to a sign that ends something, or a comment sign at the end behind a quote
/// or separator: what the program adds behind the value is to be cut off.
fn cut_off(bytes: &[u8]) -> Option<usize> {
    let (mut double, mut single, mut ticks) = (0usize, 0usize, 0usize);
    let (mut edge, mut sign) = (None, false);
    for (at, &byte) in bytes.iter().enumerate() {
        if !matches!(byte, b'"' | b'\'' | b'`' | b';' | b'|' | b'&' | b')') {
            continue;
        }
        let (left, right) = (before(bytes, at), get(bytes, at + 1));
        match byte {
            b'"' => double += 1,
            b'\'' if left.is_ascii_alphanumeric() && right.is_ascii_alphabetic() => continue,
            // Behind a word it closes what is open, or marks a plural's owner.
            b'\'' if left.is_ascii_alphanumeric() && right == b' ' && single % 2 == 0 => {
                let next = get(bytes, skip_spaces(bytes, at + 1));
                single += usize::from(matches!(next, b';' | b')' | b'|' | b'&' | b'-'));
            }
            b'\'' => single += 1,
            b'`' => ticks += 1,
            _ => sign = true,
        }
        if matches!(byte, b'"' | b'\'' | b'`') {
            let next = get(bytes, skip_spaces(bytes, at + 1));
            let last = last_sign(bytes, at);
            let ends = |b: u8| matches!(b, b';' | b'|' | b'&' | b')' | b'}' | b'>' | b'-');
            if ends(next) || ends(last) {
                edge = edge.or(Some(at));
            }
        }
    }
    if (double % 2 == 1 || single % 2 == 1 || ticks % 2 == 1) && edge.is_some() {
        return edge;
    }
    let text = bytes.trim_ascii_end();
    let comment =
        [b" #".as_slice(), b"--", b"//", b"/*", b"<!--"].iter().any(|tail| text.ends_with(tail));
    (comment && (sign || double + single > 0)).then(|| text.len().saturating_sub(2))
}
