//! Hostile telemetry, fraud and hijacked streams: roles of words within one sentence or record.
//!
//! Every rule names the roles that must meet within a few words, and the roles that take it back
//! ("was refused", "somebody pretends"). Numbers are read for what they count: many, a brief time,
//! a long one.

#![allow(
    clippy::enum_glob_use,
    clippy::wildcard_imports,
    reason = "tables of detectors and word classes read better without the prefix"
)]

use super::{
    Detector::{self, *},
    attack_values,
    attack_words::*,
};
use crate::{
    segment::Segments,
    tokenize::{Kind, Token, Tokens, lexicon},
};
use alloc::vec::Vec;
use core::ops::Range;

/// Fires where one word of each set stands within `gap` words of a sentence, in any order, and no
/// word of `unless` stands between them or within the margin around.
struct Rule {
    detector: Detector,
    gap: usize,
    sets: &'static [u64],
    unless: u64,
    record: bool,
}

const MARGIN: usize = 3;
/// No rule's gap is longer.
const REACH: usize = 11;
/// The fields of a record belong together.
const RECORD_MARGIN: usize = 24;

const fn rule(detector: Detector, gap: usize, sets: &'static [u64], unless: u64) -> Rule {
    Rule { detector, gap, sets, unless, record: false }
}

/// The same, in a record (an audit line, a structured value) rather than in prose.
const fn record(detector: Detector, gap: usize, sets: &'static [u64], unless: u64) -> Rule {
    Rule { detector, gap, sets, unless, record: true }
}

static RULES: &[Rule] = &[
    record(Burst, 9, &[MANY, BRIEF], ROUTINE),
    record(LongSpan, 8, &[MANY, SPAN | EVERY, LONG], 0),
    record(RegularContact, 10, &[EVERY, BRIEF, CONTACT | MANY], ROUTINE | INTACT),
    rule(TracesRemoved, 4, &[RECORDS, GONE], KEPT | NOT | ROUTINE),
    record(SafeguardAbsent, 2, &[SAFE, NONE], HELD),
    record(SafeguardAbsent, 1, &[BARRED, ZERO | NONE], 0),
    record(SafeguardHeld, 2, &[SAFE, HELD | IDENT], NONE),
    record(UnfamiliarOrigin, 3, &[STRANGE, ORIGIN], ROUTINE),
    record(RoutineOrigin, 1, &[ROUTINE], 0),
    record(NothingLost, 3, &[ZERO, EFFECT], 0),
    record(NothingLost, 1, &[INTACT], 0),
    rule(KeptUnaware, 4, &[NOBODY, NOTICE | SEES], INQUIRE),
    rule(KeptUnaware, 5, &[NOT, NOTICE], INQUIRE),
    rule(Forgery, 9, &[FAKE, MAKE], NOT),
    rule(Restraint, 3, &[NOT, ACT], NOTICE),
    rule(StreamDiverted, 9, &[STREAM, OWNER, SEIZE], NOT | APART | FAIL | INQUIRE),
    rule(FrameForged, 10, &[FRAME, ASSENT, STREAM | OWNER, SEIZE | MAKE], NOT),
    rule(FrameForged, 8, &[KEYS, STREAM | OWNER], NOT),
    rule(OwnStreams, 3, &[STREAM, APART], 0),
];

const _: () = {
    let mut idx = 0;
    while idx < RULES.len() {
        assert!(RULES[idx].gap <= REACH);
        idx += 1;
    }
};

struct Word {
    classes: u64,
    /// Classes of this word and the [`REACH`] behind it.
    ahead: u64,
    sentence: u32,
    token: usize,
    record: bool,
}

/// So many signs that bind a value to a name make a sentence a record.
const BOUND_SIGNS: usize = 3;

