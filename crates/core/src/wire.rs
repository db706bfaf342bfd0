//! Wire types: the JSON that leaves and enters the process, and nothing else's.
//!
//! What this module does: mirror internal types as JSON (`impl From<&…>`), and read requests into
//! validated internal types, with every error's place (`loc`) and reason (`msg`). What it does not:
//! IO, rules, state. It is the only place with serde derives; internal types never serialise, so
//! they may change without the API changing.

pub mod batch;
pub mod checkpoint;
pub mod decide;
pub mod feeds;
pub mod infer;
pub mod live;
pub mod mcp;
pub mod metrics;
pub mod observation;
pub mod openenv;
pub mod problem;
pub mod request;
pub mod run;
pub mod schema;
pub mod service;
pub mod snapshot;
pub mod step;
pub mod validation;

use serde::{Serialize, Serializer};

/// Names and values as a JSON object in the order given, without a map in between.
#[derive(Debug, Clone, PartialEq)]
pub struct Named<T, const N: usize>(pub [(&'static str, T); N]);

impl<T: Serialize, const N: usize> Serialize for Named<T, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (*name, value)))
    }
}

/// A 64-bit number as 16 hexadecimal digits: JSON readers round integers past 2^53.
pub fn hex64(value: u64) -> alloc::string::String {
    alloc::format!("{value:016x}")
}
