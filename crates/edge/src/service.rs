//! What the service tells about itself.

use crate::assets;
use crate::config::{Capacity, VERSION};
use crate::error::Fault;
use crate::feeds;
use crate::namespaces::Shards;
use crate::openapi;
use crate::request;
use crate::response::{self, JSON};
use crate::sessions;
use omniguard_core::environment::ENVIRONMENT_ID;
use omniguard_core::wire::metrics::MetricsBody;
use omniguard_core::wire::problem::Problem;
use omniguard_core::wire::service::{Health, Healthy, Metadata, Readiness, Runtime, ServiceInfo};
use worker::{Env, Request, Response};

type Answer = std::result::Result<Response, Fault>;

/// Schemas of action, observation and state
#[utoipa::path(
    get,
    path = "/schema",
    tag = "environment",
    responses(
        (status = 200, description = "JSON Schemas.", body = Object),
        crate::openapi::Problems,
    ),
)]
pub(crate) fn schema() -> Answer {
    Ok(response::json(&openapi::spaces(), 200, JSON)?)
}

/// The document of this API.
pub(crate) fn document() -> Answer {
    Ok(response::json(&openapi::document(), 200, JSON)?)
}

/// Media type of Prometheus' text format.
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Whether something answers
#[utoipa::path(
    get,
    path = "/health",
    tag = "service",
    responses(
        (status = 200, description = "Something does.", body = Healthy),
        crate::openapi::Problems,
    ),
)]
pub(crate) fn healthy() -> Answer {
    Ok(response::json(&Healthy { status: "healthy" }, 200, JSON)?)
}

/// How much of the service answers, and what it holds
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "service",
    params(
        ("X-OmniGuard-Session" = Option<String>, Header,
            description = "Namespace; without it, `public`, which all strangers share.",
            min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_-]+$"),
    ),
    responses(
        (status = 200, description = "What answers.", body = Health),
        crate::openapi::Problems,
    ),
)]
pub(crate) async fn health(request: &Request, env: &Env) -> Answer {
    let space = request::space(request, None)?;
    let (sessions, every_host) = sessions::count(env).await;
    let items = Shards::new(env, &space).metrics().await;
    let (feeds, every_feed) = feeds::told(env).await;
    let health = Health {
        status: if every_host && every_feed && items.is_ok() { "ok" } else { "degraded" },
        env_instances: items.map_or(0, |items| items.len() as u32),
        sessions,
        max_sessions: Capacity::from_env(env).max_sessions,
        source: feeds.source,
        queue_depths: feeds.queue_depths(),
        version: VERSION,
    };
    Ok(response::json(&health, 200, JSON)?)
}

/// Whether everything that is needed is there
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "service",
    responses(
        (status = 200, description = "It is.", body = Readiness),
        (status = 503, description = "It is not, and why.", body = Readiness),
        crate::openapi::Problems,
    ),
)]
pub(crate) async fn ready(env: &Env) -> Answer {
    let corpus = assets::corpus(env).await.map(drop);
    let policy = assets::policy(env).await.map(drop);
    let reasons: Vec<String> =
        [corpus, policy].into_iter().filter_map(|loaded| Some(loaded.err()?.public())).collect();
    let (status, code) = if reasons.is_empty() { ("ready", 200) } else { ("degraded", 503) };
    Ok(response::json(&Readiness { status, reasons }, code, JSON)?)
}

/// Describes the environment and the defender
#[utoipa::path(
    get,
    path = "/info",
    tag = "service",
    responses(
        (status = 200, description = "Spaces, rewards, phases, corpus.", body = ServiceInfo),
        crate::openapi::Problems,
    ),
)]
pub(crate) async fn info(env: &Env) -> Answer {
    let corpus = assets::corpus(env).await.map_err(not_ready)?;
    let policy = assets::policy(env).await.map_err(not_ready)?;
    let runtime = Runtime { platform: "cloudflare-workers", language: "rust-wasm32" };
    let (feeds, _) = feeds::told(env).await;
    let info = ServiceInfo::new(&corpus, feeds, policy.run_id(), VERSION, runtime);
    Ok(response::json(&info, 200, JSON)?)
}

/// Describes the environment as the OpenEnv standard has it
#[utoipa::path(
    get,
    path = "/metadata",
    tag = "service",
    responses(
        (status = 200, description = "Name, version, README.", body = Metadata),
        crate::openapi::Problems,
    ),
)]
pub(crate) fn metadata() -> Answer {
    let metadata = Metadata {
        name: ENVIRONMENT_ID,
        description: "A defender learns to answer the traffic of an MCP gateway with six actions, \
                      while an adversary mutates what was blocked.",
        version: VERSION,
        author: "The OmniGuard authors",
        documentation_url: "/docs",
        readme_content: include_str!("../../../README.md"),
    };
    Ok(response::json(&metadata, 200, JSON)?)
}

/// Tells what the caller's environments have been through
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "service",
    params(
        ("X-OmniGuard-Session" = Option<String>, Header,
            description = "Namespace; without it, `public`, which all strangers share.",
            min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_-]+$"),
        ("format" = Option<String>, Query, pattern = "^(json|prometheus)$",
            description = "`json` or `prometheus`; without it, what `Accept` asks for."),
    ),
    responses(
        (status = 200, description = "Per environment, and in sum.", content(
            (MetricsBody = "application/json"),
            (String = "text/plain"),
        )),
        crate::openapi::Problems,
    ),
)]
pub(crate) async fn metrics(request: &Request, env: &Env) -> Answer {
    let as_text = match request::query(request, "format")?.as_deref() {
        Some("prometheus") => true,
        Some("json") => false,
        Some(_) => return Err(Problem::invalid("format is `json` or `prometheus`").into()),
        None => request.headers().get("accept")?.is_some_and(|accept| prefers_text(&accept)),
    };
    let space = request::space(request, None)?;
    let items = Shards::new(env, &space).metrics().await?;
    let (sessions, _) = sessions::count(env).await;
    let (feeds, _) = feeds::told(env).await;
    let metrics = MetricsBody::new(items, sessions, feeds);
    Ok(if as_text {
        response::text(metrics.prometheus(), 200, PROMETHEUS)?
    } else {
        response::json(&metrics, 200, JSON)?
    })
}

/// Whether plain text comes before JSON: the media types are read in their order.
fn prefers_text(accept: &str) -> bool {
    accept
        .split(',')
        .map(|part| part.split(';').next().unwrap_or_default().trim())
        .find_map(|media_type| match media_type {
            "text/plain" | "application/openmetrics-text" => Some(true),
            "application/json" | "application/*" | "*/*" => Some(false),
            _ => None,
        })
        .unwrap_or(false)
}

/// The caller hears that a part is missing; the log hears why.
#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
pub(crate) fn not_ready(error: assets::LoadError) -> Fault {
    worker::console_error!("not ready: {error}");
    Problem::not_ready(error.public()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scraper_gets_text_and_everybody_else_json() {
        for text in ["text/plain", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"] {
            assert!(prefers_text(text), "{text}");
        }
        for json in ["", "*/*", "application/json, text/plain, */*", "text/html"] {
            assert!(!prefers_text(json), "{json}");
        }
    }
}
