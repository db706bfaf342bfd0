//! Secrets, rights, safeguards, limits and money: read clause by clause.
//!
//! Attack and benign twin share their nouns; they differ in who is told to do what with them. A
//! clause (the words between two commas) becomes a row of word classes; a few rules then ask for
//! predicate, object and place together and for the absence of what turns the meaning: a no, a
//! past tense, a question. `settings` reads what stands behind `=`, `:` and member names.

#![allow(
    clippy::wildcard_imports,
    reason = "rules over word classes read better without the prefix"
)]

use super::Detector::{
    self, BorrowedIdentity, BoundedRight, ConsentWaived, KnowledgeWaived, LimitLifted,
    PayeeRedirected, PersonDecides, RiskProhibited, SafeguardLifted, SecondPerson, SecretDelivered,
    SecretInCustody, UnobservedClaim,
};
use crate::{
    segment::Segments,
    tokenize::{Kind, Token},
};
use core::ops::Range;
use lexicon::*;

mod lexicon;
mod settings;
#[cfg(test)]
pub(super) mod tests;

/// Most words of a clause; a longer one is cut.
const MAX_WORDS: usize = 48;
const _: () = assert!(MAX_WORDS <= u64::BITS as usize);

/// A number or a word with a capital: names and tickets.
const CITED: u64 = 1 << 63;
/// The start of an account number: two letters and two digits.
const IBAN: u64 = 1 << 62;

/// How a clause ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// The sentence goes on.
    Soft,
    /// The sentence ends.
    Hard,
    /// It was a question.
    Question,
}

struct Clause {
    /// Per class: at which words it stands, one bit each.
    places: [u64; 64],
    n: usize,
    /// Classes of all words.
    all: u64,
    /// Classes of the sentence's clauses before this one.
    before: u64,
    /// Classes of the sentence before.
    last: u64,
    from: usize,
}

/// The classes in a set, as numbers.
fn each_class(mut classes: u64, mut visit: impl FnMut(usize)) {
    while classes != 0 {
        visit(classes.trailing_zeros() as usize);
        classes &= classes - 1;
    }
}

impl Clause {
    const fn new() -> Self {
        Self { places: [0; 64], n: 0, all: 0, before: 0, last: 0, from: 0 }
    }

    fn push(&mut self, classes: u64) {
        each_class(classes, |class| {
            if let Some(places) = self.places.get_mut(class) {
                *places |= 1 << self.n;
            }
        });
        self.all |= classes;
        self.n += 1;
    }

    /// Starts the next clause.
    fn clear(&mut self) {
        each_class(self.all, |class| {
            if let Some(places) = self.places.get_mut(class) {
                *places = 0;
            }
        });
        (self.n, self.all) = (0, 0);
    }

    fn has(&self, classes: u64) -> bool {
        self.all & classes != 0
    }

    /// The words of these classes, one bit each.
    fn places(&self, classes: u64) -> u64 {
        let mut found = 0;
        each_class(self.all & classes, |class| {
            found |= self.places.get(class).copied().unwrap_or(0);
        });
        found
    }

    /// Whether a word of `first` stands at most `gap` words before one of `second`.
    fn before(&self, first: u64, second: u64, gap: usize) -> bool {
        if !self.has(first) || !self.has(second) {
            return false;
        }
        // Doubling: after each step `reached` covers twice as many words behind `first`.
        let mut reached = self.places(first) << 1;
        let mut n = 1;
        while n < gap {
            let step = n.min(gap - n);
            reached |= reached << step;
            n += step;
        }
        reached & self.places(second) != 0
    }

    /// Whether two words stand at most `gap` words apart.
    fn near(&self, first: u64, second: u64, gap: usize) -> bool {
        self.before(first, second, gap) || self.before(second, first, gap)
    }

    fn head(&self, classes: u64, within: usize) -> bool {
        self.places(classes) & ((1 << within) - 1) != 0
    }
}

pub(super) fn scan(segments: &Segments<'_>, emit: &mut impl FnMut(Detector, Range<usize>)) {
    let items = segments.tokens.items();
    let mut clause = Clause::new();
    let mut settings = settings::Reader::new();
    let mut pending = None;
    let mut previous: Option<&Token> = None;
    let mut after_dash = false;
    for (idx, token) in items.iter().enumerate() {
        let word = segments.tokens.word(token);
        let new_leaf =
            previous.is_some_and(|last| last.leaf != token.leaf || last.is_key != token.is_key);
        let stop = match pending.take() {
            _ if new_leaf || token.new_line => Some(Stop::Hard),
            Some((stop, wide)) if wide || token.spaced => Some(stop),
            _ => None,
        };
        if let Some(stop) = stop {
            close(&mut clause, stop, idx, emit);
        }
        let mut classes = classes_of(segments, token, word);
        settings.token(token, word, classes, idx, emit);
        if classes & NEG != 0 && after_dash && !token.spaced {
            // `--no-verify` is no order not to do it.
            classes = OFF;
        }
        after_dash = matches!(word, "-" | "--");
        if token.kind == Kind::Sign {
            pending = stop_of(word);
            if word == "@" && !token.spaced {
                // A mail address.
                clause.all |= OUTSIDE;
            }
        } else {
            if clause.n == MAX_WORDS {
                close(&mut clause, Stop::Soft, idx, emit);
            }
            if clause.n == 0 {
                clause.from = idx;
            }
            clause.push(classes);
        }
        previous = Some(token);
    }
    let last = pending.map_or(Stop::Hard, |(stop, _)| stop);
    close(&mut clause, last, items.len(), emit);
}

