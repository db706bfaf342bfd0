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
//! Modules are listed in layer order: a module uses only those above it.
#![no_std]

extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

// Ground: errors, hashes, numbers, randomness.
pub mod error;
pub mod hash;
pub mod math;
pub mod rng;

// Frames and their text.
pub mod action;
pub mod frame;
pub mod json;
pub mod tool_request;

pub mod critic;
pub mod decode;
pub mod detect;
pub mod embed;
pub mod policy;

pub mod corpus;
pub mod mutate;
pub mod render;

// The rules.
pub mod adversary;
pub mod curriculum;
pub mod environment;
pub mod history;
pub mod judge;
pub mod observation;
pub mod paired;
pub mod rationale;
pub mod reward;
pub mod vector;
pub mod verifier;

#[cfg(feature = "serde")]
pub mod wire;
