//! The replay's signals: the shelf, the open episode, the frame in view.

use crate::state::engine::Assets;
use crate::state::replay::{Episode, Kept, Rerun, Shelf};
use crate::state::replay_file;
use crate::state::settings::Settings;
use leptos::prelude::*;
use std::time::Duration;

/// Milliseconds that a re-run works before the page may draw.
const SLICE_MILLIS: f64 = 8.0;

/// Signals of the replay.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReplayStore {
    /// Episodes of this session.
    pub shelf: RwSignal<Shelf>,
    /// The open one.
    pub open: RwSignal<Option<Kept>>,
    /// The frame in view, from 0.
    pub at: RwSignal<usize>,
    /// Episode reached and episode sought, while a link is followed.
    pub seeking: RwSignal<Option<(u32, u32)>>,
    /// What went wrong, in a sentence; empty when nothing did.
    pub problem: RwSignal<String>,
}

impl ReplayStore {
    /// Keeps an episode that was just played.
    pub fn keep(self, episode: Episode) {
        self.shelf.update(|shelf| {
            shelf.keep(episode, false);
        });
    }

    /// Opens an episode of the shelf at its first frame.
    pub fn show(self, id: u32) {
        if let Some(kept) = self.shelf.with_untracked(|shelf| shelf.get(id).cloned()) {
            self.at.set(0);
            self.open.set(Some(kept));
        }
    }

    /// Keeps an episode and opens it.
    fn add(self, episode: Episode, imported: bool) {
        // `None` once the page is gone.
        if let Some(id) = self.shelf.try_update(|shelf| shelf.keep(episode, imported)) {
            self.show(id);
        }
    }

    /// Moves by so many frames, within the episode.
    pub fn move_by(self, by: isize) {
        let last = self.open.with_untracked(|open| {
            open.as_ref().map_or(0, |kept| kept.episode.rounds.len().saturating_sub(1))
        });
        self.at.update(|at| *at = at.saturating_add_signed(by).min(last));
    }

    /// Takes in the bytes of a file.
    pub fn import(self, bytes: &[u8]) {
        match replay_file::read(bytes) {
            Ok(episode) => {
                self.problem.set(String::new());
                self.add(episode, true);
            }
            Err(error) => self.problem.set(error.to_string()),
        }
    }

    /// Plays a run anew, in slices, up to one of its episodes, and opens it.
    pub fn find(self, assets: &Assets, settings: Settings, number: u32) {
        match Rerun::new(assets, settings, number) {
            Ok(rerun) => {
                self.seeking.set(Some((1, number)));
                set_timeout(move || self.seek(rerun, number), Duration::ZERO);
            }
            Err(error) => self.problem.set(error.to_string()),
        }
    }

    fn seek(self, mut rerun: Rerun, number: u32) {
        // Stopped by the visitor, or the page is gone.
        if self.seeking.try_get_untracked().flatten().is_none() {
            return;
        }
        let start = js_sys::Date::now();
        while js_sys::Date::now() - start < SLICE_MILLIS {
            match rerun.step() {
                Ok(None) => {}
                Ok(Some(episode)) => {
                    self.seeking.set(None);
                    self.add(episode, false);
                    if let Some(panel) = document().get_element_by_id("replay") {
                        panel.scroll_into_view();
                    }
                    return;
                }
                Err(error) => {
                    self.seeking.set(None);
                    self.problem.set(error.to_string());
                    return;
                }
            }
        }
        self.seeking.set(Some((rerun.at(), number)));
        set_timeout(move || self.seek(rerun, number), Duration::ZERO);
    }
}
