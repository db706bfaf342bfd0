//! Where things are: the workspace's root, the tools' folder, logs and local state.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// The workspace's root folder.
pub(crate) fn root() -> PathBuf {
    // Cargo sets the variable for `cargo run`; the compiled-in value serves a binary run by hand.
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    manifest.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// `$OMNIGUARD_TOOLS`, else `~/.cache/omniguard/tools`: shared by all clones of a user.
pub(crate) fn tools() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("OMNIGUARD_TOOLS") {
        return Ok(PathBuf::from(folder));
    }
    let cache = match std::env::var_os("XDG_CACHE_HOME") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(
            std::env::var_os("HOME")
                .context("HOME is not set; set OMNIGUARD_TOOLS to a folder for the build tools")?,
        )
        .join(".cache"),
    };
    Ok(cache.join("omniguard").join("tools"))
}

/// One build folder for all tools that are compiled, so that they share their dependencies.
pub(crate) fn tools_build() -> Result<PathBuf> {
    let tools = tools()?;
    Ok(tools.parent().unwrap_or(&tools).join("build"))
}

/// Ignored by git: logs and the Durable Objects' local state.
pub(crate) fn local() -> PathBuf {
    root().join(".omniguard")
}

/// The log of one step.
pub(crate) fn log(name: &str) -> Result<PathBuf> {
    let folder = local().join("logs");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder.join(format!("{name}.log")))
}

/// A path as it is shown to a person: relative to the workspace where it lies within.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}
