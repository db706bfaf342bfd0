//! Whose environments a request is about.

use crate::shard::ENVS_PER_SHARD;
use omniguard_core::wire::batch::MAX_ENVS;
use omniguard_core::wire::problem::Problem;
use std::fmt;

/// Header that names a namespace.
pub(crate) const HEADER: &str = "X-OmniGuard-Session";
/// Namespace of callers that name none: all strangers share it.
const PUBLIC: &str = "public";
/// Shards of a namespace.
pub(crate) const N_SHARDS: u32 = MAX_ENVS / ENVS_PER_SHARD;
/// Longest name of a namespace.
const MAX_NAME: usize = 64;

/// A namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Space {
    /// The header's, or the one for all.
    Named(String),
    /// The one that an OpenEnv episode has for itself.
    Episode(String),
}

impl Space {
    /// The header's namespace; without one, the episode's; without either, the one for all.
    pub(crate) fn of(header: Option<&str>, episode_id: Option<&str>) -> Result<Self, Problem> {
        match (header, episode_id) {
            (Some(name), _) => Self::named(name),
            (None, Some(id)) => Ok(Self::Episode(id.into())),
            (None, None) => Ok(Self::Named(PUBLIC.into())),
        }
    }

    fn named(name: &str) -> Result<Self, Problem> {
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if (1..=MAX_NAME).contains(&name.len()) && name.chars().all(known) {
            return Ok(Self::Named(name.into()));
        }
        Err(Problem::invalid(format!("{HEADER} is 1 to {MAX_NAME} letters, digits, `_` and `-`")))
    }

    /// Name of the object that keeps a shard.
    pub(crate) fn object(&self, shard: u32) -> String {
        match self {
            Self::Named(name) => format!("named/{shard}/{name}"),
            Self::Episode(id) => format!("episode/{shard}/{id}"),
        }
    }

    /// The shards that there can be: an episode has one environment.
    pub(crate) fn shards(&self) -> std::ops::Range<u32> {
        match self {
            Self::Named(_) => 0..N_SHARDS,
            Self::Episode(_) => 0..1,
        }
    }
}

impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) | Self::Episode(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_comes_first_and_strangers_share_one() {
        let of = |header, episode| Space::of(header, episode).unwrap();
        assert_eq!(of(Some("a"), Some("b")), Space::Named("a".into()));
        assert_eq!(of(None, Some("b")), Space::Episode("b".into()));
        assert_eq!(of(None, None), of(Some("public"), None));
        assert_ne!(of(None, Some("a")).object(0), of(Some("a"), None).object(0));
    }

    #[test]
    fn names_are_short_and_plain() {
        for bad in ["", "a b", "ä", "a/b", &"x".repeat(65)] {
            assert_eq!(Space::of(Some(bad), None).unwrap_err().status, 422, "{bad}");
        }
        assert!(Space::of(Some(&"x".repeat(64)), None).is_ok());
    }
}
