//! Frames as recipes: which scenario, which slots, which mutations. Text is rendered elsewhere.

/// Longest generated frame, in bytes of UTF-8.
pub const MAX_FRAME_BYTES: usize = 8 * 1024;
/// Number of channels that frames are generated for.
pub const N_CHANNELS: usize = 5;
/// Number of vectors, `benign` included.
pub const N_VECTORS: usize = 8;
/// Number of mutations, the arms of the adversary's bandit.
pub const N_MUTATIONS: usize = 11;

/// Declares a field-less enum with wire names.
macro_rules! named_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $wire:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$vmeta])* $variant),* }

        impl $name {
            /// All values, in the order of their indices.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The wire name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $wire),* }
            }

            /// The value of a wire name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($wire => Some(Self::$variant),)* _ => None }
            }

            /// The position in [`Self::ALL`].
            pub const fn index(self) -> usize {
                self as usize
            }

            /// The value at a position of [`Self::ALL`].
            pub fn from_index(idx: usize) -> Option<Self> {
                Self::ALL.get(idx).copied()
            }
        }
    };
}
pub(crate) use named_enum;

named_enum! {
    /// Where in the gateway a frame was seen.
    Channel {
        /// A request typed by a person, or forwarded by an agent.
        UserPrompt = "user_prompt",
        /// One `tools/list` result.
        ToolDescription = "tool_description",
        /// A `tools/call` request.
        ToolCall = "tool_call",
        /// A `tools/call` result.
        ToolResult = "tool_result",
        /// One line or record of security telemetry.
        Log = "log",
    }
}

named_enum! {
    /// What a frame truly is.
    Vector {
        /// Business traffic.
        Benign = "benign",
        /// Text that steers the assistant from inside data or a prompt.
        PromptInjection = "prompt_injection",
        /// A tool description, schema or result that makes the agent misuse tools.
        ToolPoisoning = "tool_poisoning",
        /// Secrets read or sent somewhere.
        CredentialExfiltration = "credential_exfiltration",
        /// More rights than due.
        PrivilegeEscalation = "privilege_escalation",
        /// Metacharacters that break out of an argument.
        CommandInjection = "command_injection",
        /// Breaking out of the STDIO sandbox.
        StdioEscape = "stdio_escape",
        /// Hostile activity that fits none of the others.
        GenericAnomaly = "generic_anomaly",
    }
}

impl Vector {
    /// The six attacks that are no STDIO escape; the malicious share is spread evenly over them.
    pub const PLAIN_ATTACKS: [Self; 6] = [
        Self::PromptInjection,
        Self::ToolPoisoning,
        Self::CredentialExfiltration,
        Self::PrivilegeEscalation,
        Self::CommandInjection,
        Self::GenericAnomaly,
    ];

    /// Whether frames of this vector are attacks.
    pub const fn malicious(self) -> bool {
        !matches!(self, Self::Benign)
    }
}

named_enum! {
    /// A label-preserving rewriting of a frame's text leaves: the adversary's arms.
    Mutation {
        /// Standard or URL-safe base64.
        Base64 = "base64",
        /// Percent-encoding.
        Url = "url",
        /// Hexadecimal digits.
        Hex = "hex",
        /// Letters rotated by 13.
        Rot13 = "rot13",
        /// Letters replaced by look-alikes of other scripts.
        Homoglyph = "homoglyph",
        /// Invisible characters between letters.
        ZeroWidth = "zero_width",
        /// Letters replaced by digits and signs.
        Leetspeak = "leetspeak",
        /// `\u` escapes.
        JsonEscape = "json_escape",
        /// Words replaced by near synonyms.
        SemanticDrift = "semantic_drift",
        /// The text cut in two, with filler between.
        Split = "split",
        /// Two of the others, one inside the other.
        Nested = "nested",
    }
}

named_enum! {
    /// Which part of the corpus a scenario belongs to.
    Split {
        /// For learning.
        Train = "train",
        /// For choosing.
        Validation = "validation",
        /// For reporting.
        Test = "test",
    }
}

/// The mutations of a frame, in the order applied: none, one, or two when nested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mutations {
    /// The bandit's arm, when there is a mutation.
    pub arm: Option<Mutation>,
    /// Applied first.
    pub first: Option<Mutation>,
    /// Applied to the first one's result.
    pub second: Option<Mutation>,
}

impl Mutations {
    /// No mutation.
    pub const NONE: Self = Self { arm: None, first: None, second: None };

    /// The applied mutations in order.
    pub fn iter(&self) -> impl Iterator<Item = Mutation> {
        self.first.into_iter().chain(self.second)
    }

    /// Whether there is at least one.
    pub const fn obfuscated(&self) -> bool {
        self.first.is_some()
    }
}

/// The recipe of a frame: everything its text depends on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// Index of the scenario in the corpus.
    pub scenario: u32,
    /// Drives the slot picks: shared by all frames of a campaign.
    pub slot_seed: u64,
    /// Drives spacing, JSON-RPC id and the mutation's own draws: fresh for every frame.
    pub render_seed: u64,
    /// What the adversary did to it.
    pub mutations: Mutations,
    /// Share of replaceable words that `semantic_drift` replaces.
    pub semantic_noise: f32,
    /// Shared by an attack and its re-injected variants.
    pub campaign: u32,
    /// What the frame truly is (copied from the scenario).
    pub vector: Vector,
}

impl Frame {
    /// Whether the frame is an attack.
    pub const fn malicious(&self) -> bool {
        self.vector.malicious()
    }

    /// Whether the frame carries a mutation.
    pub const fn obfuscated(&self) -> bool {
        self.mutations.obfuscated()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_names_round_trip() {
        for &channel in Channel::ALL {
            assert_eq!(Channel::from_name(channel.name()), Some(channel));
        }
        for &vector in Vector::ALL {
            assert_eq!(Vector::from_name(vector.name()), Some(vector));
            assert_eq!(Vector::from_index(vector.index()), Some(vector));
        }
        for &mutation in Mutation::ALL {
            assert_eq!(Mutation::from_name(mutation.name()), Some(mutation));
        }
    }

    #[test]
    fn the_counts_match_the_lists() {
        assert_eq!(Channel::ALL.len(), N_CHANNELS);
        assert_eq!(Vector::ALL.len(), N_VECTORS);
        assert_eq!(Mutation::ALL.len(), N_MUTATIONS);
    }
}