/// Classes of a token; a name's are those of its parts.
fn classes_of(segments: &Segments<'_>, token: &Token, word: &str) -> u64 {
    match token.kind {
        Kind::Sign => 0,
        Kind::Number if is_iban(word) => CITED | IBAN,
        Kind::Number => CITED,
        Kind::Word => {
            let mut classes = lexicon::classes(word);
            if classes == 0 && word.contains('_') {
                classes = word.split('_').fold(0, |all, part| all | lexicon::classes(part));
            }
            let first = segments
                .leaf(token)
                .and_then(|leaf| leaf.text.as_bytes().get(token.start as usize));
            if first.is_some_and(u8::is_ascii_uppercase) && !token.is_key {
                classes |= CITED;
                if is_iban(word) {
                    classes |= IBAN;
                }
            }
            classes
        }
    }
}

fn is_iban(word: &str) -> bool {
    let bytes = word.as_bytes();
    (bytes.len() == 4 || (15..=34).contains(&bytes.len()))
        && bytes.iter().take(2).all(u8::is_ascii_alphabetic)
        && bytes.iter().skip(2).take(2).all(u8::is_ascii_digit)
}

/// What a sign does to the clause, and whether it does so without a space behind it.
fn stop_of(sign: &str) -> Option<(Stop, bool)> {
    Some(match sign {
        "." | "!" | ";" | ".." | "!!" => (Stop::Hard, false),
        "?" | "??" => (Stop::Question, false),
        "," | ":" => (Stop::Soft, false),
        "。" | "！" | "；" => (Stop::Hard, true),
        "？" => (Stop::Question, true),
        "(" | ")" | "，" | "、" | "：" => (Stop::Soft, true),
        _ => return None,
    })
}

fn close(
    clause: &mut Clause,
    stop: Stop,
    end: usize,
    emit: &mut impl FnMut(Detector, Range<usize>),
) {
    if clause.all != 0 {
        let range = clause.from..end;
        let mut fire = |detector| emit(detector, range.clone());
        waived(clause, &mut fire);
        speaks_for(clause, &mut fire);
        // What is asked, told of, or to be explained is not ordered.
        if stop != Stop::Question && !clause.has(PAST) {
            unobserved(clause, &mut fire);
            secrets(clause, &mut fire);
            rights(clause, &mut fire);
            safeguards(clause, &mut fire);
            money(clause, &mut fire);
        }
    }
    let sentence = clause.before | clause.all;
    if stop == Stop::Soft {
        clause.before = sentence;
    } else {
        (clause.before, clause.last) = (0, sentence);
    }
    clause.clear();
}

/// Asking or telling is said to be needless.
fn waived(clause: &Clause, fire: &mut impl FnMut(Detector)) {
    if !clause.has(NEG | WITHOUT | UNNEEDED) || !clause.has(ASK | TELL) {
        return;
    }
    for (detector, what) in [(ConsentWaived, ASK), (KnowledgeWaived, TELL)] {
        let needless = clause.before(UNNEEDED, what, 6)
            || ((clause.before(NEG, NEED, 3)
                || clause.before(NEED, NEG, 1)
                || clause.before(NEED, POSTNO, 3)
                || clause.before(NEG, HAVE, 2))
                && clause.before(NEED | NEG, what, 7));
        let without = clause.before(WITHOUT, what, 4) && !clause.before(NEG, WITHOUT, 12);
        if (needless || without) && !clause.has(SECRET) {
            fire(detector);
        }
    }
}

/// It is said that nobody will notice.
fn unobserved(clause: &Clause, fire: &mut impl FnMut(Detector)) {
    if clause.before(NOBODY, WATCH, 2) && !clause.has(SECRET | MUST | ME) {
        fire(UnobservedClaim);
    }
}

