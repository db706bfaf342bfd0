//! Words that decline.

use alloc::string::String;

/// Phrases of refusals, in lower case with plain apostrophes.
const PHRASES: &[&str] = &[
    "i'm sorry",
    "i am sorry",
    "i apologize",
    "i cannot",
    "i can't",
    "i can not",
    "i won't",
    "i will not",
    "i'm unable",
    "i am unable",
    "i'm not able",
    "i am not able",
    "as an ai",
    "as a language model",
    "cannot assist",
    "can't assist",
    "cannot help",
    "can't help",
    "lo siento",
    "no puedo",
    "je suis désolé",
    "je ne peux pas",
    "es tut mir leid",
    "ich kann nicht",
    "não posso",
    "я не могу",
    "извините",
    "抱歉",
    "对不起",
    "我不能",
    "我无法",
    "申し訳",
    "できません",
    "죄송",
];

/// Whether a text that holds no answer reads like a refusal.
pub(super) fn reads_like_one(text: &str) -> bool {
    let folded: String = text
        .chars()
        .flat_map(char::to_lowercase)
        .map(|c| if c == '’' { '\'' } else { c })
        .collect();
    PHRASES.iter().any(|phrase| folded.contains(phrase))
}
