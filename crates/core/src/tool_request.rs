//! What a frame asks of a tool, read from the frame's own text: nothing else is known to a gateway.

use crate::frame::named_enum;
use crate::json::{self, Spacing, Style, Value};
use alloc::{string::String, vec::Vec};

named_enum! {
    /// What a tool's name says it can do.
    Capability {
        /// Runs programs.
        Execute = "execute",
        /// Changes accounts, roles or settings.
        Administer = "administer",
        /// Reads secrets.
        Secrets = "secrets",
        /// Moves money.
        Pay = "pay",
        /// Removes things.
        Delete = "delete",
        /// Sends messages out.
        Send = "send",
        /// Reaches the network.
        Network = "network",
        /// Changes data.
        Write = "write",
        /// Reads data.
        Read = "read",
    }
}

named_enum! {
    /// Rights that a request asks for, by its own words.
    PrivilegeLevel {
        /// Nothing beyond the caller's own.
        User = "user",
        /// A named role, a grant or wider scope.
        Elevated = "elevated",
        /// Full control.
        Admin = "admin",
    }
}

/// A tool request, as far as the frame tells.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolRequest {
    /// The tool's name.
    pub tool_name: String,
    /// What the name says the tool can do.
    pub requested_capability: Capability,
    /// Rights that the arguments ask for.
    pub privilege_level: PrivilegeLevel,
    /// The arguments as compact JSON; `{}` for a description.
    pub arguments: String,
}

/// Words of tool names and the capability they tell, most telling first.
const CAPABILITY_WORDS: &[(Capability, &[&str])] = &[
    (
        Capability::Execute,
        &[
            "exec", "execute", "run", "shell", "command", "terminal", "spawn", "eval", "bash",
            "build",
        ],
    ),
    (
        Capability::Administer,
        &[
            "grant",
            "role",
            "permission",
            "admin",
            "user",
            "account",
            "policy",
            "assign",
            "configure",
        ],
    ),
    (Capability::Secrets, &["secret", "credential", "token", "key", "vault", "password"]),
    (Capability::Pay, &["pay", "payment", "transfer", "refund", "charge", "invoice", "payout"]),
    (Capability::Delete, &["delete", "remove", "drop", "purge", "revoke"]),
    (Capability::Send, &["send", "post", "mail", "message", "notify", "reply", "share", "invite"]),
    (Capability::Network, &["fetch", "http", "browse", "url", "download", "request", "web"]),
    (
        Capability::Write,
        &["write", "create", "update", "set", "put", "edit", "append", "insert", "deploy", "move"],
    ),
];

/// The capability that a tool's name tells; reading when it tells nothing.
pub fn capability_of(tool_name: &str) -> Capability {
    CAPABILITY_WORDS
        .iter()
        .find(|(_, words)| {
            name_words(tool_name).any(|w| words.iter().any(|k| w.eq_ignore_ascii_case(k)))
        })
        .map_or(Capability::Read, |&(capability, _)| capability)
}

/// Words of `snake_case`, `kebab-case`, `dotted.names` and `camelCase`.
fn name_words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_ascii_alphanumeric()).flat_map(|part| {
        let mut rest = part;
        core::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let end = rest
                .char_indices()
                .skip(1)
                .find(|&(_, c)| c.is_ascii_uppercase())
                .map_or(rest.len(), |(idx, _)| idx);
            let (word, tail) = rest.split_at(end);
            rest = tail;
            Some(word)
        })
    })
}

const ADMIN_WORDS: &[&str] =
    &["admin", "administrator", "root", "sudo", "superuser", "owner", "cluster-admin", "system"];
const ELEVATED_WORDS: &[&str] =
    &["grant", "role", "elevate", "escalate", "impersonate", "privileged", "scope", "permission"];

fn privilege_of(arguments: &Value) -> PrivilegeLevel {
    let mut level = PrivilegeLevel::User;
    arguments.each_leaf(&mut |key, leaf| {
        for text in [key, leaf.text.as_str()] {
            for word in text.split(|c: char| !c.is_alphanumeric() && c != '-') {
                if ADMIN_WORDS.iter().any(|w| word.eq_ignore_ascii_case(w)) {
                    level = PrivilegeLevel::Admin;
                } else if ELEVATED_WORDS.iter().any(|w| word.eq_ignore_ascii_case(w)) {
                    level = level.max(PrivilegeLevel::Elevated);
                }
            }
        }
    });
    level
}

/// Tools that a message names: the one called, or all that are listed.
pub fn named_tools(message: &Value) -> Vec<&str> {
    if let Some(params) = message.get("params") {
        return params.get("name").and_then(Value::as_str).into_iter().collect();
    }
    let tools = message.get("result").and_then(|result| result.get("tools"));
    let entry = |idx| tools.and_then(|tools| tools.at(idx));
    (0..).map_while(entry).filter_map(|tool| tool.get("name")?.as_str()).collect()
}

/// Reads the request of a `tools/call`, or the offer of a `tools/list` result; `None` for others.
pub fn parse(text: &str) -> Option<ToolRequest> {
    let document = json::parse(text)?;
    let (name, arguments) = if let Some(params) = document.get("params") {
        (params.get("name")?.as_str()?, params.get("arguments").cloned())
    } else {
        (document.get("result")?.get("tools")?.at(0)?.get("name")?.as_str()?, None)
    };
    let arguments = arguments.unwrap_or(Value::Object(alloc::vec::Vec::new()));
    Some(ToolRequest {
        tool_name: name.into(),
        requested_capability: capability_of(name),
        privilege_level: privilege_of(&arguments),
        arguments: json::write(&arguments, Style { spacing: Spacing::Compact, ascii: false }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_capabilities() {
        for (name, capability) in [
            ("run_command", Capability::Execute),
            ("readFile", Capability::Read),
            ("secrets.get_secret", Capability::Secrets),
            ("send-mail", Capability::Send),
            ("writeFile", Capability::Write),
            ("", Capability::Read),
        ] {
            assert_eq!(capability_of(name), capability, "{name}");
        }
    }

    #[test]
    fn a_call_and_a_description_are_read_and_the_rest_is_none() {
        let call = parse(
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"set_role","arguments":{"role":"admin","n":3}}}"#,
        )
        .unwrap();
        assert_eq!(call.tool_name, "set_role");
        assert_eq!(call.requested_capability, Capability::Administer);
        assert_eq!(call.privilege_level, PrivilegeLevel::Admin);
        assert_eq!(call.arguments, r#"{"role":"admin","n":3}"#);
        let offer = parse(r#"{"result":{"tools":[{"name":"fetch"}]}}"#).unwrap();
        assert_eq!(offer.requested_capability, Capability::Network);
        assert_eq!(parse(r#"{"result":{"content":[]}}"#), None);
        assert_eq!(parse("plain text"), None);
    }
}
