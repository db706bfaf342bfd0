//! Signs: one pass over the bytes of every leaf, a look ahead where a byte can start something.

#![allow(clippy::enum_glob_use, reason = "tables of detectors read better without the prefix")]

use super::Detector::{self, *};
use crate::segment::Segments;
use core::ops::Range;

pub(super) fn scan(segments: &Segments<'_>, emit: &mut impl FnMut(Detector, Range<usize>)) {
    let items = segments.tokens.items();
    for (number, leaf) in segments.leaves.iter().enumerate() {
        let number = number as u32;
        scan_text(leaf.text, &mut |detector, span: Range<usize>| {
            // Tokens are sorted by leaf, then place; names stand at the front with place 0.
            let start = items.partition_point(|t| {
                t.leaf < number
                    || (t.leaf == number && (t.is_key || (t.end as usize) <= span.start))
            });
            let n = items
                .get(start..)
                .unwrap_or(&[])
                .iter()
                .take_while(|t| t.leaf == number && !t.is_key && (t.start as usize) < span.end)
                .count();
            if n > 0 {
                emit(detector, start..start + n);
            }
        });
    }
}

/// Longest look ahead.
const REACH: usize = 96;

/// Calls `emit(detector, bytes)`; every span starts and ends inside the text.
fn scan_text(text: &str, emit: &mut impl FnMut(Detector, Range<usize>)) {
    let bytes = text.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        let found = match byte {
            0x1b => terminal(bytes, at + 1),
            b'\\' => escape(bytes, at),
            b'/' => slash(bytes, at),
            b'.' => dot(bytes, at),
            b'$' => dollar(bytes, at),
            b'`' => backtick(bytes, at),
            b'|' | b';' | b'&' => separator(bytes, at),
            b'<' => less(bytes, at),
            b'>' => greater(bytes, at),
            b'%' => percent(bytes, at),
            b'\'' => quote(bytes, at),
            b'{' => brace(bytes, at),
            b'"' => starts(bytes, at, b"\"jsonrpc").then_some((EmbeddedRpc, 9)),
            b'[' => (starts(bytes, at, b"[inst]")
                || starts(bytes, at, b"[system]")
                || starts(bytes, at, b"[assistant]"))
            .then_some((RoleDelimiter, 6)),
            b':' => role_line(bytes, at),
            b'#' => (starts(bytes, at, b"### system") || starts(bytes, at, b"### instruction"))
                .then_some((RoleDelimiter, 10)),
            _ => None,
        };
        if let Some((detector, len)) = found {
            emit(detector, at..(at + len).min(bytes.len()));
        }
    }
}

type Found = Option<(Detector, usize)>;

/// Whether `pattern` (lower case) stands at `at`, in any case.
pub(super) fn starts(bytes: &[u8], at: usize, pattern: &[u8]) -> bool {
    bytes.get(at..at + pattern.len()).is_some_and(|found| found.eq_ignore_ascii_case(pattern))
}

