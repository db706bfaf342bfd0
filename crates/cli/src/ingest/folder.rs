//! The output: compressed lines and a manifest that says how far they are good.
//!
//! The manifest is replaced in one rename after the lines are on disk. Whatever stands behind the
//! bytes it names was written by a run that was killed, and is cut off when reading goes on.

use super::failure::Failure;
use super::hub::{PAGE_ROWS, Place};
use super::page::{Block, Counts};
use anyhow::{Context, Result, bail, ensure};
use omniguard_core::frame::Split;
use omniguard_core::ingest::{DatasetLabel, LabelTable, Source};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The rows: gzip, one JSON object a line.
pub(crate) const ROWS: &str = "rows.jsonl.gz";
/// What they are.
pub(crate) const MANIFEST: &str = "manifest.json";
/// The manifest's own shape.
const FORMAT: &str = "omniguard-ingest-1";

/// What was read, of what, and how far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    format: String,
    /// Short name, as the command line takes it.
    pub(crate) source: String,
    /// Name on the hub.
    dataset: String,
    config: String,
    split: String,
    /// State of the dataset, where the server tells.
    pub(super) revision: Option<String>,
    /// As the dataset's card has it.
    pub(super) licence: Option<String>,
    /// Fingerprints of the oracle that the labels were made with.
    n_fingerprints: usize,
    n_rows_total: u64,
    /// The server itself holds a part of the dataset alone.
    partial: bool,
    pub(super) limit: Option<u64>,
    /// Whether everything that was asked for is there.
    pub(crate) complete: bool,
    #[serde(flatten)]
    pub(super) reached: Reached,
    /// The same before the last page, where the limit cut that: a run with another limit reads it
    /// anew, so that rows are the same however they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before_short_page: Option<Reached>,
}

/// How far reading is, and what there is up to there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Reached {
    /// The first row that is not read yet.
    pub(super) next_offset: u64,
    /// Length and sha256 of the rows' file.
    bytes: u64,
    sha256: String,
    rows: Rows,
    frames: Frames,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Rows {
    read: u64,
    kept: u64,
    skipped: BTreeMap<String, u64>,
    truncated_cells: u64,
    set_aside: u64,
    by_split: BTreeMap<String, u64>,
}

/// Frames by the dataset's label and the content's.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Frames {
    labels: BTreeMap<String, LabelRow>,
    disagreement: Option<f64>,
    fingerprint_agrees: u64,
    fingerprint_disagrees: u64,
    oracle_agreement: Option<f64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct LabelRow {
    content_benign: u64,
    content_malicious: u64,
}

impl Manifest {
    /// Of a folder.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(MANIFEST);
        let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let manifest: Self = serde_json::from_slice(&text)
            .with_context(|| format!("{} is no manifest", path.display()))?;
        ensure!(manifest.format == FORMAT, "{} has another format", path.display());
        Ok(manifest)
    }

    /// The label table as text: what the datasets say against what the contents earn.
    pub(super) fn label_table(&self) -> String {
        // Writing to a String does not fail.
        let mut text =
            format!("{:<12}{:>16}{:>18}\n", "frames", "content benign", "content malicious");
        for (label, row) in &self.reached.frames.labels {
            let LabelRow { content_benign, content_malicious } = row;
            let _ = writeln!(text, "{label:<12}{content_benign:>16}{content_malicious:>18}");
        }
        let shares = [
            ("dataset and content disagree", self.reached.frames.disagreement),
            ("oracle and dataset agree", self.reached.frames.oracle_agreement),
        ];
        for (what, share) in shares {
            if let Some(share) = share {
                let _ = writeln!(text, "{what}: {:.1}%", share * 100.0);
            }
        }
        text
    }
}

impl Reached {
    fn counts(&self) -> Counts {
        let mut by_split = [0; Split::ALL.len()];
        for &split in Split::ALL {
            by_split[split.index()] = self.rows.by_split.get(split.name()).copied().unwrap_or(0);
        }
        let cells = DatasetLabel::ALL.iter().map(|label| {
            let row = self.frames.labels.get(label.name()).copied().unwrap_or_default();
            [row.content_benign, row.content_malicious]
        });
        let mut counts = [[0; 2]; DatasetLabel::ALL.len()];
        for (slot, cell) in counts.iter_mut().zip(cells) {
            *slot = cell;
        }
        let fingerprints = [self.frames.fingerprint_disagrees, self.frames.fingerprint_agrees];
        Counts {
            read: self.rows.read,
            kept: self.rows.kept,
            skipped: self.rows.skipped.clone(),
            truncated_cells: self.rows.truncated_cells,
            set_aside: self.rows.set_aside,
            by_split,
            labels: LabelTable::from_cells(counts, fingerprints),
        }
    }

