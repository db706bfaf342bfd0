//! Whether a backend is there.

use crate::state::health::Health;
use leptos::prelude::*;

/// The pill in the top bar.
#[component]
pub fn StatusPill(health: ReadSignal<Health>) -> impl IntoView {
    view! {
        <p
            class="pill"
            role="status"
            data-testid="status-pill"
            data-status=move || health.get().name()
        >
            <span class="pill-dot" aria-hidden="true"></span>
            <span class="pill-text">{move || health.get().to_string()}</span>
        </p>
    }
}
