//! Word classes near each other.

#![allow(
    clippy::enum_glob_use,
    clippy::wildcard_imports,
    reason = "tables of detectors and word classes read better without the prefix"
)]

use super::Detector::{self, *};
use crate::{
    segment::Segments,
    tokenize::{Kind, lexicon::*},
};
use alloc::vec::Vec;
use core::ops::Range;

/// Fires where one word each of `sets` stands within `gap` words; a word may serve for several
/// sets only if it is of several classes, so sets of a rule are disjoint where that matters.
struct Rule {
    detector: Detector,
    sets: &'static [u64],
    gap: usize,
}

const fn rule(detector: Detector, gap: usize, sets: &'static [u64]) -> Rule {
    Rule { detector, sets, gap }
}

const ANY_WRITE: u64 = WRITE | SEND | GRANT | DESTRUCT;

static RULES: &[Rule] = &[
    rule(InstructionOverride, 8, &[OVERRIDE, PRIOR | ALL, INSTRUCTION]),
    rule(InstructionVoided, 8, &[VOID | DISABLE, INSTRUCTION, PRIOR | ALL | NEGATION]),
    rule(AssistantAddressed, 7, &[ASSISTANT, MODAL]),
    rule(
        AssistantTasked,
        9,
        &[ASSISTANT, SEND | WRITE | DESTRUCT | READ, YOU | NOW | MODAL | SINK | ALL],
    ),
    rule(RoleChange, 4, &[YOU | ASSISTANT, NOW | ROLE, PRIVWORD | ROLE | ASSISTANT | SYSTEMWORD]),
    rule(RoleChange, 5, &[YOU, ROLE]),
    rule(PlatformNotice, 3, &[SYSTEMWORD, NOTICE | INSTRUCTION]),
    rule(Concealment, 7, &[NEGATION, TELL, USER | ANSWER]),
    rule(
        Concealment,
        7,
        &[NEGATION | CONCEAL, TELL | ANSWER, TOOLUSE | ANSWER | CHANGE, USER | YOU],
    ),
    rule(CovertManner, 7, &[CONCEAL, SEND | TOOLUSE | ANY_WRITE | READ]),
    rule(AnswerSteering, 9, &[TELL | ANSWER | WRITE, USER | ANSWER, ONLY | INSTEAD | MODAL]),
    rule(
        ConditionalTrigger,
        12,
        &[
            CONDITION,
            ASSISTANT | ANSWER | YOU,
            SEND | DESTRUCT | READ | TOOLUSE,
            SINK | SECRET | ALL | MODAL,
        ],
    ),
    rule(OrderBeforeUse, 10, &[BEFORE, TOOLUSE, READ | SEND | WRITE]),
    rule(ToolShadowing, 8, &[INSTEAD, TOOLUSE, IDENTIFIER]),
    rule(ToolShadowing, 8, &[OVERRIDE, IDENTIFIER]),
    rule(
        ContextCapture,
        8,
        &[CONVERSATION, SEND | WRITE | READ, ALL | YOU | IDENTIFIER | MODAL | SINK],
    ),
    rule(SecretRequired, 8, &[MODAL | BEFORE, TOOLUSE, SECRET | SECRETPATH]),
    rule(SecretRead, 6, &[READ, SECRET | SECRETPATH]),
    rule(SecretSent, 12, &[SECRET | SECRETPATH, SEND, SINK | IDENTIFIER]),
    rule(SecretSent, 5, &[SECRET | SECRETPATH, SEND]),
    rule(OutboundSink, 8, &[SEND, SINK]),
    rule(NetworkCommand, 6, &[NETTOOL, SINK]),
    rule(MassDeletion, 4, &[DESTRUCT, ALL]),
    rule(PrivilegeGrant, 6, &[GRANT, PRIVWORD]),
    rule(PrivilegeCommand, 1, &[PRIVCOMMAND]),
    rule(WildcardScope, 4, &[ALL, PRIVWORD | USER]),
    rule(CheckDisabled, 5, &[DISABLE, CONTROL]),
    rule(ApprovalBypass, 4, &[NEGATION | DISABLE, APPROVAL]),
    rule(PtySpawn, 1, &[PTYCALL]),
    rule(TerminalAttach, 6, &[TERMINAL, INHERIT | TAKEOVER]),
    rule(FdDuplication, 1, &[FDCALL]),
    rule(FdDuplication, 5, &[INHERIT, STDIO, NUMBERED]),
    rule(ParentPipe, 6, &[PARENT, PIPE | STDIO, WRITE | INHERIT | READ | TAKEOVER]),
    rule(ChildOnStdio, 9, &[SPAWN | SHELL | EXECCALL, STDIO | PIPE, INHERIT | PARENT]),
    rule(InheritedDescriptors, 4, &[INHERIT, STDIO | PIPE]),
    rule(ExecReplacement, 6, &[EXECCALL, SHELL | INTERPRETER | NETTOOL | STDIO]),
    rule(ServerReplaced, 7, &[PARENT, TAKEOVER, STDIO | PIPE | SHELL | SPAWN | RPC]),
    rule(InteractiveShell, 3, &[SHELL, TERMINAL | PTYCALL]),
    rule(NetworkShell, 8, &[SHELL | EXECCALL, SOCKET | NETTOOL, SPAWN | FDCALL | STDIO | PTYCALL]),
    rule(RpcToStream, 10, &[RPC, WRITE, STDIO | PIPE | PARENT]),
    rule(DecodeAndRun, 7, &[ENCODE, SHELL | EXECCALL | INTERPRETER]),
    rule(HostileTelemetry, 1, &[HOSTILE]),
    rule(HostileTelemetry, 5, &[FAILURE, FAILURE, NUMBERED | ALL]),
    rule(LogTampering, 5, &[LOGS, DESTRUCT | DISABLE]),
    rule(PaymentChange, 6, &[MONEY, CHANGE]),
    rule(ReportedBlock, 1, &[MITIGATED]),
    rule(TeachingMaterial, 1, &[TEACHING]),
    rule(CitedApproval, 3, &[APPROVED, APPROVED | IDENTIFIER | NUMBERED]),
    rule(OwnStreams, 4, &[OWN, PIPE | STDIO]),
    rule(OwnStreams, 4, &[NEGATION, INHERIT]),
];

