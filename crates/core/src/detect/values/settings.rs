//! Names and their values: `approved_by=…`, `"mfa": false`, `PASSWORD=…`.

use super::{
    super::Detector::{
        self, BorrowedIdentity, BoundedRight, BroadRightSet, ControlValueOff, ControlValueOn,
        SecondPerson, SecretInClear, SecretInCustody, SelfApproval,
    },
    lexicon::{
        AGENT, ASK, LIMIT, MASK, NEED, OFF, RIGHT, SAFEGUARD, SECRET, TELL, UNBOUNDED, classes,
    },
};
use crate::tokenize::{Kind, Token};
use core::ops::Range;

/// People that are compared with the approver.
const MAX_ACTORS: usize = 6;

#[expect(clippy::struct_excessive_bools, reason = "what a name may be at once")]
#[derive(Clone, Copy, Default)]
struct Name {
    classes: u64,
    actor: bool,
    approver: bool,
    posing: bool,
    ranked: bool,
    ends: bool,
    at: usize,
}

/// Follows names and values through the tokens of a frame.
pub(super) struct Reader<'a> {
    /// The last word, if a value can follow it.
    word: Option<(&'a str, u64, usize)>,
    /// A name whose value comes next.
    name: Option<Name>,
    /// Whether the name is a member's.
    is_member: bool,
    sign: Sign,
    actors: [u64; MAX_ACTORS],
    n_actors: usize,
    approver: Option<(u64, usize)>,
}

/// The last sign, as far as values go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    None,
    /// Opens something that stands for a value.
    Placeholder,
    Other,
}

impl<'a> Reader<'a> {
    pub(super) const fn new() -> Self {
        Self {
            word: None,
            name: None,
            is_member: false,
            sign: Sign::None,
            actors: [0; MAX_ACTORS],
            n_actors: 0,
            approver: None,
        }
    }

    pub(super) fn token(
        &mut self,
        token: &Token,
        word: &'a str,
        classes: u64,
        at: usize,
        emit: &mut impl FnMut(Detector, Range<usize>),
    ) {
        if token.kind == Kind::Sign {
            self.sign(word, at, emit);
            return;
        }
        if token.is_key {
            if let Some(name) = self.name.take()
                && name.approver
                && self.is_member
            {
                emit(SelfApproval, name.at..at);
            }
            self.name = Some(name_of(word, classes, at));
            (self.word, self.is_member, self.sign) = (None, true, Sign::None);
            return;
        }
        if let Some(name) = self.name.take() {
            // A line break ends an empty value, except behind a member's name.
            if !token.new_line || self.is_member {
                self.value(name, token, word, classes, at, emit);
            }
        }
        self.is_member = false;
        self.word = (token.kind == Kind::Word).then_some((word, classes, at));
        self.sign = Sign::None;
    }

    fn sign(&mut self, sign: &str, at: usize, emit: &mut impl FnMut(Detector, Range<usize>)) {
        match sign {
            "=" | ":" => {
                if let Some((word, classes, at)) = self.word.take() {
                    self.name = Some(name_of(word, classes, at));
                }
            }
            "\"" | "'" | "\\" => {}
            "<" | "$" | "*" | "**" | "…" | ".." | "{" | "[" => {
                if let Some(name) = self.name
                    && name.classes & SECRET != 0
                    && !matches!(sign, "{" | "[")
                {
                    emit(SecretInCustody, name.at..at + 1);
                    self.name = None;
                }
                self.sign = Sign::Placeholder;
            }
            _ => {
                if sign != "-" && sign != "/" && sign != "@" && sign != "#" {
                    self.name = None;
                }
                (self.word, self.sign) = (None, Sign::Other);
            }
        }
    }

