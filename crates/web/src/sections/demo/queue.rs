//! When the next payload comes, or how long this one waits for hosted models.

use super::store::DemoStore;
use crate::state::engine::Run;
use crate::state::live::Mode;
use leptos::prelude::*;

/// The pill: idle, or how long a payload waits, with a line that fills meanwhile.
#[component]
pub fn Queue(store: DemoStore) -> impl IntoView {
    let text = move || {
        if store.live.state.with(|live| live.mode == Mode::On) {
            return store.live.state.with(|live| live.queue(store.live.now.get()));
        }
        if store.auto.get() {
            format!("Queued {:.1} s", f64::from(store.speed_millis.get()) / 1e3)
        } else {
            "Queue idle".to_owned()
        }
    };
    // Two names of one animation take turns: a new name starts it anew.
    let turn = move || {
        // In live mode a payload waits for people and models, not for a timer.
        let running = store.auto.get() && store.live.state.with(|live| live.mode != Mode::On);
        running.then(|| if store.run.with(Run::n_steps) % 2 == 0 { "even" } else { "odd" })
    };
    view! {
        <span
            class="queue num"
            data-testid="queue"
            data-turn=turn
            style=("--wait", move || format!("{}ms", store.speed_millis.get()))
        >
            {text}
        </span>
    }
}
