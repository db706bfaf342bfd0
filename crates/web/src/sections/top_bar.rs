//! Brand, anchors, theme and status.

use crate::components::status_pill::StatusPill;
use crate::components::theme::{ThemeState, ThemeSwitch};
use crate::state::health::Health;
use leptos::prelude::*;

/// The bar that stays at the top.
#[component]
pub fn TopBar(health: ReadSignal<Health>, theme: ThemeState) -> impl IntoView {
    view! {
        <header class="top-bar">
            <a class="brand" href="#overview">
                <svg viewBox="0 0 24 24" aria-hidden="true">
                    <path
                        d="M12 2.2 20 5v6.4c0 4.8-3.3 8.3-8 10.4-4.7-2.1-8-5.6-8-10.4V5Z"
                        fill="none"
                        stroke="currentColor"
                        stroke-width="1.8"
                        stroke-linejoin="round"
                    />
                    <path
                        d="m8.2 11.8 2.7 2.7 5-5.2"
                        fill="none"
                        stroke="currentColor"
                        stroke-width="1.8"
                        stroke-linecap="round"
                        stroke-linejoin="round"
                    />
                </svg>
                <span>"OMNIGUARD " <b>"V2"</b></span>
            </a>
            <nav class="anchors" aria-label="Sections">
                <a href="#overview">"Overview"</a>
                <a href="#demo">"Live SOC demo"</a>
            </nav>
            <StatusPill health />
            <ThemeSwitch theme />
        </header>
    }
}
