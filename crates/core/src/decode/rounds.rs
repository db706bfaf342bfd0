//! Rounds of steps, until nothing changes any more.

use super::{
    DecodeKind, DecodeStep, MAX_DEPTH, blob, escapes, homoglyph, invisible,
    language::{self, Scan},
    leet, rotation, turned,
};
use crate::json;
use alloc::{borrow::Cow, string::String, vec::Vec};

/// The decoded text if it is another one: the fixed point of all rounds of steps. With
/// `stop_at_json` a document on the way is the end: its leaves are decoded one by one.
pub(super) fn normalise(
    text: &str,
    outer_depth: u8,
    stop_at_json: bool,
) -> Option<(String, Vec<DecodeStep>)> {
    match settle(text, outer_depth, stop_at_json) {
        Settled::Plain => None,
        Settled::Decoded(text, steps) => Some((text, steps)),
        Settled::TooDeep => by_line(text, outer_depth),
    }
}

/// Decodes the lines one by one: a line that is nested too deep must not hide the others. `None`
/// if the result is no fixed point, so that decoding it once more changes nothing.
fn by_line(text: &str, outer_depth: u8) -> Option<(String, Vec<DecodeStep>)> {
    let mut out = String::with_capacity(text.len());
    let mut steps = Vec::new();
    for line in text.split_inclusive('\n') {
        match settle(line, outer_depth, false) {
            Settled::Decoded(line, mut line_steps) => {
                out.push_str(&line);
                steps.append(&mut line_steps);
            }
            _ => out.push_str(line),
        }
    }
    let fixed = match settle(&out, outer_depth, false) {
        Settled::Plain => true,
        Settled::TooDeep => by_line_is_fixed(&out, outer_depth),
        Settled::Decoded(..) => false,
    };
    (out != text && fixed).then_some((out, steps))
}

/// Whether no line of a text that is nested too deep as a whole would be decoded.
fn by_line_is_fixed(text: &str, outer_depth: u8) -> bool {
    text.split_inclusive('\n')
        .all(|line| !matches!(settle(line, outer_depth, false), Settled::Decoded(..)))
}

/// Where rounds of steps lead.
enum Settled {
    /// Nothing changes.
    Plain,
    Decoded(String, Vec<DecodeStep>),
    /// There is no fixed point within [`MAX_DEPTH`] layers.
    TooDeep,
}

fn settle(text: &str, outer_depth: u8, stop_at_json: bool) -> Settled {
    let mut steps = Vec::new();
    let mut depth = outer_depth;
    let mut current = Cow::Borrowed(text);
    loop {
        if stop_at_json
            && matches!(current, Cow::Owned(_))
            && current.starts_with(['{', '['])
            && json::parse(&current).is_some()
        {
            break;
        }
        let scan = language::scan(&current);
        if scan.is_plain() {
            break;
        }
        let mut next_depth = depth;
        let Some(next) = round(&current, scan, &mut next_depth, &mut steps) else { break };
        if next_depth > outer_depth + MAX_DEPTH {
            return Settled::TooDeep;
        }
        depth = next_depth;
        current = Cow::Owned(next);
    }
    match current {
        Cow::Owned(current) if current != text => Settled::Decoded(current, steps),
        _ => Settled::Plain,
    }
}

/// Applies every kind of step once; `None` if nothing changes. `depth` grows by the layers that
/// were undone.
fn round(text: &str, scan: Scan, depth: &mut u8, steps: &mut Vec<DecodeStep>) -> Option<String> {
    let layer = *depth + 1;
    let mut round = Round { text: Cow::Borrowed(text), layer, steps };
    // Removing characters can bring others together, so a changed text is tried with every step.
    let changed = |round: &Round| matches!(round.text, Cow::Owned(_));
    if scan.wide {
        round.step(DecodeKind::ZeroWidth, invisible::reveal);
    }
    if scan.escape {
        round.step(DecodeKind::JsonEscape, escapes::json_escapes);
        round.step(DecodeKind::Html, escapes::html);
        round.step(DecodeKind::Rot13, turned::undo);
        round.step(DecodeKind::Url, escapes::percent);
    }
    // Between escapes and genuine letters words would look mixed.
    if scan.wide || changed(&round) {
        round.step(DecodeKind::Homoglyph, homoglyph::unmask);
    }
    if if changed(&round) { language::scan(&round.text).rot13 } else { scan.rot13 } {
        round.step(DecodeKind::Rot13, rotation::undo);
    }
    let mut n_layers = 1;
    if (scan.run || changed(&round))
        && let Some((next, kinds)) = blob::open(&round.text, MAX_DEPTH as usize)
    {
        n_layers = kinds.len() as u8;
        round.text = Cow::Owned(next);
        round.steps.extend((layer..).zip(kinds).map(|(depth, kind)| DecodeStep {
            kind,
            leaf: 0,
            depth,
        }));
    }
    // Last of all: digits inside an escape or a blob are no letters.
    if scan.leet && !changed(&round) {
        round.step(DecodeKind::Leetspeak, leet::read);
    }
    match round.text {
        Cow::Borrowed(_) => None,
        Cow::Owned(text) => {
            *depth += n_layers;
            Some(text)
        }
    }
}

/// A text on its way through the steps of one round.
struct Round<'a> {
    text: Cow<'a, str>,
    layer: u8,
    steps: &'a mut Vec<DecodeStep>,
}

impl Round<'_> {
    fn step(&mut self, kind: DecodeKind, undo: impl Fn(&str) -> Option<String>) {
        if let Some(next) = undo(&self.text) {
            self.text = Cow::Owned(next);
            self.steps.push(DecodeStep { kind, leaf: 0, depth: self.layer });
        }
    }
}
