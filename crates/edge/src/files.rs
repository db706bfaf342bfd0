//! The page's files. Their headers come with them (the build writes them into `_headers`), but for
//! the embedded demo, which other sites may frame.

use crate::config::ASSETS;
use crate::error::Fault;
use crate::{request, response};
use omniguard_core::wire::problem::Problem;
use worker::{Env, Headers, Request, Response, Result};

type Answer = std::result::Result<Response, Fault>;

/// A static file, or the problem that there is none.
pub(crate) async fn serve(request: Request, env: &Env, allow: &'static str) -> Answer {
    let method = request::method(&request);
    let readable = matches!(method.as_str(), "GET" | "HEAD");
    let fetcher = env.assets(ASSETS)?;
    let found = if readable {
        fetcher.fetch_request(request.clone()?).await?
    } else {
        fetcher.fetch(request.url()?.to_string(), None).await?
    };
    if found.status_code() == 404 {
        let shown: String = request.path().chars().take(200).collect();
        return Err(Problem::unknown_path(format!("nothing is served at {shown}")).into());
    }
    if method == "OPTIONS" {
        return Ok(response::options(allow)?);
    }
    if !readable {
        return Err(Fault::Method(allow));
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
    fn only_the_frame_ancestors_change() {
        assert_eq!(
            with_any_ancestor("default-src 'none'; frame-ancestors 'none'; base-uri 'none';"),
            "default-src 'none'; base-uri 'none'; frame-ancestors *"
        );
        assert_eq!(with_any_ancestor("frame-ancestors 'none'"), "frame-ancestors *");
    }
}
