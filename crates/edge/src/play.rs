//! `/reset`, `/step` and `/state` over HTTP, in both dialects: the body's shape tells them apart.

use crate::config::NamespaceLimits;
use crate::error::Fault;
use crate::namespaces::Shards;
use crate::part::Dialect;
use crate::request;
use crate::response::{self, JSON};
use omniguard_core::wire::batch::{self, BatchReset, ResetItem, StepItem, StepResult};
use omniguard_core::wire::observation::ObservationBody;
use omniguard_core::wire::openenv::{Observed, StateBody};
use omniguard_core::wire::problem::Problem;
use omniguard_core::wire::request::{MAX_EPISODE_ID_CHARS, Reset, Step};
use omniguard_core::wire::validation::{FieldError, Fields, Invalid, Loc, Null};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use worker::{Env, Request, Response};

type Answer = std::result::Result<Response, Fault>;

/// Observations of a reset, in the dialect that was spoken.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes answers that shards write")]
enum ResetAnswer {
    OpenEnv(Box<Observed>),
    Batch { observations: Vec<ObservationBody> },
}

/// Results of a step, in the dialect that was spoken.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes answers that shards write")]
enum StepAnswer {
    OpenEnv(Box<Observed>),
    Batch { results: Vec<StepResult> },
}

/// The one environment of the OpenEnv dialect.
const ENV: u32 = 0;

/// Starts episodes: of one environment, or of those that are named
#[utoipa::path(
    post,
    path = "/reset",
    tag = "environment",
    params(
        ("X-OmniGuard-Session" = Option<String>, Header,
            description = "Namespace; without it, `public`, which all strangers share.",
            min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_-]+$"),
    ),
    request_body(content = ref("#/components/schemas/ResetBody"),
        content_type = "application/json"),
    responses(
        (status = 200, description = "What the environments show.", body = ResetAnswer),
        crate::openapi::Problems,
    ),
)]
pub(crate) async fn reset(request: &mut Request, env: &Env) -> Answer {
    let body = request::json(request).await?;
    if batch::is_batch(&body) {
        let read = BatchReset::read(&body)?;
        within_limit(env, "items", read.items.iter().map(|item| item.env_id))?;
        let space = request::space(request, None)?;
        let shown = Shards::new(env, &space).reset(&body, &read, Dialect::Batch).await?;
        return list("observations", &shown);
    }
    let reset = Reset::read(&body)?;
    let space = request::space(request, reset.episode_id.as_deref())?;
    let body = json!({"items": [with_env(&body, [])]});
    let read = BatchReset { seed: None, items: vec![ResetItem { env_id: ENV, reset }] };
    let shown = Shards::new(env, &space).reset(&body, &read, Dialect::OpenEnv).await?;
    one(shown)
}

/// Answers the frame in hand: of one environment, or of those that are named, all or none
#[utoipa::path(
    post,
    path = "/step",
    tag = "environment",
    params(
        ("X-OmniGuard-Session" = Option<String>, Header,
            description = "Namespace; without it, `public`, which all strangers share.",
            min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_-]+$"),
    ),
    request_body(content = ref("#/components/schemas/StepBody"),
        content_type = "application/json"),
    responses(
        (status = 200, description = "What the answers earned.", body = StepAnswer),
        crate::openapi::Problems,
    ),
)]
pub(crate) async fn step(request: &mut Request, env: &Env) -> Answer {
    let body = request::json(request).await?;
    if batch::is_batch(&body) {
        let read = batch::read_steps(&body)?;
        within_limit(env, "actions", read.iter().map(|item| item.env_id))?;
        let space = request::space(request, None)?;
        let shown = Shards::new(env, &space).step(&body, &read, Dialect::Batch).await?;
        return list("results", &shown);
    }
    let Step { action, episode_id, step_id } = Step::read(&body)?;
    let space = request::space(request, episode_id.as_deref())?;
    let known = body.get("action").unwrap_or(&Value::Null);
    let body = json!({"actions": [with_env(known, step_id.map(|n| ("step_id", n)))]});
    let read = [StepItem { env_id: ENV, action, step_id }];
    one(Shards::new(env, &space).step(&body, &read, Dialect::OpenEnv).await?)
}

/// Tells an environment's state: never the truth of the frame in hand
#[utoipa::path(
    get,
    path = "/state",
    tag = "environment",
    params(
        ("X-OmniGuard-Session" = Option<String>, Header,
            description = "Namespace; without it, `public`, which all strangers share.",
            min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_-]+$"),
        ("env_id" = Option<u32>, Query, description = "Which environment; 0 by default.",
            minimum = 0, maximum = 511),
        ("episode_id" = Option<String>, Query, max_length = 255,
            description = "Whose environment, where no header names a namespace."),
    ),
    responses(
        (status = 200, description = "The state; without a run before the first reset.",
            body = StateBody),
        crate::openapi::Problems,
    ),
)]
pub(crate) async fn state(request: &Request, env: &Env) -> Answer {
    let asked: Map<String, Value> = ["env_id", "episode_id"]
        .into_iter()
        .filter_map(|name| Some((name, request::query(request, name).transpose()?)))
        .map(|(name, value)| {
            let value = value?;
            // A query has no types: what reads as a number is one where one is asked for.
            let number = (name == "env_id").then(|| value.parse::<u64>().ok()).flatten();
            Ok((name.to_owned(), number.map_or_else(|| value.into(), Into::into)))
        })
        .collect::<std::result::Result<_, Fault>>()?;
    let asked = Value::Object(asked);
    let mut fields = Fields::of(&asked, Null::Refused)?;
    let max = u64::from(NamespaceLimits::from_env(env).max_envs) - 1;
    let env_id = fields.integer("env_id", 0, max).map_or(ENV, |n| n as u32);
    let episode_id = fields.string("episode_id", MAX_EPISODE_ID_CHARS);
    fields.finish(Some(()))?;
    let space = request::space(request, episode_id)?;
    let state = Shards::new(env, &space).state(env_id).await?;
    Ok(response::text(state, 200, JSON)?)
}

/// The object's fields, with the environment's id and what else is given.
fn with_env<'a>(object: &Value, extra: impl IntoIterator<Item = (&'a str, u32)>) -> Value {
    let mut item = object.as_object().cloned().unwrap_or_default();
    for (name, value) in [("env_id", ENV)].into_iter().chain(extra) {
        item.insert(name.to_owned(), value.into());
    }
    item.into()
}

fn within_limit(
    env: &Env,
    list: &'static str,
    env_ids: impl Iterator<Item = u32>,
) -> std::result::Result<(), Invalid> {
    let max_envs = NamespaceLimits::from_env(env).max_envs;
    let errors: Vec<_> = (0..)
        .zip(env_ids)
        .filter(|(_, env_id)| *env_id >= max_envs)
        .map(|(idx, _)| FieldError {
            loc: vec![list.into(), Loc::Index(idx), "env_id".into()],
            msg: format!("must be below {max_envs} on this deployment"),
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(Invalid { errors }) }
}

fn list(name: &str, items: &[String]) -> Answer {
    Ok(response::text(format!(r#"{{"{name}":[{}]}}"#, items.join(",")), 200, JSON)?)
}

fn one(mut items: Vec<String>) -> Answer {
    let answer = items.pop().ok_or_else(|| Problem::internal("no answer came"))?;
    Ok(response::text(answer, 200, JSON)?)
}
