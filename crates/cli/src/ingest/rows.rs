//! Reads ingested rows back.

use super::folder::{MANIFEST, Manifest, ROWS};
use anyhow::{Context, Result};
use flate2::read::MultiGzDecoder;
use omniguard_core::ingest::{Row, Source, read};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

#[derive(Debug, Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    row: &'a RawValue,
}

/// The dataset of a folder.
pub(crate) fn source(folder: &Path) -> Result<Source> {
    let manifest = Manifest::read(folder)?;
    Source::from_name(&manifest.source)
        .with_context(|| format!("{} names no dataset", folder.join(MANIFEST).display()))
}

/// Calls `visit` with every row of a folder, in order; one row is in memory at a time.
pub(crate) fn each(folder: &Path, mut visit: impl FnMut(Row) -> Result<()>) -> Result<()> {
    let source = source(folder)?;
    let path = folder.join(ROWS);
    let file = File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut lines = BufReader::new(MultiGzDecoder::new(BufReader::new(file)));
    let mut line = String::new();
    for number in 1u64.. {
        line.clear();
        let place = || format!("{}, line {number}", path.display());
        if lines.read_line(&mut line).with_context(place)? == 0 {
            break;
        }
        let entry: Line = serde_json::from_str(&line).with_context(place)?;
        visit(read(source, entry.row.get()).with_context(place)?)?;
    }
    Ok(())
}
