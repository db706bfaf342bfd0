//! The one serialiser that renders every frame, in any style.

use super::Value;
use alloc::string::String;
use core::fmt::Write as _;

/// How a document is spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spacing {
    /// No white space.
    Compact,
    /// A space behind colons and commas.
    Spaced,
    /// One member a line, indented by this many spaces.
    Pretty(u8),
}

/// How a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// White space.
    pub spacing: Spacing,
    /// Whether characters outside ASCII are written as `\u` escapes.
    pub ascii: bool,
}

/// Writes `value` in `style`.
pub fn write(value: &Value, style: Style) -> String {
    let mut out = String::new();
    write_value(&mut out, value, style, 0);
    out
}

fn write_value(out: &mut String, value: &Value, style: Style, depth: usize) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => out.push_str(number),
        Value::String(leaf) => write_string(out, &leaf.text, style.ascii),
        Value::Array(items) => {
            write_list(out, style, depth, ['[', ']'], items, |out, item| {
                write_value(out, item, style, depth + 1);
            });
        }
        Value::Object(members) => {
            write_list(out, style, depth, ['{', '}'], members, |out, (key, item)| {
                write_string(out, key, style.ascii);
                out.push_str(if style.spacing == Spacing::Compact { ":" } else { ": " });
                write_value(out, item, style, depth + 1);
            });
        }
    }
}

fn write_list<T>(
    out: &mut String,
    style: Style,
    depth: usize,
    brackets: [char; 2],
    items: &[T],
    mut item: impl FnMut(&mut String, &T),
) {
    let newline = |out: &mut String, depth: usize| {
        if let Spacing::Pretty(width) = style.spacing {
            out.push('\n');
            out.extend(core::iter::repeat_n(' ', width as usize * depth));
        }
    };
    out.push(brackets[0]);
    for (idx, entry) in items.iter().enumerate() {
        if idx > 0 {
            out.push_str(if style.spacing == Spacing::Spaced { ", " } else { "," });
        }
        newline(out, depth + 1);
        item(out, entry);
    }
    if !items.is_empty() {
        newline(out, depth);
    }
    out.push(brackets[1]);
}

fn write_string(out: &mut String, text: &str, ascii: bool) {
    out.push('"');
    escape_into(out, text, ascii);
    out.push('"');
}

/// Appends `text` escaped for the inside of a JSON string.
pub fn escape_into(out: &mut String, text: &str, ascii: bool) {
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if (c as u32) < 0x20 || (ascii && !c.is_ascii()) => {
                let mut units = [0u16; 2];
                for unit in c.encode_utf16(&mut units) {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            c => out.push(c),
        }
    }
}
