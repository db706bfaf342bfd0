//! Rules about the repository itself, checked as tests.

use crate::{budgets, paths, versions};
use std::fs;
use std::path::PathBuf;

/// Folders that git ignores or that hold no source of ours.
const SKIPPED: [&str; 9] =
    ["target", "node_modules", "dist", "build", ".git", ".venv", ".omniguard", ".wrangler", "runs"];
/// What fuzzing leaves in its folder; git ignores it, too.
const FUZZED: [&str; 4] = ["fuzz/corpus", "fuzz/artifacts", "fuzz/coverage", "fuzz/Cargo.lock"];
const MAX_LINES: usize = 450;

fn read(path: &str) -> String {
    fs::read_to_string(paths::root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All files of the repository, without skipped folders at any depth.
fn repository() -> Vec<PathBuf> {
    let mut folders = vec![paths::root()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if FUZZED.iter().any(|left| path == paths::root().join(left)) {
                continue;
            }
            if path.is_dir() && !SKIPPED.contains(&name.as_str()) {
                folders.push(path);
            } else if path.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn rust_sources() -> Vec<(String, String)> {
    let sources: Vec<_> = repository()
        .into_iter()
        .filter(|path| path.extension().is_some_and(|kind| kind == "rs"))
        .map(|path| (paths::shown(&path), fs::read_to_string(&path).unwrap()))
        .collect();
    assert!(sources.len() > 20, "the walk found only {} sources", sources.len());
    sources
}

#[test]
fn there_is_one_lockfile() {
    let locks: Vec<_> = repository()
        .iter()
        .filter(|path| path.ends_with("Cargo.lock"))
        .map(|path| paths::shown(path))
        .collect();
    assert_eq!(locks, ["Cargo.lock"], "two lockfiles drift apart, and with them wasm-bindgen");
}

#[test]
fn wasm_bindgen_is_pinned_and_locked_to_one_version() {
    let pinned = versions::pinned_wasm_bindgen().unwrap();
    assert_eq!(versions::wasm_bindgen().unwrap(), pinned);
}

#[test]
fn the_worker_crate_and_its_builder_are_of_one_release() {
    let manifest = read("Cargo.toml");
    let pin = format!("worker = {{ version = \"={}\"", versions::WORKER_BUILD);
    assert!(manifest.contains(&pin), "Cargo.toml does not pin worker to worker-build's version");
}

#[test]
fn trunk_and_the_page_agree_with_the_tools() {
    let trunk = read("Trunk.toml");
    assert!(trunk.contains(&format!("trunk-version = \"={}\"", versions::TRUNK)));
    assert!(!trunk.contains("wasm_bindgen ="), "wasm-bindgen's version is the lockfile's");
    let page = read("index.html");
    assert!(page.contains("href=\"crates/web/Cargo.toml\""));
    assert!(page.contains("data-cargo-profile=\"wasm-release\""));
    for feature in [
        "bulk-memory",
        "nontrapping-float-to-int",
        "sign-ext",
        "mutable-globals",
        "multivalue",
        "reference-types",
        "simd",
    ] {
        assert!(page.contains(&format!("--enable-{feature}")), "wasm-opt is not told of {feature}");
    }
}

#[test]
fn npm_packages_are_pinned_exactly_and_node_is_the_one_that_wrangler_needs() {
    let manifest = read("package.json");
    let (_, dependencies) = manifest.split_once("\"devDependencies\": {").unwrap();
    let (dependencies, _) = dependencies.split_once('}').unwrap();
    let pins: Vec<(&str, &str)> = dependencies
        .lines()
        .filter_map(|line| line.trim().trim_end_matches(',').split_once(": "))
        .map(|(name, version)| (name.trim_matches('"'), version.trim_matches('"')))
        .collect();
    assert!(pins.len() >= 5, "{pins:?}");
    for (name, version) in &pins {
        let exact = version.split('.').count() == 3
            && version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        assert!(exact, "{name} is not pinned: {version}");
    }
    let node = pins.iter().find(|(name, _)| *name == "node").unwrap().1;
    assert!(node.starts_with(&format!("{}.", versions::NODE_MAJOR)), "{node}");
}

#[test]
fn no_unfinished_code() {
    // Spelled in two parts, so that this file does not find itself.
    let marks = [["tod", "o!("].concat(), ["unimpl", "emented!("].concat(), ["db", "g!("].concat()];
    for (path, text) in rust_sources() {
        for mark in &marks {
            assert!(!text.contains(mark.as_str()), "{path} contains {mark}…)");
        }
    }
}

#[test]
fn source_files_stay_short() {
    let long: Vec<String> = rust_sources()
        .iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, n_lines)| *n_lines > MAX_LINES)
        .map(|(path, n_lines)| format!("{path}: {n_lines}"))
        .collect();
    assert!(long.is_empty(), "over {MAX_LINES} lines: {long:?}");
}

#[test]
fn nothing_names_a_machine() {
    // Home folders and mirrors of the machine that wrote a file.
    let marks = [["/ro", "ot/"].concat(), ["/ho", "me/"].concat(), ["arti", "factory"].concat()];
    for path in repository() {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        // Scenario texts speak of servers' paths.
        if path.starts_with(paths::root().join("corpus")) || text.len() > 400_000 {
            continue;
        }
        // Only files that are configuration or code can leak one; corpora and runs are skipped.
        let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or("");
        if !matches!(kind, "toml" | "json" | "lock" | "html" | "md" | "mjs" | "py" | "txt" | "") {
            continue;
        }
        for mark in &marks {
            assert!(!text.contains(mark.as_str()), "{} contains {mark}", paths::shown(&path));
        }
    }
}

#[test]
fn ci_runs_the_command_that_a_person_runs() {
    let script = read(".ci/run");
    let cargo: Vec<&str> = script.lines().filter(|line| line.contains("cargo xtask")).collect();
    assert_eq!(cargo, ["exec cargo xtask test"]);
}

#[test]
fn the_readme_opens_with_the_two_commands() {
    let Ok(readme) = fs::read_to_string(paths::root().join("README.md")) else { return };
    let opening: String = readme.lines().take(40).collect::<Vec<_>>().join("\n");
    for command in ["cargo xtask serve", "cargo xtask test"] {
        assert!(opening.contains(command), "README.md does not open with `{command}`");
    }
}

#[test]
fn the_licence_is_complete() {
    let licence = read("LICENSE");
    assert!(licence.contains("Version 2.0, January 2004"));
    assert!(licence.contains("APPENDIX: How to apply the Apache License"));
    assert!(read("NOTICE").contains("OmniGuard"));
    assert!(!budgets::files(&paths::root().join(".ci")).unwrap().is_empty());
}
