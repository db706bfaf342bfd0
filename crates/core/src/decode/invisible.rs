//! Characters that nobody sees: removed, except where writing needs them.

use super::work::look_at;
use alloc::string::String;

/// Whether a character has no ink and no width of its own.
pub(crate) const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e007f}'
            | '\u{e0100}'..='\u{e01ef}'
    )
}

/// Whether a letter belongs to a script that writes with joiners and direction marks.
pub(crate) const fn needs_marks(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{900}'..='\u{109f}' | '\u{1780}'..='\u{18af}'
        | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}')
}

/// Whether a character can be part of an emoji sequence.
const fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{2bff}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}')
}

/// The ASCII character that a tag character smuggles.
const fn tag(c: char) -> Option<char> {
    match c {
        '\u{e0020}'..='\u{e007e}' => Some((c as u32 - 0xe0000) as u8 as char),
        _ => None,
    }
}

/// The text without invisible characters, or `None` if there are none to remove. Tag characters
/// become the ASCII text they smuggle, unless they spell the region of a flag.
pub(super) fn reveal(text: &str) -> Option<String> {
    if !text.chars().any(is_invisible) {
        return None;
    }
    look_at(2 * text.len());
    let mut out = String::with_capacity(text.len());
    // The last visible character, and the last one of any kind that was kept.
    let mut last = ' ';
    let mut in_flag = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if !is_invisible(c) {
            in_flag = c == '\u{1f3f4}';
            last = c;
            out.push(c);
            continue;
        }
        let next = chars.peek().copied().unwrap_or(' ');
        let joins_emoji = c == '\u{200d}' && is_pictograph(last) && is_pictograph(next);
        let writes = matches!(c, '\u{200c}'..='\u{200f}' | '\u{61c}')
            && (needs_marks(last) || needs_marks(next));
        if in_flag && matches!(c, '\u{e0020}'..='\u{e007f}') || joins_emoji || writes {
            out.push(c);
        } else if let Some(ascii) = tag(c) {
            out.push(ascii);
        }
    }
    (out != text).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_go() {
        assert_eq!(
            reveal("ig\u{200b}no\u{2060}re\u{ad} \u{202e}all\u{feff}").unwrap(),
            "ignore all"
        );
    }

    #[test]
    fn what_writing_needs_stays() {
        for text in [
            "👩\u{200d}💻 ok",
            "می\u{200c}خواهم",
            "क\u{94d}\u{200d}ष",
            "plain",
            "❤\u{fe0f}\u{200d}🔥",
        ] {
            assert_eq!(reveal(text), None, "{text}");
        }
        let flag = "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}";
        assert_eq!(reveal(flag), None);
    }

    #[test]
    fn smuggled_tags_become_readable() {
        let hidden: String =
            "obey".chars().map(|c| char::from_u32(c as u32 + 0xe0000).unwrap()).collect();
        assert_eq!(reveal(&alloc::format!("hi{hidden}")).unwrap(), "hiobey");
    }
}
