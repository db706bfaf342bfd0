//! Escapes written out in the text: `\uXXXX`, `%XX` and HTML entities.
//!
//! An escape of an escape (`%2541`) is undone in the same step, so that
//! depth cannot be bought by stacking one syntax.

use super::{
    language::{hex_value, is_control},
    work::look_at,
};
use alloc::{string::String, vec::Vec};

/// With this many escapes the text is taken as encoded throughout, and control characters are
/// decoded too; below it they stay as they are written.
const MANY: usize = 8;

/// The text with `\uXXXX` read, or `None` if nothing changes.
pub(super) fn json_escapes(text: &str) -> Option<String> {
    let many = text.matches("\\u").count() >= MANY;
    if !many && !text.contains("\\u") {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        match json_escapes_of(line, many) {
            Some(line) => out.push_str(&line),
            None => out.push_str(line),
        }
    }
    (out != text).then_some(out)
}

fn json_escapes_of(line: &str, many: bool) -> Option<String> {
    // Inside a string that was escaped once more every backslash is doubled.
    let n_double = line.matches("\\\\u").count();
    let doubled = 2 * n_double > line.matches("\\u").count();
    replace(line, b'\\', |bytes, at| {
        let behind = behind_signs(bytes, at);
        let start = behind.saturating_sub(if doubled { 2 } else { 1 }).max(at);
        let read = unit_at(bytes, behind).and_then(|(mut unit, mut end)| {
            // `\u005cu0041` is an escaped escape.
            while unit == 0x5c {
                let Some((inner, after)) = unit_at(bytes, end) else { break };
                (unit, end) = (inner, after);
            }
            let mut code = unit;
            if (0xd800..0xdc00).contains(&unit) {
                let low = behind_signs(bytes, end);
                let (low, after) = unit_at(bytes, low).filter(|_| low > end)?;
                if !(0xdc00..0xe000).contains(&low) {
                    return None;
                }
                code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                end = after;
            }
            let c = char::from_u32(code)?;
            (many || !is_control(c)).then_some((c, end))
        });
        Some(match read {
            None => (Decoded::Nothing, behind),
            Some(_) if start > at => (Decoded::Nothing, start),
            Some((c, end)) => (Decoded::Char(c), end),
        })
    })
}

/// The end of a run of backslashes.
fn behind_signs(bytes: &[u8], at: usize) -> usize {
    let n_signs = bytes.get(at..).unwrap_or_default().iter().take_while(|&&b| b == b'\\').count();
    look_at(n_signs + 1);
    at + n_signs
}

/// The unit that `uXXXX` at a place stands for.
fn unit_at(bytes: &[u8], at: usize) -> Option<(u32, usize)> {
    if bytes.get(at) != Some(&b'u') {
        return None;
    }
    look_at(5);
    let mut code = 0;
    for place in at + 1..at + 5 {
        code = code << 4 | hex_value(bytes, place)? as u32;
    }
    Some((code, at + 5))
}

/// The text with `%XX` read, or `None` if nothing changes. A lone escape counts only inside a
/// word (`a%20b`): elsewhere it may be a format, a wildcard or a number.
pub(super) fn percent(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let n_escapes =
        (0..bytes.len()).filter(|&at| bytes[at] == b'%' && byte_at(bytes, at).is_some()).count();
    if n_escapes == 0 {
        return None;
    }
    replace(text, b'%', |bytes, at| {
        let glued =
            at > 0 && bytes.get(at - 1).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'.');
        if n_escapes == 1 && !glued {
            return None;
        }
        // A whole sequence of escapes is read at once: characters may need several bytes.
        let mut decoded = Vec::new();
        let mut end = at;
        while let Some((byte, after)) = byte_at(bytes, end) {
            decoded.push(byte);
            end = after;
        }
        if end == at {
            return None;
        }
        let text = String::from_utf8(decoded).ok();
        let text = text.filter(|text| n_escapes >= MANY || !text.chars().any(is_control));
        // A sequence that is no text is passed over as a whole, or time would be quadratic.
        Some((text.map_or(Decoded::Nothing, Decoded::Text), end))
    })
}

fn byte_at(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    if bytes.get(at) != Some(&b'%') {
        return None;
    }
    let mut end = at + 1;
    loop {
        look_at(2);
        let byte = hex_value(bytes, end)? << 4 | hex_value(bytes, end + 1)?;
        end += 2;
        // `%2541` is an escaped escape.
        let again =
            byte == b'%' && hex_value(bytes, end).is_some() && hex_value(bytes, end + 1).is_some();
        if !again {
            return Some((byte, end));
        }
    }
}

