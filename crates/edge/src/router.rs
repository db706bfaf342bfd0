//! Which path is answered by what, and what every answer needs: methods, bodies, static files.

use crate::assets;
use crate::config::{ASSETS, MAX_MESSAGE_BYTES, VERSION};
use crate::error::Fault;
use crate::response::{self, JSON};
use crate::sessions;
use futures_util::StreamExt;
use omniguard_core::wire::Named;
use omniguard_core::wire::decide;
use omniguard_core::wire::problem::Problem;
use omniguard_core::wire::service::{Health, Readiness, Runtime, ServiceInfo};
use worker::{Env, Headers, Method, Request, Response, Result};

type Answer = std::result::Result<Response, Fault>;

/// What answers a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    Health,
    Ready,
    Info,
    Decide,
    Socket,
    /// A static file, or nothing.
    File,
}

impl Route {
    fn of(path: &str) -> Self {
        match path {
            "/healthz" => Self::Health,
            "/readyz" => Self::Ready,
            "/info" => Self::Info,
            "/api/decide" => Self::Decide,
            "/ws" => Self::Socket,
            _ => Self::File,
        }
    }

    /// Value of the `Allow` header.
    const fn allow(self) -> &'static str {
        match self {
            Self::Health | Self::Ready | Self::Info | Self::File => "GET, HEAD, OPTIONS",
            Self::Decide => "POST, OPTIONS",
            Self::Socket => "GET, OPTIONS",
        }
    }

    fn allows(self, method: &Method) -> bool {
        self.allow().split(", ").any(|allowed| allowed == method.as_ref())
    }
}

/// Answers a request; an error in doing so is answered too.
pub(crate) async fn handle(request: Request, env: &Env) -> Result<Response> {
    let without_body = request.method() == Method::Head;
    let response = match answer(request, env).await {
        Ok(response) => response,
        Err(fault) => fault.response()?,
    };
    Ok(if without_body { response::without_body(response) } else { response })
}

async fn answer(mut request: Request, env: &Env) -> Answer {
    let path = request.path();
    let route = Route::of(&path);
    let method = request.method();
    if route == Route::File {
        return file(request, env, &path).await;
    }
    if method == Method::Options {
        return Ok(response::options(route.allow())?);
    }
    if !route.allows(&method) {
        return Err(Fault::Method(route.allow()));
    }
    match route {
        Route::Health => health(env).await,
        Route::Ready => ready(env).await,
        Route::Info => info(env).await,
        Route::Decide => judge(&mut request, env).await,
        Route::Socket => sessions::open(request, env).await,
        Route::File => Err(nothing_at(&path)),
    }
}

async fn health(env: &Env) -> Answer {
    let (env_instances, complete) = sessions::count(env).await;
    let status = if complete { "ok" } else { "degraded" };
    let health = Health { status, env_instances, queue_depths: Named([]), version: VERSION };
    Ok(response::json(&health, 200, JSON)?)
}

async fn ready(env: &Env) -> Answer {
    let corpus = assets::corpus(env).await.map(drop);
    let policy = assets::policy(env).await.map(drop);
    let reasons: Vec<String> =
        [corpus, policy].into_iter().filter_map(|loaded| Some(loaded.err()?.public())).collect();
    let (status, code) = if reasons.is_empty() { ("ready", 200) } else { ("degraded", 503) };
    Ok(response::json(&Readiness { status, reasons }, code, JSON)?)
}

async fn info(env: &Env) -> Answer {
    let corpus = assets::corpus(env).await.map_err(not_ready)?;
    let policy = assets::policy(env).await.map_err(not_ready)?;
    let runtime = Runtime { platform: "cloudflare-workers", language: "rust-wasm32" };
    let info = ServiceInfo::new(&corpus, policy.run_id(), VERSION, runtime);
    Ok(response::json(&info, 200, JSON)?)
}

async fn judge(request: &mut Request, env: &Env) -> Answer {
    let content_type = request.headers().get("content-type")?.unwrap_or_default();
    if !is_json(&content_type) {
        let detail = "send `Content-Type: application/json`";
        return Err(Problem::unsupported_media_type(detail).into());
    }
    let body = body(request).await?;
    let policy = assets::policy(env).await.map_err(not_ready)?;
    let decision = decide::decide(&policy, &body)?;
    Ok(response::json(&decision, 200, JSON)?)
}

