//! The tools' versions, each at one place. wasm-bindgen's is the lockfile's: the command-line tool
//! and the library must be equal, or the build ends in a schema mismatch.

use anyhow::{Context, Result};
use std::fs;

/// Builds the page.
pub(crate) const TRUNK: &str = "0.21.14";
/// Builds the Worker; of the same release as the crate `worker`.
pub(crate) const WORKER_BUILD: &str = "0.8.7";
/// Checks licences, bans, sources and advisories.
pub(crate) const CARGO_DENY: &str = "0.20.2";
/// wrangler refuses older ones.
pub(crate) const NODE_MAJOR: u32 = 22;

/// The version of wasm-bindgen in the workspace's lockfile.
pub(crate) fn wasm_bindgen() -> Result<String> {
    let path = crate::paths::root().join("Cargo.lock");
    let lock =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let found = locked(&lock, "wasm-bindgen");
    match found.as_slice() {
        [version] => Ok(version.clone()),
        // While neither page nor Worker depends on it yet, the manifest's pin is the truth.
        [] => pinned_wasm_bindgen(),
        several => anyhow::bail!(
            "Cargo.lock holds {} versions of wasm-bindgen ({}); there must be one",
            several.len(),
            several.join(", ")
        ),
    }
}

/// The exact version that the workspace's manifest pins.
pub(crate) fn pinned_wasm_bindgen() -> Result<String> {
    let manifest = fs::read_to_string(crate::paths::root().join("Cargo.toml"))?;
    manifest
        .lines()
        .find_map(|line| line.strip_prefix("wasm-bindgen = \"=")?.strip_suffix('"'))
        .map(str::to_owned)
        .context("Cargo.toml does not pin wasm-bindgen with `wasm-bindgen = \"=X.Y.Z\"`")
}

/// All versions of a package in the text of a lockfile.
pub(crate) fn locked(lock: &str, package: &str) -> Vec<String> {
    let name = format!("name = \"{package}\"");
    let lines: Vec<&str> = lock.lines().collect();
    lines
        .windows(2)
        .filter(|pair| pair[0] == name)
        .filter_map(|pair| pair[1].strip_prefix("version = \"")?.strip_suffix('"'))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::locked;

    #[test]
    fn every_version_of_a_package_is_found_and_no_other_package() {
        let lock = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"ab\"\n\
                    version = \"9.0.0\"\n\n[[package]]\nname = \"a\"\nversion = \"2.0.0\"\n";
        assert_eq!(locked(lock, "a"), ["1.0.0", "2.0.0"]);
        assert!(locked(lock, "b").is_empty());
    }
}
