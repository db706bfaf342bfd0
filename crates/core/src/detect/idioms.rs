//! Token sequences as programs and shells are written.

#![allow(clippy::enum_glob_use, reason = "tables of detectors read better without the prefix")]

use super::Detector::{self, *};
use crate::{segment::Segments, tokenize::Token};
use core::ops::Range;

/// Tokens separated by spaces, as the tokenizer cuts them: a repeated sign is one token of two.
static IDIOMS: &[(Detector, &str)] = &[
    (MassDeletion, "rm - rf"),
    (MassDeletion, "rm - fr"),
    (MassDeletion, "rm - r"),
    (MassDeletion, "drop table"),
    (MassDeletion, "drop database"),
    (MassDeletion, "del / s"),
    (SqlBreakout, "union select"),
    (SqlBreakout, "union all select"),
    (SqlBreakout, "or 1 = 1"),
    (SqlBreakout, "or ' 1 ' ="),
    (SqlBreakout, "into outfile"),
    (SqlBreakout, "pg_sleep"),
    (SqlBreakout, "xp_cmdshell"),
    (SqlBreakout, "information_schema"),
    (TemplateBreakout, "__class__"),
    (TemplateBreakout, "__import__"),
    (TemplateBreakout, "__globals__"),
    (TemplateBreakout, "__subclasses__"),
    (TemplateBreakout, "constructor . constructor"),
    (ExecOption, "-- upload - pack"),
    (ExecOption, "- oproxycommand"),
    (ExecOption, "proxycommand"),
    (ExecOption, "-- checkpoint - action"),
    (ExecOption, "-- use - compress - program"),
    (ExecOption, "- exec"),
    (ExecOption, "- execdir"),
    (ExecOption, "ext ::"),
    (ExecOption, "core . sshcommand"),
    (ExecOption, "ld_preload"),
    (ExecOption, "node_options"),
    (InlineCode, "python - c"),
    (InlineCode, "python3 - c"),
    (InlineCode, "perl - e"),
    (InlineCode, "ruby - e"),
    (InlineCode, "node - e"),
    (InlineCode, "php - r"),
    (InlineCode, "sh - c"),
    (InlineCode, "bash - c"),
    (InlineCode, "bash - lc"),
    (InlineCode, "cmd / c"),
    (InlineCode, "powershell - enc"),
    (InlineCode, "powershell - encodedcommand"),
    (InlineCode, "eval ("),
    (InlineCode, "os . system"),
    (InlineCode, "execsync"),
    (PrivilegeCommand, "-- privileged"),
    (PrivilegeCommand, "chmod + s"),
    (PrivilegeCommand, "pid : host"),
    (PrivilegeCommand, "docker . sock"),
    (WildcardScope, "0 . 0 . 0 . 0 / 0"),
    (WildcardScope, "\" * \""),
    (WildcardScope, "' * '"),
    (WildcardScope, "* : *"),
    (CheckDisabled, "-- no - verify"),
    (CheckDisabled, "-- insecure"),
    (CheckDisabled, "setenforce 0"),
    (CheckDisabled, "verify = false"),
    (CheckDisabled, "-- force"),
    (PtySpawn, "pty . spawn"),
    (PtySpawn, "pty . fork"),
    (PtySpawn, "node - pty"),
    (PtySpawn, "script - q"),
    (PtySpawn, "script - qc"),
    (PtySpawn, "script - qec"),
    (PtySpawn, "script - qfc"),
    (PtySpawn, "script - c"),
    (PtySpawn, "exec : / bin"),
    (PtySpawn, "expect - c"),
    (PtySpawn, "ssh - tt"),
    (PtySpawn, "unbuffer - p"),
    (TerminalAttach, "setctty"),
    (TerminalAttach, "setrawmode"),
    (TerminalAttach, "tcsetattr"),
    (TerminalAttach, "tiocsti"),
    (TerminalAttach, "tiocsctty"),
    (TerminalAttach, "stty raw"),
    (TerminalAttach, "stty - echo"),
    (FdDuplication, "dup2 ("),
    (FdDuplication, "coproc"),
    (ChildOnStdio, "stdio : ' inherit"),
    (ChildOnStdio, "stdio : \" inherit"),
    (ChildOnStdio, "stdio : inherit"),
    (ChildOnStdio, "stdio : [ 0"),
    (ChildOnStdio, "stdio : [ process"),
    (ChildOnStdio, "stdin = 0"),
    (ChildOnStdio, "stdin = sys"),
    (ChildOnStdio, "stdout = sys"),
    (ChildOnStdio, "stdin = inherit"),
    (ChildOnStdio, "stdin \" : \" inherit"),
    (ChildOnStdio, "stdin ( stdio :: inherit"),
    (ChildOnStdio, "stdout ( stdio :: inherit"),
    (ChildOnStdio, "pass_fds"),
    (ChildOnStdio, "close_fds = false"),
    (ChildOnStdio, ". stdin = os . stdin"),
    (ChildOnStdio, ". pipe ( process . stdout"),
    (ExecReplacement, "os . exec"),
    (ExecReplacement, "os . execv"),
    (ExecReplacement, "os . execve"),
    (ExecReplacement, "os . execvp"),
    (ExecReplacement, "os . execl"),
    (ExecReplacement, "os . execlp"),
    (ExecReplacement, "syscall . exec"),
    (ExecReplacement, "exec sh"),
    (ExecReplacement, "exec bash"),
    (ExecReplacement, "exec / bin"),
    (ExecReplacement, "exec / usr"),
    (ExecReplacement, "exec setsid"),
    (ExecReplacement, "exec nc"),
    (InteractiveShell, "sh - i"),
    (InteractiveShell, "bash - i"),
    (InteractiveShell, "bash -- noprofile"),
    (InteractiveShell, "zsh - i"),
    (InteractiveShell, "sh \" , \" - i"),
    (InteractiveShell, "sh ' , ' - i"),
    (InteractiveShell, "conhost . exe"),
    (InteractiveShell, "cmd / k"),
    (InteractiveShell, "cmd / q"),
    (NetworkShell, "nc - e"),
    (NetworkShell, "ncat - e"),
    (NetworkShell, "nc - lvp"),
    (NetworkShell, "socat tcp"),
    (NetworkShell, "socat exec"),
    (NetworkShell, "s . fileno"),
    (StreamWriteCode, "process . stdout . write"),
    (StreamWriteCode, "sys . stdout . write"),
    (StreamWriteCode, "sys . stdout . buffer"),
    (StreamWriteCode, "os . write ( 1"),
    (StreamWriteCode, "write ( 1 ,"),
    (StreamWriteCode, "writesync ( 1"),
    (StreamWriteCode, "fs . writesync"),
    (StreamWriteCode, "process . stdin . on"),
    (StreamWriteCode, "process . stdin . pipe"),
    (StreamWriteCode, "os . fdopen"),
    (StreamWriteCode, "system . out . println"),
    (SecretShape, "begin private key"),
    (SecretShape, "begin rsa private"),
    (SecretShape, "begin openssh private"),
    (TerminalTakeover, "esc ]"),
    (TerminalTakeover, "esc [ ?"),
    (TerminalTakeover, "esc p"),
    (StreamDiverted, "pidfd_getfd"),
    (StreamDiverted, "ptrace ( attach"),
    (StreamDiverted, "ptrace ( ptrace_attach"),
    (OwnStreams, "capture_output = true"),
    (OwnStreams, "close_fds = true"),
    (OwnStreams, "subprocess . devnull"),
    (OwnStreams, "- on - exec"),
    (OwnStreams, "< / dev / null"),
    (OwnStreams, "stdin = / dev / null"),
    (OwnStreams, "stdio : ' ignore"),
    (OwnStreams, "stdio : \" ignore"),
    (HiddenMarkup, "display : none"),
    (HiddenMarkup, "visibility : hidden"),
    (HiddenMarkup, "font - size : 0"),
    (HiddenMarkup, "color : white"),
    (HiddenMarkup, "opacity : 0"),
];

