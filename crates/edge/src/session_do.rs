//! The Durable Object that hosts sessions: moves text between sockets and [`session::Session`]s.
//!
//! Sockets are accepted, not hibernated: a hibernating object answers a hundred times slower. A
//! session lives in memory and is gone with its socket, by design.

use crate::assets;
use crate::feeds;
use crate::protocol::{self, closing_code};
use crate::session::{self, Reply};
use crate::sessions::{COUNT_PATH, FULL, SEATS_HEADER, refused};
use futures_util::StreamExt;
use omniguard_core::corpus::Corpus;
use omniguard_core::wire::openenv::{ErrorBody, ErrorCode};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
// The macro names this crate without a path of its own.
use worker::wasm_bindgen;
use worker::wasm_bindgen_futures::spawn_local;
use worker::{
    DurableObject, Env, Error, Request, Response, Result, Socket, State, WebSocket,
    WebSocketIncomingMessage, WebSocketPair, WebsocketEvent, console_error, durable_object,
};

/// Close code: the server met a condition that it did not expect.
const INTERNAL_ERROR: u16 = 1011;
/// Close code: the purpose is fulfilled.
const NORMAL: u16 = 1000;

/// A host of sessions.
#[durable_object]
#[derive(Debug)]
pub struct Session {
    env: Env,
    n_live: Rc<Cell<u32>>,
}

/// A live socket's place: given back when it is dropped, however the session ends.
#[derive(Debug)]
struct Seat(Rc<Cell<u32>>);

impl Seat {
    fn take(n_live: &Rc<Cell<u32>>, n_seats: u32) -> Option<Self> {
        if n_live.get() >= n_seats {
            return None;
        }
        n_live.set(n_live.get() + 1);
        Some(Self(Rc::clone(n_live)))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

impl DurableObject for Session {
    fn new(_state: State, env: Env) -> Self {
        Self { env, n_live: Rc::default() }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        if request.path() == COUNT_PATH {
            return Response::ok(self.n_live.get().to_string());
        }
        let seats = request.headers().get(SEATS_HEADER)?;
        let n_seats = seats.and_then(|text| text.parse().ok()).unwrap_or(0);
        // Taken before anything is awaited, so that two upgrades never share the last seat.
        let Some(seat) = Seat::take(&self.n_live, n_seats) else {
            return Response::error("full", FULL);
        };
        let (corpus, policy) = match assets::corpus_and_policy(&self.env).await {
            Ok(loaded) => loaded,
            Err(error) => {
                console_error!("no session: {error}");
                let error = ErrorBody::new(ErrorCode::FactoryError, error.public());
                return refused(error, INTERNAL_ERROR);
            }
        };
        let Ok(entropy) = getrandom::u64() else {
            let error = ErrorBody::new(ErrorCode::SessionError, "no randomness to be had");
            return refused(error, INTERNAL_ERROR);
        };
        let pair = WebSocketPair::new()?;
        pair.server.accept()?;
        let session = session::Session::new(policy, entropy);
        spawn_local(converse(pair.server, session, corpus, self.env.clone(), seat));
        Response::from_websocket(pair.client)
    }

    // Nothing below is ever called, since no socket hibernates and no alarm is set; but the
    // trait's own handlers would panic, and with them every session of the isolate would end.

    async fn connect(&self, _socket: Socket) -> Result<()> {
        Err(Error::from("raw sockets are not served"))
    }

    async fn alarm(&self) -> Result<Response> {
        Response::empty()
    }

    async fn websocket_message(
        &self,
        socket: WebSocket,
        _message: WebSocketIncomingMessage,
    ) -> Result<()> {
        socket.close(Some(INTERNAL_ERROR), Some("no session"))
    }

    async fn websocket_close(
        &self,
        socket: WebSocket,
        code: usize,
        _reason: String,
        _was_clean: bool,
    ) -> Result<()> {
        socket.close(Some(closing_code(u16::try_from(code).unwrap_or(NORMAL))), None::<&str>)
    }

    async fn websocket_error(&self, _socket: WebSocket, _error: Error) -> Result<()> {
        Ok(())
    }
}

/// Answers one socket's messages until either side closes it.
async fn converse(
    socket: WebSocket,
    mut session: session::Session,
    corpus: Arc<Corpus>,
    env: Env,
    seat: Seat,
) {
    let Ok(mut events) = socket.events() else { return };
    let code = loop {
        let reply = match events.next().await {
            Some(Ok(WebsocketEvent::Message(message))) => match message.text() {
                Some(text) => {
                    let message = protocol::parse(&text);
                    let drawn = match session.streams(&message).filter(|_| feeds::on(&env)) {
                        Some(split) => feeds::draw(&env, &corpus, split).await,
                        None => None,
                    };
                    session.answer(message, drawn.as_ref().map_or(&corpus, |one| &one.corpus))
                }
                None => Reply::Send(session::error_text(protocol::binary())),
            },
            Some(Ok(WebsocketEvent::Close(close))) => break closing_code(close.code()),
            // The connection was lost.
            Some(Err(_)) | None => break NORMAL,
        };
        match reply {
            // A socket that cannot be written to is gone, and its session with it.
            Reply::Send(text) => {
                if socket.send_with_str(text).is_err() {
                    break NORMAL;
                }
            }
            Reply::Nothing => {}
            Reply::Close => break NORMAL,
        }
    };
    drop(seat);
    // Fails where the other side is gone already, and there is nobody left to tell.
    let _ = socket.close(Some(code), None::<&str>);
}