fn is_json(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let media_type = media_type.to_ascii_lowercase();
    media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

/// The body, read no further than the limit.
async fn body(request: &mut Request) -> std::result::Result<Vec<u8>, Fault> {
    let too_large =
        || Problem::content_too_large(format!("at most {MAX_MESSAGE_BYTES} bytes are read"));
    let length = request.headers().get("content-length")?;
    let announced = length.and_then(|text| text.parse::<u64>().ok());
    if announced.is_some_and(|n_bytes| n_bytes > MAX_MESSAGE_BYTES as u64) {
        return Err(too_large().into());
    }
    if request.inner().body().is_none() {
        return Ok(Vec::new());
    }
    let mut stream = request.stream()?;
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next().await {
        bytes.extend_from_slice(&chunk?);
        if bytes.len() > MAX_MESSAGE_BYTES {
            return Err(too_large().into());
        }
    }
    Ok(bytes)
}

#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
fn not_ready(error: assets::LoadError) -> Fault {
    worker::console_error!("not ready: {error}");
    Problem::not_ready(error.public()).into()
}

fn nothing_at(path: &str) -> Fault {
    let shown: String = path.chars().take(200).collect();
    Problem::unknown_path(format!("nothing is served at {shown}")).into()
}

/// A static file. Its headers come with it (the build writes them into `_headers`), but for the
/// embedded demo, which other sites may frame.
async fn file(request: Request, env: &Env, path: &str) -> Answer {
    let method = request.method();
    let readable = matches!(method, Method::Get | Method::Head);
    let fetcher = env.assets(ASSETS)?;
    let found = if readable {
        fetcher.fetch_request(request.clone()?).await?
    } else {
        fetcher.fetch(request.url()?.to_string(), None).await?
    };
    if found.status_code() == 404 {
        return Err(nothing_at(path));
    }
    if method == Method::Options {
        return Ok(response::options(Route::File.allow())?);
    }
    if !readable {
        return Err(Fault::Method(Route::File.allow()));
    }
    let embedded = request.url()?.query_pairs().any(|pair| pair == ("embed".into(), "demo".into()));
    if embedded { Ok(framable(found)?) } else { Ok(found) }
}

const POLICY: &str = "content-security-policy";

/// The same file, with leave for every site to show it in a frame.
fn framable(response: Response) -> Result<Response> {
    let headers: Headers = response.headers().entries().collect();
    if let Some(policy) = headers.get(POLICY)? {
        headers.set(POLICY, &with_any_ancestor(&policy))?;
    }
    headers.delete("x-frame-options")?;
    Ok(response.with_headers(headers))
}

fn with_any_ancestor(policy: &str) -> String {
    let kept = policy
        .split(';')
        .map(str::trim)
        .filter(|directive| !directive.is_empty() && !directive.starts_with("frame-ancestors"));
    kept.chain(["frame-ancestors *"]).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_knows_its_methods() {
        assert!(Route::of("/healthz").allows(&Method::Head));
        assert!(!Route::of("/healthz").allows(&Method::Post));
        assert!(Route::of("/api/decide").allows(&Method::Post));
        assert!(!Route::of("/api/decide").allows(&Method::Get));
        assert!(!Route::of("/ws").allows(&Method::Head));
        assert_eq!(Route::of("/index.html"), Route::File);
        assert_eq!(Route::of("/healthz/"), Route::File);
    }

    #[test]
    fn json_is_known_by_its_media_type() {
        for good in ["application/json", "Application/JSON; charset=utf-8", "application/x+json"] {
            assert!(is_json(good), "{good}");
        }
        for bad in ["", "text/plain", "application/jsonp", "text/json", "multipart/form-data"] {
            assert!(!is_json(bad), "{bad}");
        }
    }

    #[test]
    fn only_the_frame_ancestors_change() {
        assert_eq!(
            with_any_ancestor("default-src 'none'; frame-ancestors 'none'; base-uri 'none';"),
            "default-src 'none'; base-uri 'none'; frame-ancestors *"
        );
        assert_eq!(with_any_ancestor("frame-ancestors 'none'"), "frame-ancestors *");
    }
}