pub(super) fn scan(segments: &Segments<'_>, emit: &mut impl FnMut(Detector, Range<usize>)) {
    attack_values::scan(segments, emit);
    let items = segments.tokens.items();
    let mut words: Vec<Word> = Vec::with_capacity(items.len());
    let (mut all, mut sentence) = (0u64, 0u32);
    let (mut start, mut bound) = (0, 0);
    for (token, item) in items.iter().enumerate() {
        if item.kind == Kind::Sign {
            let apart = items.get(token + 1).is_none_or(|next| next.spaced);
            let ends = match segments.tokens.word(item) {
                "=" | ":" => {
                    bound += usize::from(!item.spaced);
                    false
                }
                "." | "!" | "?" | ".." => apart,
                "。" | "！" | "？" => true,
                _ => false,
            };
            if ends {
                mark(words.get_mut(start..), bound);
                (start, bound) = (words.len(), 0);
                sentence += 1;
            }
            continue;
        }
        let classes = classes_of(&segments.tokens, items, token, item);
        all |= classes;
        words.push(Word { classes, ahead: classes, sentence, token, record: false });
    }
    mark(words.get_mut(start..), bound);
    // Doubling: behind the three steps each word knows the classes of 2, 4, then 12 words.
    for (shift, more) in [(1, 1), (2, 2), (4, 8)] {
        for idx in 0..words.len() {
            let of = |idx: usize| words.get(idx).map_or(0, |word| word.ahead);
            let behind = of(idx + shift) | of(idx + more);
            if let Some(word) = words.get_mut(idx) {
                word.ahead |= behind;
            }
        }
    }
    for rule in RULES.iter().filter(|rule| rule.sets.iter().all(|set| all & set != 0)) {
        let union = rule.sets.iter().fold(0, |union, set| union | set);
        for (first, word) in words.iter().enumerate() {
            if word.classes & union == 0 || (rule.record && !word.record) {
                continue;
            }
            if rule.sets.iter().any(|set| word.ahead & set == 0) {
                continue;
            }
            let Some(last) = complete(rule, &words, first) else { continue };
            if rule.unless != 0 && taken_back(rule, &words, first, last) {
                continue;
            }
            let end = words.get(last).map_or(word.token, |last| last.token);
            emit(rule.detector, word.token..end + 1);
        }
    }
    ordered(&words, emit);
}

fn mark(sentence: Option<&mut [Word]>, bound: usize) {
    for word in sentence.into_iter().flatten() {
        word.record = bound >= BOUND_SIGNS;
    }
}

fn classes_of(tokens: &Tokens, items: &[Token], at: usize, item: &Token) -> u64 {
    let word = tokens.word(item);
    if word.as_bytes().first().is_some_and(u8::is_ascii_digit) {
        return quantity(tokens, items, at, word) | classes(item.hash);
    }
    let mut found = classes(item.hash);
    if matches!(word, "if" | "though" | "up" | "like" | "ob" | "si") {
        // "as if", "make up", "look like", "als ob", "como si"
        let previous = at.checked_sub(1).and_then(|i| items.get(i)).map_or("", |t| tokens.word(t));
        found |= match (previous, word) {
            ("as", "if" | "though")
            | ("make" | "made", "up")
            | ("look" | "sound", "like")
            | ("als", "ob")
            | ("como" | "comme", "si") => FAKE,
            _ => 0,
        };
    }
    if item.classes & lexicon::IDENTIFIER != 0 {
        found |= classes_of_parts(word);
    }
    if item.kind == Kind::Number {
        found |= IDENT;
    }
    found
}

/// What a number stands for; parts of dates, addresses and versions count nothing.
fn quantity(tokens: &Tokens, items: &[Token], at: usize, word: &str) -> u64 {
    let sign = |idx: Option<usize>| {
        idx.and_then(|i| items.get(i))
            .filter(|t| t.kind == Kind::Sign)
            .map_or("", |t| tokens.word(t))
    };
    let glued = |idx: usize| items.get(idx).is_some_and(|t| !t.spaced);
    let (before, behind) = (sign(at.checked_sub(1)), sign(Some(at + 1)));
    let tied = |s: &str| matches!(s, "." | ":" | "-" | "/" | "[" | "," | "_");
    if glued(at) && tied(before) && !(before == ":" && sign(at.checked_sub(2)) == "\"") {
        return 0;
    }
    let continues = glued(at + 1) && glued(at + 2);
    let mut unit_at = at;
    if continues && behind == "." && !matches!(sign(Some(at + 3)), "." | ":") {
        // A decimal fraction: what it counts is written behind it.
        unit_at = at + 2;
    } else if continues && matches!(behind, "." | ":" | "-") {
        return 0;
    }
    let per = continues && behind == "/";
    let mut value = 0u64;
    for b in word.bytes().take_while(u8::is_ascii_digit) {
        value = value.saturating_mul(10).saturating_add((b - b'0') as u64);
    }
    let thousands = continues && behind == ",";
    if thousands && items.get(at + 2).is_some_and(|t| tokens.word(t).len() == 3) {
        return MANY;
    }
    // The unit is glued on ("90s"), the next word ("90 s"), or part of the name ("window_s": 90).
    let tail = items.get(unit_at).map_or("", |t| tokens.word(t));
    let unit = match tail.trim_start_matches(|c: char| c.is_ascii_digit()) {
        "" => {
            items.get(unit_at + 1).filter(|t| t.kind == Kind::Word).map_or("", |t| tokens.word(t))
        }
        unit => unit,
    };
    if per
        && value >= 20
        && matches!(items.get(at + 2).map_or("", |t| tokens.word(t)), "s" | "sec" | "min" | "m")
    {
        return MANY | BRIEF;
    }
    let seconds = match unit {
        "ms" => Some(0),
        "s" | "sec" | "secs" | "second" | "seconds" | "sek" | "sekunden" | "segundos"
        | "secondes" | "сек" | "секунд" => Some(value),
        "m" | "min" | "mins" | "minute" | "minutes" | "minuten" | "minutos" | "minuti"
        | "минут" | "мин" => Some(value.saturating_mul(60)),
        "h" | "hour" | "hours" | "stunden" | "horas" | "heures" | "ore" | "часов" | "часа" => {
            Some(value.saturating_mul(3600))
        }
        "d" | "day" | "days" | "tage" | "tagen" | "días" | "jours" | "дней" => return LONG,
        _ => named_unit(tokens, items, at).map(|unit| value.saturating_mul(unit)),
    };
    match seconds {
        Some(..=900) => BRIEF,
        Some(3600..) => LONG,
        None if value >= 100 && !(1900..2100).contains(&value) && word.len() < 8 => MANY,
        _ => 0,
    }
}

