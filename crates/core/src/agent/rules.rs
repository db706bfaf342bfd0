//! Keyword rules as a gateway ships them: the baseline that OmniGuard has to beat.

use super::{Agent, explained};
use crate::action::{Action, ActionType};
use crate::environment::Environment;
use crate::policy::Context;

/// Words that a keyword gateway takes for a sandbox escape.
const STDIO_KEYWORDS: &[&str] =
    &["pty.spawn", "/dev/tty", "/proc/self/fd", "dup2", "stdin=", "openpty", "setsid", "/dev/ptmx"];

/// Words that a keyword gateway blocks.
const BLOCK_KEYWORDS: &[&str] = &[
    "ignore previous",
    "ignore all previous",
    "disregard",
    "system prompt",
    "<important>",
    "do not tell the user",
    "don't tell the user",
    "jailbreak",
    "developer mode",
    "rm -rf",
    "/etc/passwd",
    "/etc/shadow",
    "id_rsa",
    ".ssh/",
    ".env",
    "api_key",
    "api key",
    "password",
    "secret",
    "private key",
    "drop table",
    "union select",
    "or 1=1",
    "<script",
    "curl http",
    "wget http",
    "nc -e",
    "bash -i",
    "base64 -d",
    "sudo ",
    "chmod 777",
    "exfiltrat",
    "reverse shell",
    "../..",
    "$(",
];

/// Looks for keywords in the raw text, case folded; blocks on the first one.
#[derive(Debug, Clone, Copy)]
pub struct Rules;

impl Rules {
    /// The answer to a text and why.
    pub fn judge(text: &str) -> (ActionType, &'static str) {
        let has = |keywords: &[&str]| {
            keywords.iter().any(|keyword| {
                text.as_bytes()
                    .windows(keyword.len())
                    .any(|window| window.eq_ignore_ascii_case(keyword.as_bytes()))
            })
        };
        if has(STDIO_KEYWORDS) {
            (ActionType::RevokeStdio, "a keyword of the terminal list")
        } else if has(BLOCK_KEYWORDS) {
            (ActionType::Block, "a keyword of the block list")
        } else {
            (ActionType::Allow, "no keyword of any list")
        }
    }
}

impl Agent for Rules {
    fn act(&mut self, env: &Environment, _context: &Context) -> Action {
        let (action, rationale) = Self::judge(&env.frame_text());
        explained(action, 0.9, rationale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_decide_in_any_case() {
        assert_eq!(Rules::judge("please IGNORE Previous orders").0, ActionType::Block);
        assert_eq!(
            Rules::judge("python -c 'import pty; pty.spawn(\"sh\")'").0,
            ActionType::RevokeStdio
        );
        assert_eq!(Rules::judge("the quarterly report is attached").0, ActionType::Allow);
    }
}