pub(super) fn get(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

pub(super) fn before(bytes: &[u8], at: usize) -> u8 {
    at.checked_sub(1).map_or(0, |i| get(bytes, i))
}

/// What stands behind the ESC of a control sequence.
fn terminal(bytes: &[u8], at: usize) -> Found {
    match get(bytes, at) {
        b'[' => {
            let rest = bytes.get(at + 1..).unwrap_or(&[]);
            let len = rest
                .iter()
                .take(REACH)
                .take_while(|b| matches!(b, b'0'..=b'9' | b';' | b'?' | b'>' | b'='))
                .count();
            let parameters = rest.get(..len).unwrap_or(&[]);
            match get(rest, len) {
                // Concealed text is no style; every other attribute is.
                b'm' if parameters.split(|b| *b == b';').any(|p| p == b"8") => {
                    Some((TerminalTakeover, len + 3))
                }
                b'm' | b'K' | b'A' | b'G' => Some((TerminalStyle, len + 3)),
                b'J' | b'H' | b'f' | b'h' | b'l' | b'n' | b't' | b'c' | b'r' | b's' | b'u'
                | b'i' | b'q' => Some((TerminalTakeover, len + 3)),
                _ => None,
            }
        }
        // Hyperlinks are style; titles, clipboards and the rest are not.
        b']' if starts(bytes, at, b"]8;") => Some((TerminalStyle, 3)),
        b']' | b'P' | b'_' | b'^' | b'c' => Some((TerminalTakeover, 3)),
        _ => None,
    }
}

/// ESC written out, as in program text.
fn escape(bytes: &[u8], at: usize) -> Found {
    let len = [b"\\x1b".as_slice(), b"\\u001b", b"\\u{1b}", b"\\033", b"\\e"]
        .iter()
        .find(|form| starts(bytes, at, form))?
        .len();
    match get(bytes, at + len) {
        b'[' | b']' | b'P' => {
            terminal(bytes, at + len).map(|(detector, more)| (detector, len + more))
        }
        _ => None,
    }
}

fn slash(bytes: &[u8], at: usize) -> Found {
    if starts(bytes, at, b"/proc/") {
        // Any process: a number, self, a variable, a substitution with spaces.
        let rest = bytes.get(at + 6..).unwrap_or(&[]);
        let depth = rest.iter().take(40).position(|b| *b == b'/')?;
        let tail = at + 6 + depth;
        if starts(bytes, tail, b"/fd") || starts(bytes, tail, b"/task/") {
            return Some((ProcFd, depth + 9));
        }
        return starts(bytes, tail, b"/environ").then_some((SecretPath, depth + 14));
    }
    if starts(bytes, at, b"/dev/") {
        let rest = at + 5;
        let is = |name: &[u8]| starts(bytes, rest, name);
        return if is(b"tty") || is(b"pts") || is(b"ptmx") || is(b"console") {
            Some((TtyDevice, 9))
        } else if is(b"fd/") || is(b"stdin") || is(b"stdout") {
            Some((ProcFd, 9))
        } else if is(b"tcp/") || is(b"udp/") {
            Some((NetworkShell, 9))
        } else {
            None
        };
    }
    if starts(bytes, at, b"/etc/shadow")
        || starts(bytes, at, b"/etc/passwd")
        || starts(bytes, at, b"/etc/sudoers")
        || starts(bytes, at, b"/.ssh")
        || starts(bytes, at, b"/.aws")
        || starts(bytes, at, b"/.kube")
        || starts(bytes, at, b"/.gnupg")
        || starts(bytes, at, b"/run/secrets")
        || starts(bytes, at, b"/secrets/kubernetes")
    {
        return Some((SecretPath, 11));
    }
    None
}

fn dot(bytes: &[u8], at: usize) -> Found {
    let edge = |b: u8| !b.is_ascii_alphanumeric() && b != b'_';
    if starts(bytes, at, b".env") && edge(before(bytes, at)) && edge(get(bytes, at + 4)) {
        return Some((SecretPath, 4));
    }
    for name in [
        b".netrc".as_slice(),
        b".npmrc",
        b".pgpass",
        b".git-credentials",
        b".pem",
        b".pfx",
        b".kdbx",
    ] {
        if starts(bytes, at, name) && edge(get(bytes, at + name.len())) {
            return Some((SecretPath, name.len()));
        }
    }
    if before(bytes, at) == b'.' {
        return None;
    }
    let climbs = [b"../..".as_slice(), b"..\\..", b"..%2f", b"..%5c", b"....//", b"..;/"];
    if climbs.iter().any(|pattern| starts(bytes, at, pattern)) {
        return Some((PathTraversal, 5));
    }
    let roots = [b"../etc".as_slice(), b"../root", b"../proc", b"../windows", b"../.ssh", b"../.."];
    roots.iter().any(|pattern| starts(bytes, at, pattern)).then_some((PathTraversal, 6))
}

fn dollar(bytes: &[u8], at: usize) -> Found {
    match get(bytes, at + 1) {
        b'(' if get(bytes, at + 2) != b'(' => Some((CommandSubstitution, 12)),
        b'{' if starts(bytes, at, b"${ifs") => Some((CommandSubstitution, 6)),
        b'{' if starts(bytes, at, b"${jndi") || starts(bytes, at, b"${t(") => {
            Some((TemplateBreakout, 6))
        }
        b'W' | b'w' if starts(bytes, at, b"$where") => Some((SqlBreakout, 6)),
        b'I' | b'i' if starts(bytes, at, b"$ifs") => Some((CommandSubstitution, 4)),
        b'P' | b'p' if starts(bytes, at, b"$ppid") => Some((ParentPipe, 5)),
        _ => None,
    }
}

fn backtick(bytes: &[u8], at: usize) -> Found {
    let rest = bytes.get(at + 1..).unwrap_or(&[]);
    let len = rest.iter().take(REACH).position(|b| matches!(b, b'`' | b'\n'))?;
    if get(rest, len) != b'`' || !rest.get(..len)?.contains(&b' ') {
        return None;
    }
    command_len(bytes, at + 1).map(|_| (BacktickCommand, len + 2))
}

/// Programs that attackers chain; ordinary words among them need more context to count.
const COMMANDS: [&[u8]; 58] = [
    b"sh",
    b"bash",
    b"zsh",
    b"dash",
    b"ksh",
    b"cmd",
    b"powershell",
    b"pwsh",
    b"curl",
    b"wget",
    b"nc",
    b"ncat",
    b"socat",
    b"python",
    b"python3",
    b"perl",
    b"ruby",
    b"node",
    b"php",
    b"cat",
    b"id",
    b"whoami",
    b"env",
    b"printenv",
    b"rm",
    b"dd",
    b"tee",
    b"nohup",
    b"exec",
    b"eval",
    b"xargs",
    b"crontab",
    b"chmod",
    b"chown",
    b"sudo",
    b"base64",
    b"xxd",
    b"openssl",
    b"scp",
    b"ssh",
    b"rsync",
    b"tar",
    b"mail",
    b"sendmail",
    b"nslookup",
    b"dig",
    b"echo",
    b"printf",
    b"touch",
    b"kill",
    b"useradd",
    b"usermod",
    b"systemctl",
    b"iptables",
    b"sleep",
    b"uname",
    b"ifconfig",
    b"at",
];

/// Length of the command word at `at` (with its folder), if one of the list stands there.
pub(super) fn command_len(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    let len = rest
        .iter()
        .take(40)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'.' | b'-'))
        .count();
    let word = rest.get(..len)?;
    let base = word.rsplit(|b| *b == b'/').next().unwrap_or(word);
    COMMANDS.iter().any(|command| base.eq_ignore_ascii_case(command)).then_some(len)
}

