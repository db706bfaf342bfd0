//! Names of bindings and files, and what the deployment's variables may change.

use omniguard_core::wire::batch::MAX_ENVS;
use std::time::Duration;
use worker::Env;

/// Binding of the static files.
pub(crate) const ASSETS: &str = "ASSETS";
/// Binding of the Durable Object class [`crate::Session`].
pub(crate) const SESSION: &str = "SESSION";
/// Binding of the Durable Object class [`crate::Namespace`].
pub(crate) const NAMESPACE: &str = "NAMESPACE";
/// Binding of the Durable Object class [`crate::Inference`].
pub(crate) const INFERENCE: &str = "INFERENCE";
/// Binding of the Durable Object class [`crate::Feed`].
pub(crate) const FEED: &str = "FEED";
/// The token table among the static files.
pub(crate) const TABLE_FILE: &str = "tokens.bin";
/// The compiled corpus among the static files.
pub(crate) const CORPUS_FILE: &str = "corpus.bin";
/// The trained weights among the static files.
pub(crate) const WEIGHTS_FILE: &str = "weights.bin";
/// Version of the service.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Longest body or WebSocket message, in bytes.
pub(crate) const MAX_MESSAGE_BYTES: usize = 256 * 1024;

/// How many sessions there may be, and over how many Durable Objects they are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Capacity {
    /// Live sockets of the whole deployment.
    pub(crate) max_sessions: u32,
    /// Durable Objects that hold them.
    pub(crate) n_hosts: u32,
}

impl Default for Capacity {
    fn default() -> Self {
        Self { max_sessions: 256, n_hosts: 8 }
    }
}

impl Capacity {
    /// From the variables `MAX_SESSIONS` and `SESSION_HOSTS`; what is not a number has its default.
    pub(crate) fn from_env(env: &Env) -> Self {
        let defaults = Self::default();
        Self {
            max_sessions: number(env, "MAX_SESSIONS").unwrap_or(defaults.max_sessions),
            n_hosts: number(env, "SESSION_HOSTS").unwrap_or(defaults.n_hosts),
        }
        .within_reason()
    }

    fn within_reason(self) -> Self {
        // Each host is asked by `/healthz`: a Worker may ask 50 others on the free plan.
        Self { n_hosts: self.n_hosts.clamp(1, 32).min(self.max_sessions.max(1)), ..self }
    }

    /// Sockets that the host at `host_idx` may hold; over all hosts they add up to the maximum.
    pub(crate) fn of_host(self, host_idx: u32) -> u32 {
        let rest = self.max_sessions % self.n_hosts;
        self.max_sessions / self.n_hosts + u32::from(host_idx < rest)
    }
}

/// How large a namespace may be, and how long it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NamespaceLimits {
    /// Environments: ids are below this number.
    pub(crate) max_envs: u32,
    /// A shard that nobody played on for so long is forgotten.
    pub(crate) idle: Duration,
}

impl NamespaceLimits {
    /// From the variables `MAX_ENVS` and `IDLE_SECONDS`; what is not a number has its default.
    pub(crate) fn from_env(env: &Env) -> Self {
        let idle_seconds = number(env, "IDLE_SECONDS").unwrap_or(24 * 60 * 60);
        Self {
            max_envs: number(env, "MAX_ENVS").unwrap_or(MAX_ENVS).clamp(1, MAX_ENVS),
            idle: Duration::from_secs(u64::from(idle_seconds.max(1))),
        }
    }
}

fn number(env: &Env, name: &str) -> Option<u32> {
    env.var(name).ok().and_then(|value| value.to_string().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hosts_shares_add_up_to_the_maximum() {
        for (max_sessions, n_hosts) in [(256, 8), (257, 8), (3, 8), (0, 8), (1, 1), (100, 1_000)] {
            let capacity = Capacity { max_sessions, n_hosts }.within_reason();
            let sum: u32 = (0..capacity.n_hosts).map(|idx| capacity.of_host(idx)).sum();
            assert_eq!(sum, max_sessions);
        }
    }
}
