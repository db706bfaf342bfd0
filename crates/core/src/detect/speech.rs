//! Who is told to do what: clauses read by the roles of their words.
//!
//! A frame's words are cut into clauses (at commas, colons and words like "but") and sentences.
//! Per clause and per sentence three sets of roles are kept: what stands in it, what stands in it
//! unnegated, and what stands behind a negation. Every detector is a row of [`PATTERNS`]: roles
//! that must be there so, and roles that must not.

#![allow(
    clippy::enum_glob_use,
    clippy::wildcard_imports,
    reason = "tables of detectors and roles read better without the prefix"
)]

use super::{
    Detector::{self, *},
    speech_words::*,
};
use crate::{
    segment::Segments,
    tokenize::{Kind, Token, lexicon},
};
use core::ops::Range;

/// What has to stand in a clause or sentence.
struct Pattern {
    detector: Detector,
    scope: Scope,
    /// One unnegated word of each.
    plain: &'static [u64],
    /// One word of each behind a negation.
    negated: &'static [u64],
    /// No word of these, negated or not.
    absent: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Clause,
    Sentence,
}
use Scope::{Clause, Sentence};

const fn pattern(
    detector: Detector,
    scope: Scope,
    plain: &'static [u64],
    negated: &'static [u64],
    absent: u64,
) -> Pattern {
    Pattern { detector, scope, plain, negated, absent }
}

/// Where data can go, and what must not go there.
const PLACE: u64 = ADDRESS | CONTEXT | SECRET | FIELD | OTHER_TOOL | NAME;
/// Moves, changes or does something.
const DO: u64 = SEND | PUT | SET | ACT;

static PATTERNS: &[Pattern] = &[
    pattern(MachineReaderTasked, Sentence, &[MACHINE, DUTY, DO | TELL | TREAT | HIDE], &[], 0),
    pattern(MachineReaderTasked, Sentence, &[MACHINE, DO | TELL | TREAT | HIDE], &[], NO | DATA),
    pattern(AssistantMovesData, Sentence, &[BOT, DUTY, PUT | SEND | SET, PLACE], &[], LESSON),
    pattern(
        ContextDemanded,
        Clause,
        &[CONTEXT, PUT | SEND | DUTY, FIELD | WHOLE | ADDRESS | NAME],
        &[],
        NO,
    ),
    pattern(
        OtherToolTaken,
        Sentence,
        &[OTHER_TOOL, BROKEN | INSTEAD | EACH | OVER | WHATEVER],
        &[],
        0,
    ),
    pattern(OtherToolTaken, Sentence, &[NAME | TOOL, BROKEN, DO], &[], 0),
    pattern(ChoiceOverridden, Sentence, &[WHATEVER, PERSON | YOU | ORDER], &[], 0),
    pattern(
        TrustAssigned,
        Clause,
        &[TREAT, TRUST | AUTHORITY | AGREED | OVER | PERSON | BROKEN],
        &[],
        DATA,
    ),
    pattern(PersonSeesOther, Sentence, &[PERSON, SEE | SHOW, INSTEAD | OPENLY, DO], &[], NO),
    pattern(StandingOrder, Sentence, &[FUTURE, EACH | CONTEXT, DO | TELL], &[], 0),
    pattern(AddressPutIn, Clause, &[ADDRESS, PUT | SET | SEND], &[], NO | QUOTED),
    pattern(ConsentPresumed, Clause, &[AGREED, ADVANCE, PERSON | AUTHORITY | YOU | EACH], &[], 0),
    pattern(ConsentPresumed, Sentence, &[AGREED], &[ASK], LESSON),
    pattern(TaskReplaced, Sentence, &[TASK | ORDER, OVER, YOU | BOT], &[], 0),
    pattern(TaskReplaced, Clause, &[GUARD, OVER], &[], NO),
    pattern(PersonAsked, Clause, &[ASKED], &[], QUOTED),
    pattern(OrdersAreData, Sentence, &[DATA | ORDER], &[OBEY | ORDER], 0),
    pattern(RiskForbidden, Clause, &[], &[SECRET | CONTEXT | ADDRESS | OTHER_TOOL], 0),
    pattern(OpenlyTold, Clause, &[TELL, OPENLY], &[], NO),
    pattern(SafeguardHolds, Clause, &[HOLDS, TOOL | WAS], &[], 0),
    pattern(AttackNarrated, Sentence, &[ATTACK, WAS | LESSON | DATA | TELL], &[], 0),
    pattern(NothingNeeded, Clause, &[], &[DUTY, PUT | SEND | ACT], 0),
];

/// Roles of a stretch of words.
#[derive(Default, Clone, Copy)]
struct Stretch {
    start: usize,
    plain: u64,
    negated: u64,
    any: u64,
}

impl Stretch {
    fn add(&mut self, roles: u64, negated: bool) {
        self.any |= roles;
        if negated {
            self.negated |= roles;
        } else {
            self.plain |= roles;
        }
    }
}

/// Words a sentence has at most: logs and tables know no full stop.
const LONGEST: usize = 48;
/// Words between "other" and "tool".
const NEAR: usize = 2;
/// Words between "whoever" and "reads".
const SUBJECT: usize = 4;
/// Words between "ask" and "user".
const ADDRESSEE: usize = 3;

