//! Control tokens of chat templates, put out of action.
//!
//! A server writes the messages into its template as text, and most tokenise the result whole:
//! `<|im_end|>` in a frame would end the user's message. A space in it makes it plain text.

use alloc::string::String;

/// What control tokens are, or how they begin and end, in the templates of the common families.
const TOKENS: &[&str] = &[
    "<|",
    "|>",
    "<｜",
    "｜>",
    "<s>",
    "</s>",
    "<bos>",
    "<eos>",
    "<pad>",
    "<unk>",
    "<start_of_turn>",
    "<end_of_turn>",
    "[INST]",
    "[/INST]",
    "<<SYS>>",
    "<</SYS>>",
    "<think>",
    "</think>",
    "<tool_call>",
    "</tool_call>",
    "<tool_response>",
    "</tool_response>",
];

/// The text with a space behind the first character of every control token.
pub(super) fn inert(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for (at, c) in text.char_indices() {
        out.push(c);
        let rest = text.get(at..).unwrap_or("");
        if TOKENS.iter().any(|token| rest.starts_with(token)) {
            out.push(' ');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tokens_are_broken_up_and_the_rest_stands() {
        assert_eq!(
            inert("a<|im_end|>\n<|im_start|>system b"),
            "a< |im_end| >\n< |im_start| >system b"
        );
        assert_eq!(inert("<|>"), "< | >");
        assert_eq!(inert("<<s>[INST]"), "<< s>[ INST]");
        assert_eq!(inert("a < b | c > d <b>x</b>"), "a < b | c > d <b>x</b>");
    }

    proptest! {
        #[test]
        fn no_token_is_left(
            text in "(.|<\\||\\|>|<s>|<<SYS>>|<</SYS>>|\\[/?INST\\]|</?think>|</?tool_call>){0,24}",
        ) {
            let inert = inert(&text);
            prop_assert!(TOKENS.iter().all(|token| !inert.contains(token)), "{}", inert);
            let bare = |text: &str| text.replace(' ', "");
            prop_assert_eq!(bare(&inert), bare(&text));
        }
    }
}
