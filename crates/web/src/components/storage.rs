//! What the browser keeps for the page. Storage may be full, forbidden or missing: reading then
//! gives nothing, and writing does nothing.

use leptos::prelude::window;
use web_sys::Storage;

/// How long something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Until the visitor clears it.
    Always,
    /// As long as the tab.
    Tab,
}

impl Keep {
    fn storage(self) -> Option<Storage> {
        let storage = match self {
            Self::Always => window().local_storage(),
            Self::Tab => window().session_storage(),
        };
        storage.ok().flatten()
    }

    /// What was kept under `key`.
    pub fn get(self, key: &str) -> Option<String> {
        self.storage()?.get_item(key).ok().flatten()
    }

    /// Keeps `value`, if the browser lets it.
    pub fn set(self, key: &str, value: &str) {
        if let Some(storage) = self.storage() {
            let _ = storage.set_item(key, value);
        }
    }
}
