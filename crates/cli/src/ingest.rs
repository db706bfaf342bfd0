//! `omniguard ingest`: rows of a streamed dataset, labelled, as compressed lines with a manifest.
//!
//! Pages are fetched and read by several threads and written in order; a run that ends early, in
//! whatever way, goes on with `--resume` where the manifest stands.

mod failure;
mod folder;
mod hub;
mod page;
mod pipeline;
mod retry;
pub(crate) mod rows;
mod stop;

use crate::output::{say, say_on};
use crate::progress::now;
use anyhow::{Context, Result, ensure};
use clap::Args;
use folder::{Folder, Manifest, Plan};
use hub::{Card, Hub};
use indicatif::{ProgressBar, ProgressStyle};
use omniguard_core::ingest::{Fingerprints, Source};
use pipeline::Task;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Folder that the datasets' folders stand in.
pub(crate) const FOLDER: &str = "ingested";
/// Environment variable with a token for datasets that want one.
const TOKEN: &str = "HF_TOKEN";

#[derive(Debug, Args)]
pub(crate) struct IngestArgs {
    /// Dataset: witfoo (telemetry), fenrir (texts about attacks), nist (the oracle)
    #[arg(long, value_parser = source)]
    dataset: Source,
    /// Read the first rows only
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Go on with what the folder holds
    #[arg(long)]
    resume: bool,
    /// Folder to write [default: the dataset's own in the folder "ingested"]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Ingested NIST rows whose texts decide labels [default: the folder "nist" beside --out, if
    /// it is there]
    #[arg(long)]
    oracle: Option<PathBuf>,
    /// Configuration of the dataset [default: the first that has the split]
    #[arg(long)]
    config: Option<String>,
    /// Split of the dataset, as the hub names it
    #[arg(long, default_value = "train")]
    split: String,
    /// Pages fetched and read at once
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=64))]
    jobs: u64,
    /// Tries beyond the first of a request that failed for a time
    #[arg(long, default_value_t = 6)]
    retries: u32,
    /// Longest wait for an answer
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    timeout_seconds: u64,
    /// The datasets server
    #[arg(long, default_value = "https://datasets-server.huggingface.co")]
    base_url: String,
    /// The hub, for the dataset's licence
    #[arg(long, default_value = "https://huggingface.co")]
    hub_url: String,
}

fn source(name: &str) -> Result<Source, String> {
    Source::from_name(name).ok_or_else(|| {
        let names: Vec<_> = Source::ALL.iter().map(|source| source.name()).collect();
        format!("{name} is none of {}", names.join(", "))
    })
}

pub(crate) fn run(args: &IngestArgs) -> Result<()> {
    let out = args.out.clone().unwrap_or_else(|| Path::new(FOLDER).join(args.dataset.name()));
    let token = std::env::var(TOKEN).ok().filter(|token| !token.is_empty());
    let timeout = Duration::from_secs(args.timeout_seconds);
    let hub = Hub::new(&args.base_url, &args.hub_url, token, timeout, args.retries);
    let known = fingerprints(args, &out)?;
    let place = hub.place(args.dataset, args.config.as_deref(), &args.split)?;
    let card = hub.card(args.dataset).unwrap_or_else(|failure| {
        eprintln!("licence and revision stay unknown: {failure}");
        Card::default()
    });
    let plan = Plan {
        source: args.dataset,
        place: &place,
        licence: card.licence,
        n_fingerprints: known.len(),
        limit: args.limit,
    };
    let mut folder = Folder::open(&out, args.resume, plan)?;
    let begun = (now(), folder.manifest.reached.next_offset);
    if begun.1 > 0 {
        eprintln!("{}: going on at row {}", out.display(), begun.1);
    }
    let bar = bar(args.dataset);
    bar.set_position(begun.1);
    let task = Arc::new(Task {
        hub,
        source: args.dataset,
        place,
        revision: card.revision,
        known,
        limit: args.limit,
        n_threads: args.jobs,
    });
    let result = task.run(&mut folder, &bar);
    bar.finish_and_clear();
    summary(&out, &folder, begun.0.elapsed(), begun.1)?;
    result.with_context(|| {
        format!("stopped; {} keeps what was read, --resume goes on", out.display())
    })
}

fn bar(source: Source) -> ProgressBar {
    let bar = ProgressBar::new(0);
    let template = "{prefix} [{bar:32}] {pos}/{len} rows {per_sec} eta {eta}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_prefix(source.name());
    bar
}

/// Fingerprints of the oracle's rows, where there are any; the oracle itself needs none.
fn fingerprints(args: &IngestArgs, out: &Path) -> Result<Fingerprints> {
    let mut known = Fingerprints::default();
    if args.dataset == Source::Nist {
        return Ok(known);
    }
    let beside = out.parent().map(|parent| parent.join(Source::Nist.name()));
    let folder = match (&args.oracle, beside) {
        (Some(folder), _) => folder.clone(),
        (None, Some(folder)) if folder.join(folder::MANIFEST).exists() => folder,
        _ => {
            eprintln!("no oracle: ingest nist first, and its texts decide labels where they match");
            return Ok(known);
        }
    };
    let manifest = Manifest::read(&folder)?;
    ensure!(manifest.source == Source::Nist.name(), "{} is not nist", folder.display());
    rows::each(&folder, |row| {
        row.teach(&mut known);
        Ok(())
    })?;
    eprintln!("oracle: {} fingerprints of {}", known.len(), folder.display());
    Ok(known)
}

fn summary(out: &Path, folder: &Folder, took: Duration, from: u64) -> io::Result<()> {
    let counts = &folder.counts;
    let n_read = folder.manifest.reached.next_offset.saturating_sub(from);
    let rate = n_read as f64 / took.as_secs_f64().max(1e-3);
    say!("{}: {n_read} rows read now, {rate:.0} a second", out.display())?;
    say!("{} rows in all, {} kept, {} set aside", counts.read, counts.kept, counts.set_aside)?;
    for (why, n) in &counts.skipped {
        say!("  {n} skipped: {why}")?;
    }
    if counts.truncated_cells > 0 {
        say!("  {} cells were cut short by the server", counts.truncated_cells)?;
    }
    say_on!("{}", folder.manifest.label_table())
}
