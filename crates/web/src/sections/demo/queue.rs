//! When the next payload comes.

use super::store::DemoStore;
use crate::state::engine::Run;
use leptos::prelude::*;

/// The pill: idle, or how long a payload waits, with a line that fills meanwhile.
#[component]
pub fn Queue(store: DemoStore) -> impl IntoView {
    let text = move || {
        if store.auto.get() {
            format!("Queued {:.1} s", f64::from(store.speed_millis.get()) / 1e3)
        } else {
            "Queue idle".to_owned()
        }
    };
    // Two names of one animation take turns: a new name starts it anew.
    let turn = move || {
        let running = store.auto.get();
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
