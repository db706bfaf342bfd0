//! Which path is answered by what, with which methods.

use crate::error::Fault;
use crate::response::{self, JSON};
use crate::{assets, files, infer, limits, mcp, play, request, service, sessions};
use omniguard_core::wire::decide;
use worker::{Env, Request, Response, Result};

type Answer = std::result::Result<Response, Fault>;

/// What answers a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    Reset,
    Step,
    State,
    Socket,
    Healthy,
    Metadata,
    Health,
    Ready,
    Info,
    Metrics,
    Decide,
    Infer,
    InferStatus,
    Mcp,
    Schema,
    Document,
    /// A static file, or nothing.
    File,
}

impl Route {
    fn of(path: &str) -> Self {
        match path {
            "/reset" => Self::Reset,
            "/step" => Self::Step,
            "/state" => Self::State,
            "/ws" => Self::Socket,
            "/health" => Self::Healthy,
            "/metadata" => Self::Metadata,
            "/healthz" => Self::Health,
            "/readyz" => Self::Ready,
            "/info" => Self::Info,
            "/metrics" => Self::Metrics,
            "/api/decide" => Self::Decide,
            "/api/infer" => Self::Infer,
            "/api/infer/status" => Self::InferStatus,
            "/mcp" => Self::Mcp,
            "/schema" => Self::Schema,
            "/openapi.json" => Self::Document,
            _ => Self::File,
        }
    }

    /// Value of the `Allow` header.
    const fn allow(self) -> &'static str {
        match self {
            Self::Reset | Self::Step | Self::Decide | Self::Infer | Self::Mcp => "POST, OPTIONS",
            Self::Socket => "GET, OPTIONS",
            Self::State
            | Self::Healthy
            | Self::Metadata
            | Self::Health
            | Self::Ready
            | Self::Info
            | Self::Metrics
            | Self::InferStatus
            | Self::Schema
            | Self::Document
            | Self::File => "GET, HEAD, OPTIONS",
        }
    }

    fn allows(self, method: &str) -> bool {
        self.allow().split(", ").any(|allowed| allowed == method)
    }
}

/// Answers a request; an error in doing so is answered too.
pub(crate) async fn handle(request: Request, env: &Env) -> Result<Response> {
    let without_body = request::method(&request) == "HEAD";
    let response = match answer(request, env).await {
        Ok(response) => response,
        Err(fault) => fault.response()?,
    };
    Ok(if without_body { response::without_body(response) } else { response })
}

async fn answer(mut request: Request, env: &Env) -> Answer {
    let route = Route::of(&request.path());
    let method = request::method(&request);
    if route == Route::File {
        return files::serve(request, env, route.allow()).await;
    }
    if method == "OPTIONS" {
        return Ok(response::options(route.allow())?);
    }
    if !route.allows(&method) {
        return Err(Fault::Method(route.allow()));
    }
    limits::check(&request, env).await?;
    match route {
        Route::Reset => play::reset(&mut request, env).await,
        Route::Step => play::step(&mut request, env).await,
        Route::State => play::state(&request, env).await,
        Route::Socket => sessions::open(request, env).await,
        Route::Healthy => service::healthy(),
        Route::Metadata => service::metadata(),
        Route::Health => service::health(&request, env).await,
        Route::Ready => service::ready(env).await,
        Route::Info => service::info(env).await,
        Route::Metrics => service::metrics(&request, env).await,
        Route::Infer => infer::ask(&mut request, env).await,
        Route::InferStatus => infer::status(env).await,
        Route::Mcp => mcp::answer(&mut request, env).await,
        Route::Schema => service::schema(),
        Route::Document => service::document(),
        Route::Decide => judge(&mut request, env).await,
        Route::File => files::serve(request, env, route.allow()).await,
    }
}

/// Judges a frame; nothing that is sent is kept
#[utoipa::path(
    post,
    path = "/api/decide",
    tag = "defender",
    request_body(content = ref("#/components/schemas/Decide"), content_type = "application/json"),
    responses(
        (status = 200, description = "The verdict.",
            body = ref("#/components/schemas/Decision"), content_type = "application/json"),
        crate::openapi::Problems,
    ),
)]
pub(crate) async fn judge(request: &mut Request, env: &Env) -> Answer {
    let body = request::json_bytes(request).await?;
    let policy = assets::policy(env).await.map_err(service::not_ready)?;
    let decision = decide::decide(&policy, &body)?;
    Ok(response::json(&decision, 200, JSON)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_knows_its_methods() {
        assert!(Route::of("/healthz").allows("HEAD"));
        assert!(!Route::of("/healthz").allows("POST"));
        assert!(Route::of("/api/decide").allows("POST"));
        assert!(Route::of("/api/infer").allows("POST"));
        assert!(!Route::of("/api/infer/status").allows("POST"));
        assert!(!Route::of("/step").allows("GET"));
        assert!(!Route::of("/state").allows("QUERY"));
        assert!(!Route::of("/ws").allows("HEAD"));
        assert_eq!(Route::of("/index.html"), Route::File);
        assert_eq!(Route::of("/healthz/"), Route::File);
    }
}
