//! A namespace of one test's own, over HTTP.

use crate::{Answer, try_send};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Header that names a namespace.
pub const HEADER: &str = "X-OmniGuard-Session";
/// Environments that a namespace can have.
pub const MAX_ENVS: u32 = 512;

/// A namespace that nobody else uses.
#[derive(Debug)]
pub struct Space(String);

impl Space {
    /// A namespace that was never used before, on this server or on one that kept its state.
    pub fn new(label: &str) -> Self {
        Self(unique(label))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Sends a request about the namespace.
    ///
    /// # Panics
    /// Where there is no answer.
    pub fn send(&self, method: &str, path: &str, body: Option<&[u8]>) -> Answer {
        let answer = self.try_send(method, path, body);
        answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// Sends a request about the namespace to a Worker that may be gone.
    pub fn try_send(
        &self,
        method: &str,
        path: &str,
        body: Option<&[u8]>,
    ) -> Result<Answer, ureq::Error> {
        let headers = [(HEADER, self.name()), ("content-type", "application/json")];
        let n = if body.is_some() { 2 } else { 1 };
        try_send(method, path, &headers[..n], body)
    }

    /// Reads a path.
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None)
    }

    /// Posts JSON.
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, Some(body.to_string().as_bytes()))
    }

    /// Resets, and returns the observations.
    pub fn reset(&self, body: &Value) -> Vec<Value> {
        listed(&self.post("/reset", body), "observations")
    }

    /// Steps, and returns the results.
    pub fn step(&self, actions: &[Value]) -> Vec<Value> {
        listed(&self.post("/step", &json!({"actions": actions})), "results")
    }

    /// State of an environment.
    pub fn state(&self, env_id: u32) -> Value {
        self.get(&format!("/state?env_id={env_id}")).expect_ok()
    }

    /// What the environments have been through.
    pub fn metrics(&self) -> Value {
        self.get("/metrics").expect_ok()
    }

    /// States of environments, asked for by eight clients at once.
    ///
    /// # Panics
    /// Where a state cannot be read.
    pub fn states(&self, env_ids: &[u32]) -> Vec<Value> {
        std::thread::scope(|scope| {
            let asked: Vec<_> = env_ids
                .chunks(env_ids.len().div_ceil(8).max(1))
                .map(|ids| {
                    scope.spawn(move || ids.iter().map(|&id| self.state(id)).collect::<Vec<_>>())
                })
                .collect();
            asked.into_iter().flat_map(|states| states.join().expect("states")).collect()
        })
    }
}

/// A name that was never used before.
pub fn unique(label: &str) -> String {
    static N: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let n = N.fetch_add(1, Ordering::Relaxed);
    format!("{label}-{:x}-{:x}-{n}", now.as_nanos(), std::process::id())
}

/// The list of that name in an answer with status 200.
///
/// # Panics
/// Where the answer is another one.
pub fn listed(answer: &Answer, name: &str) -> Vec<Value> {
    match answer.expect_ok() {
        Value::Object(mut object) => match object.remove(name) {
            Some(Value::Array(items)) if object.is_empty() => items,
            _ => panic!("no `{name}`, or not alone"),
        },
        other => panic!("no object: {other}"),
    }
}