fn secrets(clause: &Clause, fire: &mut impl FnMut(Detector)) {
    let sentence = clause.all | clause.before;
    if sentence & (NEG | CUSTODY | MASK | EXPLAIN) != 0 {
        return;
    }
    let placed = sentence & (FIELD | OUTSIDE) != 0;
    let named = sentence & SECRET != 0
        && ((placed
            && (clause.near(MOVE | OBTAIN, SECRET, 7) || clause.near(MOVE, FIELD | OUTSIDE, 6)))
            || (clause.head(MOVE, 2) && clause.before(MOVE, SECRET, 9)));
    let meant = clause.last & SECRET != 0
        && clause.last & (NEG | CUSTODY | MASK) == 0
        && clause.before(MOVE, PRONOUN, 2)
        && placed;
    if named || meant {
        fire(SecretDelivered);
    }
}

fn rights(clause: &Clause, fire: &mut impl FnMut(Detector)) {
    if clause.has(NEG) {
        return;
    }
    let named = clause.before(INTO, NAME, 2)
        && (clause.before(NAME, OF, 1) || clause.before(OTHERS, NAME, 1));
    let used = clause.before(USE, IDENTITY, 6) && clause.near(OTHERS | PERSON | RIGHT, IDENTITY, 3);
    let of = clause.before(USE, IDENTITY, 5)
        && clause.before(IDENTITY, OF, 1)
        && clause.before(OF, CITED, 1);
    let acted = clause.before(USE, AS, 3) && clause.before(AS, RIGHT | CITED | OTHERS, 3);
    let replaced = clause.before(INSTEAD, ME, 3);
    let taken = (clause.has(POSING) || named || used || of || acted) && !clause.has(ME);
    if (taken || replaced) && !clause.has(REFUSED) {
        fire(BorrowedIdentity);
    }
}

fn safeguards(clause: &Clause, fire: &mut impl FnMut(Detector)) {
    if clause.before(NEG, LIMIT, 1)
        || (!clause.has(NEG) && (clause.near(LIMIT, UNBOUNDED, 5) || clause.near(LIMIT, BIGGER, 5)))
    {
        fire(LimitLifted);
    }
    if clause.has(NEG | EXPLAIN) {
        return;
    }
    if clause.near(OFF, SAFEGUARD, 5) && !clause.has(REFUSED) && !clause.before(OFF, BY, 1) {
        fire(SafeguardLifted);
    }
}

fn money(clause: &Clause, fire: &mut impl FnMut(Detector)) {
    let sentence = clause.all | clause.before;
    let number = clause.has(IBAN) && clause.before(TO | NEWLY, IBAN, 3);
    let moved = clause.has(PAYEE) && sentence & NEWLY != 0;
    if (number || moved) && sentence & PAY != 0 && sentence & (NEG | CALLBACK | HALT) == 0 {
        fire(PayeeRedirected);
    }
}

/// What speaks for a frame.
fn speaks_for(clause: &Clause, fire: &mut impl FnMut(Detector)) {
    const RISKY: u64 = MOVE | OBTAIN | OFF | WIDEN | POSING | BIGGER;
    const VALUED: u64 = SECRET | PERSONAL | SAFEGUARD | RIGHT | IDENTITY;
    if (clause.has(NEG | POSTNO) || clause.has(EVEN)) && !clause.has(NEED | UNNEEDED) {
        let verb = clause.before(NEG, RISKY, 4) || clause.before(RISKY, POSTNO, 4);
        let ruled = clause.before(MUST, NEG, 1)
            && clause.before(NEG, RISKY | USE | DETOUR, 4)
            && !clause.has(ASK | TELL);
        let firm = clause.before(EVEN, COND, 1)
            && (clause.before & NEG != 0 || clause.before(NEG, EVEN, MAX_WORDS))
            && !clause.has(WITHOUT);
        if ruled
            || firm
            || clause.before(NEG, DETOUR, 4)
            || clause.before(DETOUR, POSTNO, 3)
            || (verb && clause.near(RISKY, VALUED, 7))
        {
            fire(RiskProhibited);
        }
        if clause.before(NEG, WITHOUT, 12) && clause.before(WITHOUT, ASK, 4) {
            fire(PersonDecides);
        }
    } else if !clause.has(NEG | WITHOUT) {
        if (clause.head(TURNTO, 4) && clause.before(TURNTO, PERSON, 4))
            || (clause.has(STOP)
                && (clause.all | clause.before | clause.last) & (TURNTO | REFUSED) != 0)
            || (clause.before(PERSON, MUST | NEED, 4) && clause.before(MUST | NEED, ASK, 4))
        {
            fire(PersonDecides);
        }
        let by = clause.before(APPROVED, BY, 1) && clause.before(BY, CITED | PERSON, 2);
        if (by && !clause.has(ME | AGENT))
            || (clause.has(CALLBACK) && (clause.all | clause.before) & (PAY | ASK | SAFEGUARD) != 0)
        {
            fire(SecondPerson);
        }
    }
    if clause.has(RIGHT) && clause.has(BOUND) && !clause.has(UNBOUNDED | NEG) {
        fire(BoundedRight);
    }
    if clause.has(SECRET) && clause.has(CUSTODY | MASK) {
        fire(SecretInCustody);
    }
}