pub(super) fn scan(segments: &Segments<'_>, emit: &mut impl FnMut(Detector, Range<usize>)) {
    let items = segments.tokens.items();
    let (mut clause, mut sentence) = (Stretch::default(), Stretch::default());
    let mut negated = false;
    // Words since the last of a role.
    let (mut other, mut reader, mut asked) = (usize::MAX, usize::MAX, usize::MAX);
    let mut n_words = 0usize;
    let mut leaf = u32::MAX;
    for (idx, item) in items.iter().enumerate() {
        let end = if item.leaf != leaf || item.new_line || n_words > LONGEST {
            Some(Sentence)
        } else {
            None
        };
        leaf = item.leaf;
        let mark = if item.kind == Kind::Sign { sign(segments, items, idx) } else { Mark::None };
        let end = match mark {
            Mark::Sentence => Some(Sentence),
            Mark::Clause => end.or(Some(Clause)),
            _ => end,
        };
        if let Some(end) = end {
            finish(Clause, &mut clause, idx, emit);
            if end == Sentence {
                finish(Sentence, &mut sentence, idx, emit);
                (other, reader, n_words) = (usize::MAX, usize::MAX, 0);
                asked = usize::MAX;
            }
            negated = false;
        }
        if item.kind == Kind::Sign {
            let roles = match mark {
                Mark::Quote => QUOTED,
                Mark::Address => ADDRESS,
                _ => continue,
            };
            clause.add(roles, negated);
            sentence.add(roles, negated);
            continue;
        }
        n_words += 1;
        asked = asked.saturating_add(1);
        other = other.saturating_add(1);
        reader = reader.saturating_add(1);
        let word = segments.tokens.word(item);
        let mut roles = if item.kind == Kind::Word { roles(item, word) } else { 0 };
        roles |= borrowed(item.classes);
        if roles == 0 {
            continue;
        }
        if roles & (OTHER | EACH) != 0 {
            other = 0;
        }
        if roles & TOOL != 0 && other <= NEAR && other > 0 {
            roles |= OTHER_TOOL;
        }
        if roles & TAKE_IN != 0 && reader <= SUBJECT {
            roles |= MACHINE;
        }
        if roles & (BOT | AUTOMATIC | WHOEVER) != 0 {
            if roles & AUTOMATIC != 0 && reader <= SUBJECT || roles & BOT != 0 && reader == 1 {
                roles |= MACHINE;
            }
            reader = 0;
        }
        if roles & PERSON != 0 && asked <= ADDRESSEE {
            roles |= ASKED;
        }
        if roles & (ASK | SHOW) != 0 {
            asked = 0;
        }
        if roles & NO_BEHIND != 0 {
            clause.negated |= clause.plain;
            sentence.negated |= clause.plain;
        }
        if item.classes == 0 && matches!(word, "but" | "sondern" | "mais" | "sino" | "mas" | "ma") {
            finish(Clause, &mut clause, idx, emit);
            negated = false;
        }
        if roles & NO != 0 {
            negated = true;
            clause.any |= NO;
            sentence.any |= NO;
            continue;
        }
        // "No matter which" denies nothing.
        negated &= roles & WHATEVER == 0;
        clause.add(roles, negated);
        sentence.add(roles, negated);
    }
    finish(Clause, &mut clause, items.len(), emit);
    finish(Sentence, &mut sentence, items.len(), emit);
}

/// Roles that follow from the lexicon's classes.
fn borrowed(classes: u64) -> u64 {
    const PAIRS: [(u64, u64); 5] = [
        (lexicon::YOU, YOU),
        (lexicon::SECRET, SECRET),
        (lexicon::ASSISTANT, BOT),
        (lexicon::USER, PERSON),
        (lexicon::SEND, SEND),
    ];
    if classes == 0 {
        return 0;
    }
    PAIRS
        .iter()
        .fold(0, |roles, (class, role)| if classes & class != 0 { roles | role } else { roles })
}

/// What a sign does to the reading.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    None,
    Clause,
    Sentence,
    Quote,
    Address,
}

fn sign(segments: &Segments<'_>, items: &[Token], idx: usize) -> Mark {
    let Some(item) = items.get(idx) else { return Mark::None };
    let next = items.get(idx + 1);
    let glued = next.is_some_and(|next| !next.spaced && next.leaf == item.leaf);
    match segments.tokens.word(item) {
        // A full stop inside a name or number has no space behind it.
        "." | ":" if glued && !item.spaced => Mark::None,
        "." | "!" | "?" | ";" | "!!" | "??" | "。" | "！" | "？" | "؟" | "।" | "；" => {
            Mark::Sentence
        }
        "," if glued => Mark::None,
        "," | "、" | "，" | "：" | "،" | ":" | "(" | ")" => Mark::Clause,
        "\"" | "“" | "„" | "«" | "「" | "『" => Mark::Quote,
        "@" | "//" if glued && !item.spaced => Mark::Address,
        _ => Mark::None,
    }
}

fn finish(
    scope: Scope,
    stretch: &mut Stretch,
    end: usize,
    emit: &mut impl FnMut(Detector, Range<usize>),
) {
    let done = core::mem::replace(stretch, Stretch { start: end, ..Stretch::default() });
    // Every pattern wants two roles or a negation.
    if done.negated == 0 && done.plain.count_ones() < 2 {
        return;
    }
    for pattern in PATTERNS {
        if pattern.scope == scope
            && done.any & pattern.absent == 0
            && pattern.plain.iter().all(|set| done.plain & set != 0)
            && pattern.negated.iter().all(|set| done.negated & set != 0)
        {
            emit(pattern.detector, done.start..end);
        }
    }
}