const BUCKETS: usize = 256;
const NONE: u8 = u8::MAX;
const _: () = assert!(IDIOMS.len() < NONE as usize);

const fn bucket(hash: u64) -> usize {
    (hash >> 24) as usize % BUCKETS
}

/// Hash of a word's bytes, as the tokenizer computes it.
const fn hash_of(bytes: &[u8], from: usize) -> (u64, usize) {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut at = from;
    while at < bytes.len() && bytes[at] != b' ' {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        at += 1;
    }
    (hash, at)
}

/// Most tokens of an idiom.
const MAX_TOKENS: usize = 9;

/// Token hashes of every idiom, 0 behind the last: comparing words would cost ten times as much.
const fn hashes() -> [[u64; MAX_TOKENS]; IDIOMS.len()] {
    let mut all = [[0; MAX_TOKENS]; IDIOMS.len()];
    let mut idx = 0;
    while idx < IDIOMS.len() {
        let bytes = IDIOMS[idx].1.as_bytes();
        let (mut at, mut n) = (0, 0);
        while at < bytes.len() {
            let (hash, end) = hash_of(bytes, at);
            all[idx][n] = hash;
            n += 1;
            at = end + 1;
        }
        idx += 1;
    }
    all
}

static HASHES: [[u64; MAX_TOKENS]; IDIOMS.len()] = hashes();

/// Idioms by the hash of their first token: heads of chains, and the chains.
const fn chains() -> ([u8; BUCKETS], [u8; 256]) {
    let (mut heads, mut next) = ([NONE; BUCKETS], [NONE; 256]);
    let mut idx = 0;
    while idx < IDIOMS.len() {
        let slot = bucket(HASHES[idx][0]);
        next[idx] = heads[slot];
        heads[slot] = idx as u8;
        idx += 1;
    }
    (heads, next)
}

static CHAINS: ([u8; BUCKETS], [u8; 256]) = chains();

pub(super) fn scan(segments: &Segments<'_>, emit: &mut impl FnMut(Detector, Range<usize>)) {
    let (heads, next) = &CHAINS;
    let items = segments.tokens.items();
    for (start, token) in items.iter().enumerate() {
        let mut idx = heads.get(bucket(token.hash)).copied().unwrap_or(NONE);
        while let Some(hashes) = HASHES.get(idx as usize) {
            let ahead = items.get(start..).unwrap_or(&[]);
            if let (Some(n), Some((detector, _))) =
                (matches(ahead, hashes), IDIOMS.get(idx as usize))
            {
                emit(*detector, start..start + n);
            }
            idx = next.get(idx as usize).copied().unwrap_or(NONE);
        }
    }
}

/// Number of tokens when an idiom stands at the front of `items`.
fn matches(items: &[Token], hashes: &[u64; MAX_TOKENS]) -> Option<usize> {
    let mut n = 0;
    for &hash in hashes.iter().take_while(|hash| **hash != 0) {
        if items.get(n)?.hash != hash {
            return None;
        }
        n += 1;
    }
    Some(n)
}
