//! The Worker: a thin shell around core at the edge.
//!
//! What it does: serve the page's files, the service endpoints, decisions, OpenEnv sessions over
//! WebSocket, each one environment in a Durable Object's memory, and environments over HTTP, kept in
//! Durable Objects' storage. What it does not: know rules (core does) or keep what it is asked to
//! judge.
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
mod feed;
mod feed_do;
mod feeds;
mod files;
mod infer;
mod infer_do;
mod limits;
mod mcp;
mod namespace_do;
mod namespaces;
mod openapi;
mod part;
mod play;
mod protocol;
mod request;
mod response;
mod router;
mod service;
mod session;
mod session_do;
mod sessions;
mod shard;
mod space;

pub use feed_do::Feed;
pub use infer_do::Inference;
pub use namespace_do::Namespace;
pub use session_do::Session;

use worker::{Context, Env, Request, Response, Result, event};

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    router::handle(request, &env).await
}
