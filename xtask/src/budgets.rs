//! Size budgets of what a visitor loads and of what is deployed.

use crate::{edge, page, paths};
use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The page's wasm, scripts, style sheets and HTML, compressed.
const FIRST_LOAD_KB: f64 = 450.0;
/// Corpus, weights and embedding table: what the demo plays on, loaded after the page, compressed.
const ASSETS_KB: f64 = 5_000.0;
/// The sections below the demo with the run's files, loaded once the demo runs, compressed.
const DETAILS_KB: f64 = 600.0;
/// The Worker, compressed; a third of what the smallest plan takes.
const WORKER_KB: f64 = 1_000.0;

/// Prints the page's sizes; an error where a budget is exceeded.
pub(crate) fn check_page() -> Result<()> {
    let dist = page::dist();
    let html = fs::read_to_string(dist.join("index.html")).context("the page is not built")?;
    let mut first = vec![dist.join("index.html")];
    first.extend(page::local_references(&html).into_iter().map(|name| dist.join(name)));
    // What the start script imports in turn.
    let mut all = files(&dist)?;
    first.extend(all.iter().filter(|path| path.starts_with(dist.join("snippets"))).cloned());
    let docs = |path: &Path| {
        path.starts_with(dist.join(page::DOCS)) || path.ends_with(format!("{}.html", page::DOCS))
    };
    all.retain(|path| !first.contains(path) && !path.ends_with("_headers") && !docs(path));

    let first_kb = report("first load", &dist, &first)?;
    let (assets, details): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|path| path.extension().is_some_and(|kind| kind == "bin"));
    let assets_kb = report("what the demo plays on", &dist, &assets)?;
    let details_kb = report("below the demo", &dist, &details)?;
    within("the page's first load", first_kb, FIRST_LOAD_KB)?;
    within("what the demo plays on", assets_kb, ASSETS_KB)?;
    within("what stands below the demo", details_kb, DETAILS_KB)
}

/// Prints the Worker's sizes; an error where the budget is exceeded.
pub(crate) fn check_worker() -> Result<()> {
    let folder = edge::output();
    let deployed: Vec<PathBuf> = files(&folder)?
        .into_iter()
        .filter(|path| path.extension().is_some_and(|kind| kind == "wasm" || kind == "js"))
        .collect();
    if deployed.is_empty() {
        bail!("{} holds no Worker", paths::shown(&folder));
    }
    let kb = report("Worker", &folder, &deployed)?;
    within("the Worker", kb, WORKER_KB)
}

fn within(what: &str, kb: f64, budget_kb: f64) -> Result<()> {
    if kb > budget_kb {
        bail!("{what} is {kb:.1} KB compressed, over the budget of {budget_kb} KB");
    }
    println!("{what}: {kb:.1} KB compressed, budget {budget_kb} KB");
    Ok(())
}

/// Prints one line per file; returns the sum of the compressed sizes in KB.
fn report(title: &str, folder: &Path, files: &[PathBuf]) -> Result<f64> {
    println!("{title}, KB plain / gzip:");
    let mut total = 0.0;
    for path in files {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let compressed = kilobytes(gzip_len(&bytes)?);
        total += compressed;
        let name = path.strip_prefix(folder).unwrap_or(path).display();
        println!("  {:9.1} / {compressed:7.1}  {name}", kilobytes(bytes.len()));
    }
    Ok(total)
}

fn kilobytes(bytes: usize) -> f64 {
    bytes as f64 / 1_000.0
}

fn gzip_len(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

/// All files below a folder, sorted.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path())?);
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_kept_or_named() {
        assert!(within("x", 450.0, 450.0).is_ok());
        let error = within("the page's first load", 450.1, 450.0).unwrap_err().to_string();
        assert_eq!(
            error,
            "the page's first load is 450.1 KB compressed, over the budget of 450 KB"
        );
    }

    #[test]
    fn repetition_compresses() {
        assert!(gzip_len(&[b'a'; 10_000]).unwrap() < 100);
    }
}