pub(super) fn skip_spaces(bytes: &[u8], mut at: usize) -> usize {
    while get(bytes, at) == b' ' {
        at += 1;
    }
    at
}

fn separator(bytes: &[u8], at: usize) -> Found {
    let sign = get(bytes, at);
    let double = get(bytes, at + 1) == sign;
    // The second half of a pair, and a descriptor's ampersand, separate nothing.
    if before(bytes, at) == sign || matches!(before(bytes, at), b'>' | b'<') {
        return None;
    }
    if sign == b'&' && !double {
        return None;
    }
    let start = skip_spaces(bytes, at + 1 + usize::from(double));
    let len = command_len(bytes, start)?;
    let behind = skip_spaces(bytes, start + len);
    // A table's cell, or a word of a sentence.
    if sign == b'|' && !double && get(bytes, behind) == b'|' && get(bytes, behind + 1) != b'|' {
        return None;
    }
    let word = bytes.get(start..start + len)?;
    let interpreter = [
        b"sh".as_slice(),
        b"bash",
        b"zsh",
        b"python",
        b"python3",
        b"perl",
        b"node",
        b"php",
        b"ruby",
    ];
    let base = word.rsplit(|b| *b == b'/').next().unwrap_or(word);
    if sign == b'|' && !double && interpreter.iter().any(|name| base.eq_ignore_ascii_case(name)) {
        return Some((PipeToInterpreter, start + len - at));
    }
    Some((ShellChain, start + len - at))
}

