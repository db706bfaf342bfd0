//! The demo's signals, and what the buttons do to them.

use super::live_store::LiveStore;
use super::replay_store::ReplayStore;
use crate::state::engine::{Assets, Run};
use crate::state::round::Answer;
use crate::state::settings::{Settings, episode_from_query, from_query, to_query};
use leptos::prelude::*;
use omniguard_core::environment::Environment;
use wasm_bindgen::JsValue;

/// Fastest and slowest auto-run, and where the slider starts, in milliseconds a step.
pub const SPEED_MILLIS: (u32, u32, u32) = (200, 5_200, 3_200);

/// Signals of the demo: cheap to copy into every part of it.
#[derive(Debug, Clone, Copy)]
pub struct DemoStore {
    /// The run in hand.
    pub run: RwSignal<Run, LocalStorage>,
    /// Policy and corpus, for the next run.
    pub assets: StoredValue<Assets, LocalStorage>,
    /// Whether auto-run is on.
    pub auto: RwSignal<bool>,
    /// Milliseconds between two steps of auto-run.
    pub speed_millis: RwSignal<u32>,
    /// What went wrong, in a sentence; empty when nothing did.
    pub problem: RwSignal<String>,
    /// What people who listen are told.
    pub spoken: RwSignal<String>,
    /// Finished episodes.
    pub replay: ReplayStore,
    /// Live mode.
    pub live: LiveStore,
}

impl DemoStore {
    /// Starts the run that the address asks for.
    pub fn start(assets: Assets) -> Result<Self, String> {
        let query = window().location().search().unwrap_or_default();
        let (settings, problems) = from_query(&query, fresh_seed);
        let run = Run::new(&assets, settings).map_err(|error| error.to_string())?;
        let mut problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
        let linked = episode_from_query(&query).unwrap_or_else(|problem| {
            problems.push(problem.to_string());
            None
        });
        let store = Self {
            run: RwSignal::new_local(run),
            assets: StoredValue::new_local(assets),
            auto: RwSignal::new(false),
            speed_millis: RwSignal::new(SPEED_MILLIS.2),
            problem: RwSignal::new(problems.join(" ")),
            spoken: RwSignal::new(String::new()),
            replay: ReplayStore::default(),
            live: LiveStore::default(),
        };
        write_address(&settings, linked);
        if let Some(number) = linked {
            store.assets.with_value(|assets| store.replay.find(assets, settings, number));
        }
        Ok(store)
    }

    /// Reads from the trained agent's environment.
    pub fn env<T>(self, read: impl FnOnce(&Environment) -> T) -> T {
        self.run.with(|run| read(run.env()))
    }

    /// Plays one frame, or begins to where hosted models answer.
    pub fn next(self) {
        if self.live.is_on() {
            return self.next_live();
        }
        // The timer may ring once more after the page is gone.
        let Some(result) = self.run.try_update(Run::step) else { return };
        if let Err(error) = result {
            self.auto.set(false);
            self.problem.set(format!("{error}. Press \u{201c}Reset\u{201d} to start again."));
            return;
        }
        self.tell();
    }

    /// Tells of the frame that was just scored, and keeps the episode that it ended.
    pub(super) fn tell(self) {
        let auto = self.auto.get_untracked();
        self.run.with_untracked(|run| {
            let Some(round) = run.round() else { return };
            if let Some(episode) = run.finished() {
                self.replay.keep(episode);
            }
            let breached =
                round.trained.breached() || round.baseline.as_ref().is_some_and(Answer::breached);
            // In auto-run a voice could not keep up: it tells breaches and ends alone.
            if !auto || breached || round.episode_over {
                self.spoken.set(round.spoken());
            }
        });
    }

    /// Starts anew with other settings, and writes them into the address.
    pub fn restart(self, settings: Settings) {
        self.auto.set(false);
        self.live.abort();
        let start = if self.live.is_on() { Run::live } else { Run::new };
        let run = self.assets.with_value(|assets| start(assets, settings));
        match run {
            Ok(run) => {
                self.run.set(run);
                self.problem.set(String::new());
                self.spoken.set(format!("New run with seed {}.", settings.seed));
                write_address(&settings, None);
            }
            Err(error) => self.problem.set(format!("{error}. Enter another seed.")),
        }
    }

    /// Starts anew with the present settings, one of them changed.
    pub fn change(self, change: impl FnOnce(&mut Settings)) {
        let mut settings = self.run.with_untracked(|run| *run.settings());
        change(&mut settings);
        self.restart(settings);
    }
}

/// A seed that nobody chose. Ten digits are enough to share by voice.
pub fn fresh_seed() -> u64 {
    // A browser without randomness still gets a run, always the same one.
    getrandom::u32().map_or(0, u64::from)
}

fn write_address(settings: &Settings, episode: Option<u32>) {
    let location = window().location();
    let query = to_query(settings, &location.search().unwrap_or_default());
    let query = episode.map_or_else(|| query.clone(), |number| format!("{query}&episode={number}"));
    let hash = location.hash().unwrap_or_default();
    let path = location.pathname().unwrap_or_default();
    let url = format!("{path}{query}{hash}");
    if let Ok(history) = window().history() {
        // Refused in some sandboxed frames: the demo runs on, its link stays behind.
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&url));
    }
}
