//! Token table, corpus and weights: read once per isolate through the assets binding, checked by
//! the readers' checksums, and shared by everything that lives in the isolate.

use crate::config::{ASSETS, CORPUS_FILE, TABLE_FILE, WEIGHTS_FILE};
use omniguard_core::corpus::Corpus;
use omniguard_core::embed::TokenTable;
use omniguard_core::error::AssetError;
use omniguard_core::policy::Policy;
use std::cell::OnceCell;
use std::fmt;
use std::sync::Arc;
use std::thread::LocalKey;
use worker::Env;

thread_local! {
    static TABLE: OnceCell<Arc<TokenTable>> = const { OnceCell::new() };
    static CORPUS: OnceCell<Arc<Corpus>> = const { OnceCell::new() };
    static POLICY: OnceCell<Arc<Policy>> = const { OnceCell::new() };
}

/// Why a file could not be used. A later request tries again.
#[derive(Debug)]
pub(crate) enum LoadError {
    /// The binding failed.
    Fetch { file: &'static str, error: worker::Error },
    /// It is not there, or not to be had.
    Status { file: &'static str, status: u16 },
    /// It is not what it should be.
    Content { file: &'static str, error: AssetError },
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fetch { file, error } => write!(f, "{file} could not be fetched: {error}"),
            Self::Status { file, status } => write!(f, "{file} answered with status {status}"),
            Self::Content { file, error } => write!(f, "{file} was refused: {error}"),
        }
    }
}

impl LoadError {
    /// The reason for callers: without internals of the platform.
    pub(crate) fn public(&self) -> String {
        match self {
            Self::Fetch { file, .. } | Self::Status { file, .. } => {
                format!("{file} is not available")
            }
            Self::Content { .. } => self.to_string(),
        }
    }
}

/// The corpus.
pub(crate) async fn corpus(env: &Env) -> Result<Arc<Corpus>, LoadError> {
    let table = table(env).await?;
    load(env, &CORPUS, CORPUS_FILE, |bytes| Corpus::from_bytes(bytes, Arc::clone(&table))).await
}

/// The trained policy.
pub(crate) async fn policy(env: &Env) -> Result<Arc<Policy>, LoadError> {
    let table = table(env).await?;
    load(env, &POLICY, WEIGHTS_FILE, |bytes| Policy::from_bytes(bytes, Arc::clone(&table))).await
}

/// Both.
pub(crate) async fn corpus_and_policy(env: &Env) -> Result<(Arc<Corpus>, Arc<Policy>), LoadError> {
    Ok((corpus(env).await?, policy(env).await?))
}

async fn table(env: &Env) -> Result<Arc<TokenTable>, LoadError> {
    load(env, &TABLE, TABLE_FILE, TokenTable::from_bytes).await
}

async fn load<T>(
    env: &Env,
    cell: &'static LocalKey<OnceCell<Arc<T>>>,
    file: &'static str,
    read: impl Fn(&[u8]) -> Result<T, AssetError>,
) -> Result<Arc<T>, LoadError> {
    if let Some(loaded) = cell.with(|cell| cell.get().cloned()) {
        return Ok(loaded);
    }
    let bytes = fetch(env, file).await?;
    let value = Arc::new(read(&bytes).map_err(|error| LoadError::Content { file, error })?);
    // Two first requests may both have fetched; the first one's value is shared.
    Ok(cell.with(|cell| Arc::clone(cell.get_or_init(|| value))))
}

async fn fetch(env: &Env, file: &'static str) -> Result<Vec<u8>, LoadError> {
    let failed = |error| LoadError::Fetch { file, error };
    let fetcher = env.assets(ASSETS).map_err(failed)?;
    // The binding looks at the path only; a host is needed for the URL to be one.
    let url = format!("https://assets.invalid/{file}");
    let mut response = fetcher.fetch(url, None).await.map_err(failed)?;
    let status = response.status_code();
    if status != 200 {
        return Err(LoadError::Status { file, status });
    }
    response.bytes().await.map_err(failed)
}
