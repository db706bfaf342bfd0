//! The Worker: a thin shell around core at the edge.
//!
//! What it does: serve the page's files, the service endpoints, decisions, and OpenEnv sessions
//! over WebSocket, each one environment in a Durable Object's memory. What it does not: know rules
//! (core does) or keep anything that was sent to it.
//!
//! Invariant: a panic would take the isolate down with every session in it, so nothing here may
//! panic, and no borrow of a cell is held over an await.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unreachable,
        clippy::todo,
        clippy::unimplemented,
        clippy::await_holding_refcell_ref
    )
)]

mod assets;
mod config;
mod error;
mod protocol;
mod response;
mod router;
mod session;
mod session_do;
mod sessions;

pub use session_do::Session;

use worker::{Context, Env, Request, Response, Result, event};

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    router::handle(request, &env).await
}
