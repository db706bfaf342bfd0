//! Errors: one small enum per operation, typed fields, no strings.

use core::fmt;

/// Implements `Display` from one arm per variant, and `core::error::Error`.
macro_rules! error_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident $({ $($field:ident: $ty:ty),* })? => $fmt:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$vmeta])* $variant $({ $(#[doc = concat!("`", stringify!($field), "`")] $field: $ty),* })?),* }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $(Self::$variant $({ $($field),* })? => write!(f, $fmt)),* }
            }
        }

        impl core::error::Error for $name {}
    };
}

error_enum! {
    /// Why an action is no action.
    ActionError {
        /// Not a number in [0, 1].
        ConfidenceOutOfRange => "confidence is not a number between 0 and 1",
        /// More characters than the rules allow.
        RationaleTooLong { n_chars: usize } => "rationale has {n_chars} characters, at most 2000 are allowed",
        /// More restriction names than the rules allow.
        TooManyRestrictions { n_restrictions: usize } => "mcp_restrictions has {n_restrictions} names, at most 32 are allowed",
    }
}

error_enum! {
    /// Why a step was not taken; nothing has changed.
    StepError {
        /// The environment was never reset.
        ResetNeeded => "the environment has not been reset",
        /// The episode has ended; reset starts the next one.
        EpisodeOver { n_steps: u32 } => "the episode ended after {n_steps} steps; reset starts the next one",
    }
}

error_enum! {
    /// Why a configuration was refused.
    ConfigError {
        /// Outside 1 to 64.
        EpisodeLength { n_frames: u32 } => "episode_length is {n_frames}, it must be between 1 and 64",
        /// Above 2^53 - 1.
        Seed { seed: u64 } => "seed is {seed}, it must be at most 9007199254740991",
        /// A NaN or an infinity.
        AdversaryWeights => "adversary_log_weights holds a value that is not finite",
        /// The corpus has no frames that the configuration asks for.
        EmptySplit => "the corpus has no scenarios of the split for every vector",
    }
}

error_enum! {
    /// Why a snapshot was not restored.
    SnapshotError {
        /// Written by another version of this program.
        UnknownVersion { version: u8 } => "the snapshot has version {version}, which this program does not know",
        /// Cut short, or holding values that no environment has.
        Damaged => "the snapshot is damaged",
        /// Its frames come from another corpus.
        OtherCorpus => "the snapshot belongs to another corpus",
        /// Its run was begun with other settings.
        OtherRun => "the snapshot belongs to another run or to other settings",
    }
}

error_enum! {
    /// Why a binary asset (corpus, weights) was refused.
    AssetError {
        /// The first bytes are not the format's.
        NotThisFormat => "the file is not of this format",
        /// A version this build does not read.
        UnknownVersion { version: u16 } => "format version {version} is not supported",
        /// Ends early, or a length points past the end.
        Truncated => "the file ends early",
        /// The content does not match its checksum.
        ChecksumMismatch => "the checksum does not match the content",
        /// Parts that contradict each other or this build.
        Inconsistent => "the content is inconsistent",
        /// Made for another feature layout.
        FeatureVersion { found: u32, expected: u32 } => "made for feature version {found}, this build has {expected}",
    }
}

error_enum! {
    /// Why a row of a dataset gives no frames; a loader counts these.
    RowError {
        /// The line is no JSON.
        NotJson => "the row is not JSON",
        /// JSON, but no object.
        NotObject => "the row is not a JSON object",
        /// The dataset has changed, or it is another.
        MissingColumn { column: &'static str } => "the row has no column {column}",
        /// A null, a number where text stands, and so on.
        WrongType { column: &'static str } => "the column {column} has a value of another type",
        /// Nothing but white space.
        Empty { column: &'static str } => "the column {column} is empty",
        /// Above the limit: an error, never a silent cut.
        TooLong { column: &'static str, n_bytes: usize } => "the column {column} has {n_bytes} bytes, which is above its limit",
        /// A label that nobody knows is not guessed at.
        UnknownLabel { column: &'static str } => "the column {column} has a label that is not known",
    }
}

error_enum! {
    /// Why a text was not judged.
    DecideError {
        /// Above the limit: an error, never a silent cut.
        TooLong { n_bytes: usize } => "the text has {n_bytes} bytes, at most 262144 are judged",
    }
}

error_enum! {
    /// Why a frame is not put before a language model.
    PromptError {
        /// Above the limit: an error, never a silent cut.
        TooLong { n_bytes: usize } => "the frame has {n_bytes} bytes, at most 8192 are asked about",
    }
}
