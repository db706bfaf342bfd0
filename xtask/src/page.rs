//! Builds the page with Trunk and writes the headers that its files are served with.
//!
//! `dist/_headers` is read by Workers' static assets and by other static hosts; the start script
//! that Trunk writes into index.html is allowed by its hash, so no inline script else can run.

use crate::progress::{Done, Step};
use crate::tools::Tool;
use crate::{npm, paths};
use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// Folder of the API's documentation within the page: no part of what the page itself loads.
pub(crate) const DOCS: &str = "docs";

/// Where Trunk puts the page.
pub(crate) fn dist() -> PathBuf {
    paths::root().join("dist")
}

/// PATH with the tools of this workspace before everything else.
pub(crate) fn tool_path() -> Result<OsString> {
    let wasm_bindgen = Tool::wasm_bindgen()?.path()?;
    let folders = [wasm_bindgen.parent().map(PathBuf::from), Some(npm::bin_folder())];
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    let folders = folders.into_iter().flatten().chain(std::env::split_paths(&inherited));
    std::env::join_paths(folders).context("a folder on PATH has a colon in its name")
}

/// `trunk build --release --offline`, then the headers.
pub(crate) fn build(step: &mut Step) -> Result<Done> {
    let mut trunk = Command::new(Tool::trunk().path()?);
    trunk
        // Trunk reads NO_COLOR as a flag's value and accepts "true" and "false" only.
        .env_remove("NO_COLOR")
        .args(["build", "--release", "--offline"])
        .current_dir(paths::root())
        .env("PATH", tool_path()?);
    step.run(&mut trunk, &paths::log("page")?, "building", "put right what the compiler says")?;
    copy_docs()?;
    write_headers()?;
    Ok(Done::Now("built"))
}

/// The API's interactive documentation: our page, and Swagger UI from its package.
fn copy_docs() -> Result<()> {
    let (public, package) =
        (paths::root().join("public"), paths::root().join("node_modules/swagger-ui-dist"));
    fs::create_dir_all(dist().join(DOCS))?;
    for (from, name) in [
        (public.join("docs.html"), "docs.html"),
        (public.join("docs/start.js"), "docs/start.js"),
        (package.join("swagger-ui.css"), "docs/swagger-ui.css"),
        (package.join("swagger-ui-bundle.js"), "docs/swagger-ui-bundle.js"),
    ] {
        fs::copy(&from, dist().join(name))
            .with_context(|| format!("cannot copy {}", paths::shown(&from)))?;
    }
    Ok(())
}

fn write_headers() -> Result<()> {
    let path = dist().join("index.html");
    let html = fs::read_to_string(&path)
        .with_context(|| format!("Trunk left no {}", paths::shown(&path)))?;
    let scripts = inline_scripts(&html);
    if scripts.is_empty() {
        bail!(
            "{} has no start script: Trunk changed, or index.html lost its rust link",
            path.display()
        );
    }
    fs::write(dist().join("_headers"), headers(&html, &scripts))?;
    Ok(())
}

/// The text of each inline script.
fn inline_scripts(html: &str) -> Vec<&str> {
    html.split("<script")
        .skip(1)
        .filter_map(|rest| {
            let (attributes, rest) = rest.split_once('>')?;
            let (text, _) = rest.split_once("</script")?;
            (!attributes.contains("src=") && !text.is_empty()).then_some(text)
        })
        .collect()
}

fn headers(html: &str, scripts: &[&str]) -> String {
    let hashes: Vec<String> = scripts
        .iter()
        .map(|script| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(script.as_bytes()))))
        .collect();
    let mut text = format!(
        "/*\n  Content-Security-Policy: default-src 'none'; \
         script-src 'self' 'wasm-unsafe-eval' {}; style-src 'self'; img-src 'self' data:; \
         font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'\n\
         \x20 X-Content-Type-Options: nosniff\n\
         \x20 Referrer-Policy: no-referrer\n\
         \x20 Cross-Origin-Opener-Policy: same-origin\n",
        hashes.join(" ")
    );
    // Names with a content hash never change their content.
    for name in local_references(html).iter().filter(|name| has_content_hash(name)) {
        let _ = write!(text, "/{name}\n  Cache-Control: public, max-age=31536000, immutable\n");
    }
    text
}

/// Trunk's names end in `-<16 hex digits>` before `.js`, `.css` or `_bg.wasm`.
fn has_content_hash(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name);
    let stem = stem.strip_suffix("_bg").unwrap_or(stem);
    stem.rsplit_once('-').is_some_and(|(_, hash)| {
        hash.len() >= 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// The wasm, scripts and style sheets of our own that the page names: its first load. Sorted.
pub(crate) fn local_references(html: &str) -> Vec<String> {
    let mut names: Vec<String> = html
        .split(['"', '\'', '=', '>', ' '])
        .filter_map(|piece| piece.strip_prefix('/').or_else(|| piece.strip_prefix("./")))
        .filter(|name| {
            let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
            matches!(extension, "js" | "mjs" | "css" | "wasm") && !name.starts_with('/')
        })
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTML: &str = "<link rel=\"stylesheet\" href=\"/theme-0123456789abcdef.css\"/>\
        <link rel=modulepreload href=/app-0123456789abcdef.js>\
        <script src=\"/plain.js\"></script>\
        <script type=\"module\">import init from '/app-0123456789abcdef.js';\
        init({ module_or_path: '/app-0123456789abcdef_bg.wasm' });</script>";

    #[test]
    fn only_inline_scripts_are_hashed() {
        let scripts = inline_scripts(HTML);
        assert_eq!(scripts.len(), 1);
        assert!(scripts[0].starts_with("import init"));
    }

    #[test]
    fn the_hash_is_that_of_a_known_script() {
        // From the Content Security Policy specification: `alert('Hello, world.');`
        let text = headers("", &["alert('Hello, world.');"]);
        let known = "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='";
        assert!(text.contains(known), "{text}");
    }

    #[test]
    fn the_first_load_is_what_the_page_names() {
        assert_eq!(
            local_references(HTML),
            [
                "app-0123456789abcdef.js",
                "app-0123456789abcdef_bg.wasm",
                "plain.js",
                "theme-0123456789abcdef.css"
            ]
        );
    }

    #[test]
    fn only_files_with_a_content_hash_are_kept_for_ever() {
        let text = headers(HTML, &["x"]);
        assert!(text.contains("/app-0123456789abcdef_bg.wasm\n  Cache-Control"), "{text}");
        assert!(!text.contains("/plain.js"), "{text}");
    }
}
