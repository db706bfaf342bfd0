//! What the Worker must survive: being killed, hostile clients, and being forgotten.
//!
//! These tests start a Worker of their own, by the command that `OMNIGUARD_SERVER` holds, one word
//! a line; it listens where `OMNIGUARD_URL` says (`cargo xtask ci contract` sets both).
#![expect(clippy::disallowed_methods, reason = "native only: the clock is safe to read here")]

mod batches;
mod feeds;
mod hostile;
mod idle;
mod infer;
mod limits;
mod malformed;
mod restarts;
mod server;
mod slow;
mod upstream;
