//! Where sessions live: a fixed set of Durable Objects, each with its share of the sockets.
//!
//! A host counts its own sockets in its own memory, which ends with them, so the counts are exact
//! and nothing has to be cleaned up after a crash.

use crate::config::{Capacity, SESSION};
use crate::error::Fault;
use crate::{protocol, session};
use omniguard_core::wire::openenv::{ErrorBody, ErrorCode};
use std::cell::Cell;
use worker::{Env, Request, Response, Result, Stub, WebSocketPair, console_error};

/// Header that tells a host how many sockets it may hold.
pub(crate) const SEATS_HEADER: &str = "x-omniguard-seats";
/// Path on which a host tells how many sockets it holds.
pub(crate) const COUNT_PATH: &str = "/count";
/// Status of a host that is full: not used by a WebSocket upgrade.
pub(crate) const FULL: u16 = 503;

thread_local! {
    /// Spreads an isolate's sockets evenly over the hosts.
    static NEXT_HOST: Cell<Option<u32>> = const { Cell::new(None) };
}

fn host(env: &Env, idx: u32) -> Result<Stub> {
    env.durable_object(SESSION)?.get_by_name(&format!("host-{idx}"))
}

/// Opens a session on a host with a free seat.
pub(crate) async fn open(request: Request, env: &Env) -> std::result::Result<Response, Fault> {
    let upgrade = request.headers().get("upgrade")?;
    if !upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket")) {
        return Err(Fault::Upgrade);
    }
    let capacity = Capacity::from_env(env);
    let first = next_host(capacity.n_hosts);
    for offset in 0..capacity.n_hosts {
        let idx = (first + offset) % capacity.n_hosts;
        let mut asked = request.clone_mut()?;
        asked.headers_mut()?.set(SEATS_HEADER, &capacity.of_host(idx).to_string())?;
        let response = host(env, idx)?.fetch_with_request(asked).await?;
        if response.status_code() != FULL {
            return Ok(response);
        }
    }
    let max = capacity.max_sessions;
    let message = format!("all {max} sessions are in use; try again later");
    Ok(refused(ErrorBody::new(ErrorCode::CapacityReached, message), TRY_AGAIN_LATER)?)
}

/// Close code: try again later.
const TRY_AGAIN_LATER: u16 = 1013;

/// Upgrades, tells why there is no session, and closes: a WebSocket client cannot read the body
/// of a refused upgrade.
pub(crate) fn refused(error: ErrorBody, close_code: u16) -> Result<Response> {
    let pair = WebSocketPair::new()?;
    pair.server.accept()?;
    let reason = error.code;
    pair.server.send_with_str(session::error_text(error))?;
    let reason = serde_json::to_string(&reason).unwrap_or_default();
    pair.server.close(Some(protocol::closing_code(close_code)), Some(reason.trim_matches('"')))?;
    Response::from_websocket(pair.client)
}

fn next_host(n_hosts: u32) -> u32 {
    NEXT_HOST.with(|next| {
        // The first pick is random, or every new isolate would start on the same host.
        let picked = next.get().unwrap_or_else(|| getrandom::u32().unwrap_or(0)) % n_hosts.max(1);
        next.set(Some(picked + 1));
        picked
    })
}

/// Live sessions of the deployment; with whether every host answered.
pub(crate) async fn count(env: &Env) -> (u32, bool) {
    let n_hosts = Capacity::from_env(env).n_hosts;
    let counts =
        futures_util::future::join_all((0..n_hosts).map(|idx| count_of_host(env, idx))).await;
    let mut total = 0;
    let mut complete = true;
    for count in counts {
        match count {
            Ok(n) => total += n,
            Err(error) => {
                console_error!("a session host did not tell its count: {error}");
                complete = false;
            }
        }
    }
    (total, complete)
}

async fn count_of_host(env: &Env, idx: u32) -> Result<u32> {
    let url = format!("https://session.invalid{COUNT_PATH}");
    let mut response = host(env, idx)?.fetch_with_str(&url).await?;
    response.text().await?.parse().map_err(|_| worker::Error::from("the count is no number"))
}