/// Seconds per unit, where the member's name ends in one.
fn named_unit(tokens: &Tokens, items: &[Token], at: usize) -> Option<u64> {
    let from = at.saturating_sub(4);
    let name = items.get(from..at)?.iter().rev().find(|t| t.kind != Kind::Sign)?;
    let word = tokens.word(name);
    let unit = word.rsplit('_').next().filter(|unit| unit.len() < word.len())?;
    match unit {
        "s" | "sec" | "seconds" => Some(1),
        "min" | "minutes" | "m" => Some(60),
        "h" | "hours" => Some(3600),
        _ => None,
    }
}

/// Position of the word that completes `rule` when it starts at `first`.
fn complete(rule: &Rule, words: &[Word], first: usize) -> Option<usize> {
    let sentence = words.get(first)?.sentence;
    let mut met = 0u32;
    let wanted = (1u32 << rule.sets.len()) - 1;
    for (idx, word) in words.iter().enumerate().skip(first).take(rule.gap + 1) {
        if word.sentence != sentence {
            return None;
        }
        for (set_idx, set) in rule.sets.iter().enumerate() {
            if met & (1 << set_idx) == 0 && word.classes & set != 0 {
                met |= 1 << set_idx;
                break;
            }
        }
        if met == wanted {
            return Some(idx);
        }
    }
    None
}

fn taken_back(rule: &Rule, words: &[Word], first: usize, last: usize) -> bool {
    let margin = if rule.record { RECORD_MARGIN } else { MARGIN };
    let around = first.saturating_sub(margin)..(last + 1 + margin).min(words.len());
    let sentence = words.get(first).map_or(0, |word| word.sentence);
    let inside = words.get(around).unwrap_or(&[]);
    inside.iter().any(|word| word.sentence == sentence && word.classes & rule.unless != 0)
}

/// Furthest from the last failure to the success.
const TURN: usize = 14;

/// Many failures, and behind them a success that nothing takes back.
fn ordered(words: &[Word], emit: &mut impl FnMut(Detector, Range<usize>)) {
    let mut failed: Option<(usize, bool)> = None;
    for (idx, word) in words.iter().enumerate() {
        if word.classes & FAIL != 0 {
            let near = words.get(idx.saturating_sub(3)..(idx + 4).min(words.len())).unwrap_or(&[]);
            let many = near.iter().any(|w| w.classes & MANY != 0);
            failed = Some((idx, many || failed.is_some_and(|(_, many)| many)));
        } else if word.classes & WORKED != 0
            && let Some((from, true)) = failed
            && idx - from <= TURN
        {
            let behind =
                words.get(idx.saturating_sub(2)..(idx + 2).min(words.len())).unwrap_or(&[]);
            if behind.iter().all(|w| w.classes & (ZERO | NOT) == 0) {
                let token_of = |i: usize| words.get(i).map_or(0, |w| w.token);
                emit(SuccessAfterFailures, token_of(from)..token_of(idx) + 1);
                failed = None;
            }
        }
    }
}
