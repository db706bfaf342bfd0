//! `/mcp`: the Model Context Protocol over Streamable HTTP, without sessions and streams.

use crate::config::VERSION;
use crate::error::Fault;
use crate::response::{self, JSON};
use crate::{assets, request, service};
use omniguard_core::wire::mcp::{self, PROTOCOL_VERSIONS, Reply, ServerInfo};
use omniguard_core::wire::problem::Problem;
use worker::{Env, Request, Response};

/// Who answers.
pub(crate) const SERVER: ServerInfo = ServerInfo::new(VERSION);

/// Answers a message of the Model Context Protocol; its tools judge frames
#[utoipa::path(
    post,
    path = "/mcp",
    tag = "defender",
    request_body(content = ref("#/components/schemas/JsonRpc"), content_type = "application/json"),
    responses(
        (status = 200, description = "The answer, or a JSON-RPC error.",
            body = ref("#/components/schemas/JsonRpc"), content_type = "application/json"),
        (status = 202, description = "A notification was taken; there is no body."),
        crate::openapi::Problems,
    ),
)]
pub(crate) async fn answer(request: &mut Request, env: &Env) -> Result<Response, Fault> {
    let version = request.headers().get("mcp-protocol-version")?;
    if version.is_some_and(|version| !PROTOCOL_VERSIONS.contains(&version.as_str())) {
        let detail = format!("known are {}", PROTOCOL_VERSIONS.join(", "));
        return Err(Problem::unsupported_protocol_version(detail).into());
    }
    let body = request::json_bytes(request).await?;
    let policy = assets::policy(env).await.map_err(service::not_ready)?;
    Ok(match mcp::answer(&policy, SERVER, &body) {
        Reply::Response(answer) => response::json(&answer, 200, JSON)?,
        Reply::Accepted => response::empty(202)?,
    })
}