    fn new(next_offset: u64, bytes: u64, sha256: String, counts: &Counts) -> Self {
        let by_split = Split::ALL
            .iter()
            .map(|split| (split.name().to_owned(), counts.by_split[split.index()]));
        let rows = Rows {
            read: counts.read,
            kept: counts.kept,
            skipped: counts.skipped.clone(),
            truncated_cells: counts.truncated_cells,
            set_aside: counts.set_aside,
            by_split: by_split.collect(),
        };
        let labels = &counts.labels;
        let [fingerprint_disagrees, fingerprint_agrees] = labels.fingerprints();
        let row = |&label: &DatasetLabel| {
            let [content_benign, content_malicious] =
                [false, true].map(|malicious| labels.count(label, malicious));
            (label.name().to_owned(), LabelRow { content_benign, content_malicious })
        };
        let frames = Frames {
            labels: DatasetLabel::ALL.iter().map(row).collect(),
            disagreement: labels.disagreement(),
            fingerprint_agrees,
            fingerprint_disagrees,
            oracle_agreement: labels.oracle_agreement(),
        };
        Self { next_offset, bytes, sha256, rows, frames }
    }
}

/// What a new folder is for.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) source: Source,
    pub(super) place: &'a Place,
    pub(super) licence: Option<String>,
    pub(super) n_fingerprints: usize,
    pub(super) limit: Option<u64>,
}

/// A folder that rows are written to.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    file: File,
    hasher: Sha256,
    pub(super) manifest: Manifest,
    pub(super) counts: Counts,
}

