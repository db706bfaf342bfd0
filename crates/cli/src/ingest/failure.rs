//! Why rows do not come, each with what to do.

use std::path::PathBuf;
use thiserror::Error;

/// What went wrong. What was read before stays, and `--resume` goes on from there.
#[derive(Debug, Error)]
pub(super) enum Failure {
    #[error("{url} wants credentials (status {status}): set HF_TOKEN to a token that may read it")]
    Forbidden { url: String, status: u16 },
    #[error(
        "{url} is not there: check --base-url, --config and --split, or whether it was renamed"
    )]
    NotThere { url: String },
    #[error("{url} answered {status}: {said}")]
    Status { url: String, status: u16, said: String },
    #[error("{url} did not answer in time: raise --timeout-seconds or try later")]
    Late { url: String },
    #[error("the connection to {url} was lost: {why}")]
    Lost { url: String, why: String },
    #[error("{url} is no address: {why}")]
    BadUrl { url: String, why: String },
    #[error("{url} answered what is no page of the datasets server; is --base-url right?")]
    Alien { url: String },
    #[error("{last}; gave up after {n_tries} tries")]
    GaveUp { n_tries: u32, last: Box<Failure> },
    #[error("there is no split {wanted}; there are: {}", there.join(", "))]
    NoSplit { wanted: String, there: Vec<String> },
    #[error("the split has no rows")]
    Empty,
    #[error("rows {from} to {to} have none of the text columns of this dataset: it has changed")]
    NoColumns { from: u64, to: u64 },
    #[error(
        "the dataset changed while it was read (revision {now}, begun with {begun}): \
         read it anew into another --out"
    )]
    Changed { begun: String, now: String },
    #[error("row {row_idx} came where row {wanted} was asked for")]
    OutOfOrder { row_idx: u64, wanted: u64 },
    #[error("page {offset} has {n_rows} rows where {wanted} were due")]
    ShortPage { offset: u64, n_rows: u64, wanted: u64 },
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
}