/// Words that say a stream is not shared; too few and too common for a class of the lexicon.
const OWN_WORDS: [&str; 7] =
    ["own", "null", "devnull", "captured", "separate", "private", "closed"];

// Classes that only rules use: they follow from a token's kind or form.
const NUMBERED: u64 = 1 << 62;
const OWN: u64 = 1 << 61;

struct Word {
    classes: u64,
    /// Classes of this word and the [`REACH`] behind it.
    ahead: u64,
    token: usize,
}

/// No rule's gap is longer.
const REACH: usize = 15;
const _: () = {
    let mut idx = 0;
    while idx < RULES.len() {
        assert!(RULES[idx].gap <= REACH);
        idx += 1;
    }
};

pub(super) fn scan(segments: &Segments<'_>, emit: &mut impl FnMut(Detector, Range<usize>)) {
    let items = segments.tokens.items();
    let mut words = Vec::with_capacity(items.len());
    let mut all = 0u64;
    for (token, item) in items.iter().enumerate() {
        if item.kind == Kind::Sign {
            continue;
        }
        let mut classes = item.classes;
        if item.kind == Kind::Number
            || segments.tokens.word(item).as_bytes().first().is_some_and(u8::is_ascii_digit)
        {
            classes |= NUMBERED;
        } else if classes & !STOP == 0 || classes & CONCEAL != 0 {
            let word = segments.tokens.word(item);
            if word.len() <= 8 && OWN_WORDS.contains(&word) {
                classes |= OWN;
            }
        }
        all |= classes;
        words.push(Word { classes, ahead: classes, token });
    }
    // Doubling: behind step 2^k each word knows the classes of 2^(k+1) words.
    for shift in [1, 2, 4, 8] {
        for idx in 0..words.len() {
            let behind = words.get(idx + shift).map_or(0, |word| word.ahead);
            if let Some(word) = words.get_mut(idx) {
                word.ahead |= behind;
            }
        }
    }
    // Most rules need a class that the frame does not have.
    let union = |rule: &Rule| rule.sets.iter().fold(0, |union, set| union | set);
    let possible: Vec<(&Rule, u64)> = RULES
        .iter()
        .filter(|rule| rule.sets.iter().all(|set| all & set != 0))
        .map(|rule| (rule, union(rule)))
        .collect();
    let any = possible.iter().fold(0, |any, (_, union)| any | union);
    for (first, word) in words.iter().enumerate() {
        if word.classes & any == 0 {
            continue;
        }
        for (rule, union) in &possible {
            // Whether this word can stand for the first word of a match.
            if word.classes & union == 0 || rule.sets.iter().any(|set| word.ahead & set == 0) {
                continue;
            }
            if let Some(last) = complete(rule, &words, first) {
                let end = words.get(last).map_or(word.token, |w| w.token) + 1;
                emit(rule.detector, word.token..end);
            }
        }
    }
}

/// Position of the word that completes `rule` when it starts at `first`.
fn complete(rule: &Rule, words: &[Word], first: usize) -> Option<usize> {
    let mut met = 0u32;
    let wanted = (1u32 << rule.sets.len()) - 1;
    for (idx, word) in words.iter().enumerate().skip(first).take(rule.gap + 1) {
        // Each word serves for one unmet set: two different words are needed for two sets.
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