impl Folder {
    /// A new folder, or an old one to go on with.
    pub(super) fn open(path: &Path, resume: bool, plan: Plan) -> Result<Self> {
        let begun = path.join(MANIFEST).exists();
        if begun && !resume {
            bail!(
                "{} holds rows already: --resume goes on with them, another --out begins anew",
                path.display()
            );
        }
        let manifest = if begun {
            let mut manifest = Manifest::read(path)?;
            manifest.fits(&plan)?;
            manifest.limit = plan.limit;
            manifest.complete = false;
            manifest
        } else {
            plan.manifest()
        };
        fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))?;
        let rows = path.join(ROWS);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&rows)
            .with_context(|| format!("cannot open {}", rows.display()))?;
        let hasher = hashed(&mut file, &manifest.reached)
            .and_then(|hasher| cut(&mut file, &manifest.reached).map(|()| hasher))
            .with_context(|| format!("{} is not what its manifest says", rows.display()))?;
        let counts = manifest.reached.counts();
        Ok(Self { path: path.to_owned(), file, hasher, manifest, counts })
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.file
            .write_all(bytes)
            .map_err(|source| Failure::Write { path: self.path.join(ROWS), source })?;
        self.hasher.update(bytes);
        self.manifest.reached.bytes += bytes.len() as u64;
        Ok(())
    }

    /// The first row of the page to read next: the last one's, where a limit cut that.
    pub(super) fn page_begin(&self) -> u64 {
        self.manifest.before_short_page.as_ref().unwrap_or(&self.manifest.reached).next_offset
    }

    /// Takes a page back that a limit cut.
    pub(super) fn reopen_short_page(&mut self) -> Result<(), Failure> {
        let Some(before) = self.manifest.before_short_page.take() else { return Ok(()) };
        let failed = |source| Failure::Write { path: self.path.join(ROWS), source };
        self.hasher = hashed(&mut self.file, &before).map_err(failed)?;
        self.counts = before.counts();
        self.manifest.reached = before;
        // The manifest comes first: a run that finds more than it names cuts that off.
        self.commit()?;
        let failed = |source| Failure::Write { path: self.path.join(ROWS), source };
        cut(&mut self.file, &self.manifest.reached).map_err(failed)
    }

    /// Says that the pages are of one state of the dataset.
    pub(super) fn agree(&mut self, revision: Option<&String>) -> Result<(), Failure> {
        match (&self.manifest.revision, revision) {
            (Some(begun), Some(now)) if begun != now => {
                Err(Failure::Changed { begun: begun.clone(), now: now.clone() })
            }
            (None, now) => {
                self.manifest.revision = now.cloned();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Adds a page; nothing of it counts before the next `commit`.
    pub(super) fn add(&mut self, block: &Block) -> Result<(), Failure> {
        let n_rows = block.counts.read;
        let next = self.manifest.reached.next_offset + n_rows;
        let cut_by_limit = n_rows < PAGE_ROWS && next < block.n_rows_total;
        self.manifest.before_short_page = cut_by_limit.then(|| self.reached());
        self.manifest.n_rows_total = block.n_rows_total;
        self.manifest.partial = block.partial;
        self.append(&block.bytes)?;
        self.counts.merge(&block.counts);
        self.manifest.reached.next_offset = next;
        Ok(())
    }

    /// What there is now.
    fn reached(&self) -> Reached {
        let Reached { next_offset, bytes, .. } = self.manifest.reached;
        Reached::new(next_offset, bytes, hex(&self.hasher.clone().finalize()), &self.counts)
    }

    /// Says that everything is there.
    pub(super) fn complete(&mut self) -> Result<(), Failure> {
        self.manifest.complete = true;
        self.commit()
    }

    /// Makes all that was added count.
    pub(super) fn commit(&mut self) -> Result<(), Failure> {
        let path = self.path.join(MANIFEST);
        self.manifest.reached = self.reached();
        let write = || -> io::Result<()> {
            self.file.sync_data()?;
            let new = self.path.join(".manifest.new");
            let mut file = File::create(&new)?;
            let mut text = serde_json::to_vec_pretty(&self.manifest)?;
            text.push(b'\n');
            file.write_all(&text)?;
            file.sync_data()?;
            fs::rename(&new, &path)
        };
        write().map_err(|source| Failure::Write { path: path.clone(), source })
    }
}

impl Plan<'_> {
    fn manifest(self) -> Manifest {
        Manifest {
            format: FORMAT.to_owned(),
            source: self.source.name().to_owned(),
            dataset: self.source.dataset().to_owned(),
            config: self.place.config.clone(),
            split: self.place.split.clone(),
            revision: None,
            licence: self.licence,
            n_fingerprints: self.n_fingerprints,
            n_rows_total: 0,
            partial: false,
            limit: self.limit,
            complete: false,
            reached: Reached { sha256: hex(&Sha256::new().finalize()), ..Reached::default() },
            before_short_page: None,
        }
    }
}

impl Manifest {
    /// Whether a folder may be gone on with.
    fn fits(&self, plan: &Plan) -> Result<()> {
        let there = [&self.source, &self.config, &self.split].map(String::as_str);
        let asked = [plan.source.name(), &plan.place.config, &plan.place.split];
        ensure!(there == asked, "the folder holds {}: choose another --out", there.join("/"));
        ensure!(
            self.n_fingerprints == plan.n_fingerprints,
            "the folder's labels were made with {} fingerprints of the oracle, now there are {}: \
             give the same --oracle, or begin anew in another --out",
            self.n_fingerprints,
            plan.n_fingerprints
        );
        Ok(())
    }
}

/// Hashes what is there up to a place, and compares it.
fn hashed(file: &mut File, to: &Reached) -> io::Result<Sha256> {
    let unlike = |words: String| Err(io::Error::new(io::ErrorKind::InvalidData, words));
    let mut hasher = Sha256::new();
    file.rewind()?;
    let n_bytes = io::copy(&mut (&mut *file).take(to.bytes), &mut HashWriter(&mut hasher))?;
    if n_bytes != to.bytes {
        return unlike(format!("{n_bytes} bytes instead of {}", to.bytes));
    }
    if hex(&hasher.clone().finalize()) != to.sha256 {
        return unlike("another sha256".to_owned());
    }
    Ok(hasher)
}

/// Cuts off what stands behind a place.
fn cut(file: &mut File, behind: &Reached) -> io::Result<()> {
    file.set_len(behind.bytes)?;
    file.seek(SeekFrom::End(0)).map(drop)
}

struct HashWriter<'a>(&'a mut Sha256);

impl Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