    fn value(
        &mut self,
        name: Name,
        token: &Token,
        word: &str,
        classes: u64,
        at: usize,
        emit: &mut impl FnMut(Detector, Range<usize>),
    ) {
        let range = name.at..at + 1;
        let off = is_off(word) || classes & OFF != 0;
        let on = is_on(word);
        if name.approver {
            if off || classes & AGENT != 0 || word == "self" {
                emit(SelfApproval, range.clone());
            } else {
                self.approver = Some((token.hash, at));
                if self.actors.contains(&token.hash) {
                    emit(SelfApproval, range.clone());
                } else {
                    emit(SecondPerson, range.clone());
                }
            }
        } else if name.actor {
            if let Some(slot) = self.actors.get_mut(self.n_actors) {
                *slot = token.hash;
                self.n_actors += 1;
            }
            if let Some((hash, by)) = self.approver
                && hash == token.hash
            {
                emit(SelfApproval, by..at + 1);
            }
        }
        if name.posing && classes & RIGHT != 0 {
            emit(BorrowedIdentity, range.clone());
        }
        if name.ranked && is_broad(word) {
            emit(BroadRightSet, range.clone());
        }
        if name.classes & SECRET != 0 && name.classes & (SAFEGUARD | LIMIT) == 0 {
            if off || classes & MASK != 0 || (self.sign == Sign::Placeholder) {
                emit(SecretInCustody, range.clone());
            } else if looks_random(word) {
                emit(SecretInClear, range.clone());
            }
        }
        if name.ends && token.kind == Kind::Number {
            emit(BoundedRight, range.clone());
        }
        if name.classes & LIMIT != 0 && (off || word == "0" || classes & UNBOUNDED != 0) {
            emit(ControlValueOff, range.clone());
        }
        if name.classes & (SAFEGUARD | ASK | TELL | NEED | OFF) != 0 && !name.approver {
            let inverse = name.classes & OFF != 0;
            if off || on {
                emit(if off == inverse { ControlValueOn } else { ControlValueOff }, range);
            }
        }
    }
}

/// Classes of the parts of a name, and what role it gives its value.
fn name_of(word: &str, own: u64, at: usize) -> Name {
    let mut all = own;
    let mut by = false;
    if word.contains('_') {
        for part in word.split('_') {
            all |= classes(part);
            by |= part == "by";
        }
    }
    let approver = (by && all & ASK != 0) || matches!(word, "approver" | "approvedby" | "reviewer");
    let actor = !approver
        && (by
            || matches!(
                word,
                "actor"
                    | "user"
                    | "requester"
                    | "author"
                    | "by"
                    | "account"
                    | "subject"
                    | "caller"
                    | "member"
                    | "target"
                    | "client"
                    | "app"
                    | "login"
                    | "acting"
                    | "who"
                    | "sender"
            ));
    if matches!(word, "override" | "ignore" | "force" | "silent" | "quiet" | "no_verify") {
        all |= OFF;
    }
    // A bare "key" names a place as often as a secret.
    if matches!(word, "key" | "keys" | "code" | "env" | "pin" | "codes") {
        all &= !SECRET;
    }
    let ranked = own & OFF == 0
        && (all & RIGHT != 0 || matches!(word, "level" | "grants" | "to" | "scope_after"))
        && !["old", "before", "request", "previous"].iter().any(|part| word.contains(part));
    let posing = matches!(
        word,
        "as_user" | "acting_as" | "act_as" | "run_as" | "on_behalf_of" | "login_as" | "as"
    );
    let ends = matches!(
        word,
        "expires"
            | "expires_at"
            | "expiry"
            | "valid_until"
            | "until"
            | "ends"
            | "valid_to"
            | "duration"
    );
    Name { classes: all, actor, approver, posing, ranked, ends, at }
}

fn is_off(word: &str) -> bool {
    matches!(
        word,
        "off"
            | "false"
            | "none"
            | "null"
            | "no"
            | "disabled"
            | "never"
            | "missing"
            | "nobody"
            | "absent"
            | "inactive"
            | "unset"
            | "empty"
            | "bypass"
            | "bypassed"
            | "skipped"
            | "nil"
    )
}

/// Roles and scopes that leave nothing out.
fn is_broad(word: &str) -> bool {
    matches!(
        word,
        "owner"
            | "admin"
            | "root"
            | "superuser"
            | "superadmin"
            | "administrator"
            | "write_all"
            | "company_admin"
            | "sysadmin"
            | "cluster_admin"
            | "full_control"
            | "unlimited"
    )
}

fn is_on(word: &str) -> bool {
    matches!(
        word,
        "on" | "true"
            | "ok"
            | "passed"
            | "yes"
            | "required"
            | "enabled"
            | "kept"
            | "active"
            | "satisfied"
            | "checked"
            | "verified"
            | "shown"
            | "valid"
            | "mandatory"
            | "done"
            | "force"
    )
}

/// Letters and digits mixed, as in generated values.
fn looks_random(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.len() >= 5
        && bytes.iter().any(u8::is_ascii_digit)
        && bytes.iter().any(u8::is_ascii_alphabetic)
}
