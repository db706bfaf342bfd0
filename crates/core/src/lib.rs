//! The OmniGuard environment: rules, text, policy and learning in one `no_std` crate.
//!
//! What this crate does: render MCP frames from recipes, play episodes (rewards, curriculum, an
//! adversary that mutates what was blocked), decode obfuscated text, decide with a small policy
//! network and train it with GRPO. The same code runs natively, in a browser and at the edge,
//! and gives the same trajectory to the bit.
//!
//! What this crate does not do: IO, clocks, threads, global randomness. Bytes come in as
//! arguments and seeds are passed by the caller. Parsing and decoding are total.
//!
//! Modules stand in layer order, group by group: a group uses only those above it.
#![no_std]

extern crate alloc;
// utoipa's derives name the standard library and its macros.
#[cfg(any(test, feature = "std", feature = "openapi"))]
#[cfg_attr(feature = "openapi", macro_use)]
extern crate std;

// Ground: errors, hashes, numbers, randomness.
mod bytes;
pub mod error;
pub mod hash;
pub mod math;
pub mod rng;

// Frames, and reading what they say.
pub mod action;
pub mod frame;
pub mod json;
pub mod tool_request;

// Text: undoing encodings, and making them.
pub mod confusables;
pub mod decode;
pub mod mutate;

// Meaning: tokens, embeddings, detectors, features.
pub mod critic;
pub mod detect;
pub mod embed;
pub mod features;
pub mod segment;
pub mod tokenize;

// Deciding.
pub mod policy;

// Where frames come from.
pub mod corpus;
pub mod render;
// Its rows are JSON.
#[cfg(feature = "serde")]
pub mod ingest;

// The rules.
pub mod adversary;
pub mod curriculum;
pub mod history;
pub mod rationale;
pub mod reward;
pub mod verifier;

// Playing by them.
pub mod environment;
pub mod judge;
pub mod observation;
pub mod paired;
pub mod vector;

// Agents, judging them, and teaching one.
pub mod agent;
pub mod check;
pub mod evaluate;
pub mod grpo;
pub mod roc;

#[cfg(feature = "serde")]
pub mod wire;