fn less(bytes: &[u8], at: usize) -> Found {
    match get(bytes, at + 1) {
        b'&' if matches!(get(bytes, at + 2), b'0'..=b'9' | b'-' | b'$') => Some((FdDuplication, 3)),
        b'>' if before(bytes, at).is_ascii_digit() => Some((FdDuplication, 2)),
        b'(' if before(bytes, at) == b' ' => Some((CommandSubstitution, 12)),
        b'!' if starts(bytes, at, b"<!--") => Some((HiddenMarkup, 4)),
        b'|' if get(bytes, at + 2).is_ascii_alphabetic() => Some((RoleDelimiter, 8)),
        b'%' if get(bytes, at + 2) == b'=' => Some((TemplateBreakout, 3)),
        _ => {
            let tags = [
                b"<system".as_slice(),
                b"<important",
                b"<instruction",
                b"<assistant",
                b"</tool",
                b"<admin",
                b"<secret",
                b"<hidden",
            ];
            tags.iter().find(|tag| starts(bytes, at, tag)).map(|tag| (RoleDelimiter, tag.len()))
        }
    }
}

fn greater(bytes: &[u8], at: usize) -> Found {
    if get(bytes, at + 1) != b'&' {
        return None;
    }
    let target = get(bytes, at + 2);
    // Errors to the output, or output to the errors: every build script has them.
    let ordinary = target == b'2' || (target == b'1' && before(bytes, at) == b'2');
    let counts = matches!(target, b'0'..=b'9' | b'-' | b'$') && !ordinary;
    counts.then_some((FdDuplication, 3))
}

fn percent(bytes: &[u8], at: usize) -> Found {
    if starts(bytes, at, b"%2e%2e") || starts(bytes, at, b"%252e") {
        return Some((PathTraversal, 6));
    }
    let controls = [b"%00".as_slice(), b"%0a", b"%0d"];
    controls.iter().any(|c| starts(bytes, at, c)).then_some((EncodedControl, 3))
}

fn quote(bytes: &[u8], at: usize) -> Found {
    let mut next = skip_spaces(bytes, at + 1);
    if get(bytes, next) == b')' {
        next = skip_spaces(bytes, next + 1);
    }
    let is = |word: &[u8]| starts(bytes, next, word);
    if is(b"--") && !get(bytes, next + 2).is_ascii_alphabetic() {
        return Some((SqlBreakout, 4));
    }
    for word in [b"or ".as_slice(), b"and ", b"|| "] {
        if is(word) {
            let operand = get(bytes, skip_spaces(bytes, next + word.len()));
            return matches!(operand, b'\'' | b'0'..=b'9').then_some((SqlBreakout, 6));
        }
    }
    if is(b"||(") || is(b"|| (") {
        return Some((SqlBreakout, 4));
    }
    if is(b"union ") {
        return Some((SqlBreakout, 7));
    }
    if get(bytes, next) == b';' {
        next = skip_spaces(bytes, next + 1);
        let verbs = [
            b"drop ".as_slice(),
            b"delete ",
            b"update ",
            b"insert ",
            b"alter ",
            b"grant ",
            b"exec ",
            b"--",
        ];
        if verbs.iter().any(|verb| starts(bytes, next, verb)) {
            return Some((SqlBreakout, next + 4 - at));
        }
    }
    None
}

fn brace(bytes: &[u8], at: usize) -> Found {
    let next = get(bytes, at + 1);
    if next == b'%' && get(bytes, at + 2) == b' ' {
        return Some((TemplateBreakout, 3));
    }
    if next != b'{' || before(bytes, at) == b'$' || before(bytes, at) == b'{' {
        return None;
    }
    // A placeholder is a name; an expression has operators or calls.
    let rest = bytes.get(at + 2..).unwrap_or(&[]);
    let len = rest.iter().take(REACH).position(|b| *b == b'}')?;
    let body = rest.get(..len)?;
    body.iter()
        .any(|b| matches!(b, b'(' | b'*' | b'[' | b'+'))
        .then_some((TemplateBreakout, len + 4))
}

/// `system:` and the like at the start of a line.
fn role_line(bytes: &[u8], at: usize) -> Found {
    for name in [b"system".as_slice(), b"assistant", b"developer", b"human", b"user"] {
        let Some(start) = at.checked_sub(name.len()) else { continue };
        if starts(bytes, start, name) && matches!(before(bytes, start), 0 | b'\n' | b'*' | b'#') {
            return (get(bytes, at + 1) == b' ').then_some((RoleDelimiter, 1));
        }
    }
    None
}