/// The entities that stand for one character and are known by name.
const ENTITIES: &[(&[u8], char)] = &[
    (b"lt;", '<'),
    (b"gt;", '>'),
    (b"amp;", '&'),
    (b"quot;", '"'),
    (b"apos;", '\''),
    (b"nbsp;", '\u{a0}'),
    (b"sol;", '/'),
    (b"colon;", ':'),
    (b"lpar;", '('),
    (b"rpar;", ')'),
    (b"period;", '.'),
    (b"Tab;", '\t'),
    (b"NewLine;", '\n'),
];

/// The text with HTML entities read, or `None` if nothing changes.
pub(super) fn html(text: &str) -> Option<String> {
    replace(text, b'&', |bytes, at| {
        let mut at = at;
        loop {
            let (c, end) = entity_at(bytes, at + 1)?;
            // `&amp;lt;` is an escaped escape.
            if c == '&' && entity_at(bytes, end).is_some() {
                at = end - 1;
                continue;
            }
            return (!is_control(c)).then_some((Decoded::Char(c), end));
        }
    })
}

fn entity_at(bytes: &[u8], at: usize) -> Option<(char, usize)> {
    look_at(8);
    let rest = bytes.get(at..)?;
    if rest.first() == Some(&b'#') {
        let hex = matches!(rest.get(1), Some(b'x' | b'X'));
        let start = 1 + usize::from(hex);
        let radix = if hex { 16 } else { 10 };
        let n_digits = rest.get(start..)?.iter().take(8).position(|&b| b == b';')?;
        let digits = core::str::from_utf8(rest.get(start..start + n_digits)?).ok()?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let c = char::from_u32(u32::from_str_radix(digits, radix).ok()?)?;
        return Some((c, at + start + n_digits + 1));
    }
    ENTITIES.iter().find(|(name, _)| rest.starts_with(name)).map(|(name, c)| (*c, at + name.len()))
}

enum Decoded {
    /// What was there stays.
    Nothing,
    Char(char),
    Text(String),
}

/// Calls `read(bytes, at)` at every `sign`; what it returns replaces the bytes up to the end it
/// names.
fn replace(
    text: &str,
    sign: u8,
    read: impl Fn(&[u8], usize) -> Option<(Decoded, usize)>,
) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = String::new();
    // Everything before `copied` is in `out`.
    let (mut at, mut copied) = (0, 0);
    while let Some(step) = bytes.get(at..).and_then(|rest| rest.iter().position(|&b| b == sign)) {
        at += step;
        look_at(step + 1);
        let Some((decoded, end)) = read(bytes, at) else {
            at += 1;
            continue;
        };
        if !matches!(decoded, Decoded::Nothing) {
            out.push_str(text.get(copied..at)?);
            copied = end;
        }
        match decoded {
            Decoded::Nothing => {}
            Decoded::Char(c) => out.push(c),
            Decoded::Text(text) => out.push_str(&text),
        }
        at = end;
    }
    if copied == 0 {
        return None;
    }
    out.push_str(text.get(copied..)?);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_escapes_are_read_with_surrogates() {
        let text = r"\u0069gn\u006fre \ud83d\ude00";
        assert_eq!(json_escapes(text).unwrap(), "ignore 😀");
        assert_eq!(json_escapes(r"\ud83d alone, \u12, C:\users"), None);
        assert_eq!(json_escapes(r"\u005cu005cu0041").unwrap(), "A");
        assert_eq!(json_escapes(r"\\u0069gn\\u006fre \\ud83d\\ude00").unwrap(), "ignore 😀");
        assert_eq!(json_escapes(r"C:\\users\\\\u12"), None);
        assert_eq!(json_escapes(r"P:\\u0061\u0062\u0063").unwrap(), r"P:\abc");
    }

    #[test]
    fn a_few_escaped_controls_stay_as_written() {
        assert_eq!(json_escapes(r"colour \u001b[32m"), None);
        assert_eq!(percent("a%00b%1bc"), None);
    }

    #[test]
    fn percent_escapes_are_read() {
        assert_eq!(percent("a%20b").unwrap(), "a b");
        assert_eq!(percent("..%2f..%2fetc").unwrap(), "../../etc");
        assert_eq!(percent("caf%C3%A9%20bar").unwrap(), "café bar");
        assert_eq!(percent("%252541%42").unwrap(), "AB");
        for text in ["100 %", "LIKE '%ad%'", "printf '%20d'", "5%", "%e9%zz", ""] {
            assert_eq!(percent(text), None, "{text}");
        }
    }

    #[test]
    fn entities_are_read() {
        assert_eq!(html("&lt;b&gt; &#105;&#x67; &amp;amp;lt;").unwrap(), "<b> ig <");
        assert_eq!(html("a && b &copy c&lt"), None);
    }
}
