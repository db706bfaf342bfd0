//! Rows of the three streamed datasets as labelled frames: the pure half of the data engine.
//!
//! What this module does: read one row ([`read`]), total and typed; map it to frames with a
//! channel, a split and *two* labels ([`Row::samples`]); make attacks with benign twins from what
//! rows say ([`made`]); count how often the two labels disagree ([`LabelTable`]). What it does not:
//! fetch pages, keep a position, draw a balance. It is behind the feature `serde`: rows are JSON.
//!
//! The labels, and `--labels` which chooses between them:
//! * *dataset*: what the dataset says: the column `label_binary`, else the dataset's role (Fenrir
//!   malicious, NIST benign).
//! * *content* (the default): what the text itself earns. A NIST text is benign, and so is any text
//!   whose fingerprint is one of NIST's. All else is benign unless the [`judge`] finds an attack in
//!   it: questions and answers *about* attacks are hard benign.
//!
//! `suspicious` rows have no label of the dataset, and are drawn on request only.
//!
//! Invariant: a frame's text, channel, split and drawn ids depend on the text columns alone. Label
//! columns are never part of a text, a hash or a draw.

pub mod judge;
pub mod made;
mod oracle;
mod row;
mod sample;
mod split;
mod stream;
mod table;
#[cfg(test)]
mod tests;
mod text;

pub use crate::error::RowError;
pub use made::{LogPairs, Pair, Seed};
pub use oracle::Fingerprints;
pub use row::{FenrirRow, NistRow, Row, WitfooRow, read, read_value};
pub use sample::{DecidedBy, Piece, Sample};
pub use split::{SPLIT_PER_MILLE, split_of};
pub use stream::{Drawn, compile};
pub use table::LabelTable;
pub use text::{MAX_PASSAGE_BYTES, MAX_PROSE_BYTES};

use crate::frame::named_enum;

named_enum! {
    /// A dataset, by the name that the command line takes.
    Source {
        /// `witfoo/precinct6-cybersecurity`: telemetry.
        Witfoo = "witfoo",
        /// `AlicanKiraz0/Cybersecurity-Dataset-Fenrir-v2.1`: questions and answers about attacks.
        Fenrir = "fenrir",
        /// `ethanolivertroy/nist-cybersecurity-training`: security prose of authority.
        Nist = "nist",
    }
}

impl Source {
    /// Its name on the hub.
    pub const fn dataset(self) -> &'static str {
        match self {
            Self::Witfoo => "witfoo/precinct6-cybersecurity",
            Self::Fenrir => "AlicanKiraz0/Cybersecurity-Dataset-Fenrir-v2.1",
            Self::Nist => "ethanolivertroy/nist-cybersecurity-training",
        }
    }

    /// Whether its rows make pairs with the seeds of other rows alone.
    pub const fn needs_seeds(self) -> bool {
        matches!(self, Self::Nist)
    }
}

named_enum! {
    /// What a dataset says about a row.
    DatasetLabel {
        /// Harmless.
        Benign = "benign",
        /// Neither: kept apart.
        Suspicious = "suspicious",
        /// An attack.
        Malicious = "malicious",
    }
}

named_enum! {
    /// Which label counts.
    #[derive(Default)]
    LabelPolicy {
        /// What the dataset says.
        Dataset = "dataset",
        /// What the text earns.
        #[default]
        Content = "content",
    }
}
