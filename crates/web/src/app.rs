//! Mounts the page's first part, top bar to demo, and holds what all of it shares: the theme and
//! the backend's health.

use crate::api;
use crate::components::theme::ThemeState;
use crate::sections::{demo::Demo, hero::Hero, top_bar::TopBar};
use crate::state::health::{Health, POLL_MILLIS};
use crate::state::settings::{embedded, whole_page};
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::time::Duration;

/// Id of the element that the sections below the demo stand in.
pub const DETAILS: &str = "details";

/// Mounts the page into the body and marks the body as ready, for tests to wait on.
pub fn mount() {
    leptos::mount::mount_to_body(App);
    if let Some(body) = document().body() {
        // The attribute is a hook for tests: without it the page works all the same.
        let _ = body.set_attribute("data-ready", "true");
    }
}

/// The whole page.
#[component]
pub fn App() -> impl IntoView {
    let theme = ThemeState::restore();
    // Texts of the corpus, once the demo has loaded it.
    let n_texts = RwSignal::new(None);
    let location = window().location();
    let query = location.search().unwrap_or_default();
    if embedded(&query) {
        let whole = format!("{}{}", location.pathname().unwrap_or_default(), whole_page(&query));
        return view! {
            <main class="embedded">
                <Demo n_texts />
                <p class="whole">
                    <a href=whole target="_blank" rel="noopener" data-testid="whole-page">
                        "OmniGuard: the whole page"
                    </a>
                </p>
            </main>
        }
        .into_any();
    }
    let health = poll_health();
    view! {
        <a class="skip" href="#demo">"Skip to the demo"</a>
        <TopBar health theme />
        <main>
            <Hero health n_texts />
            <Demo n_texts />
            // What `details` shows, a module of its own that loads after this one.
            <div id=DETAILS class="details"></div>
        </main>
        <footer class="footer">
            <p>
                "Environment, adversary and both agents run in this page, compiled from one Rust "
                "crate. Live mode and the API reference alone send anything, to the server of this page."
            </p>
        </footer>
    }
    .into_any()
}

/// The backend's health, asked for now and then for as long as the page is there.
pub fn poll_health() -> ReadSignal<Health> {
    let (health, set_health) = signal(Health::default());
    let ask = move || {
        spawn_local(async move {
            let answer = api::health().await;
            // The page may be gone by the time the answer comes.
            let _ = set_health.try_set(answer);
        });
    };
    ask();
    let every = Duration::from_millis(u64::from(POLL_MILLIS));
    if let Ok(timer) = set_interval_with_handle(ask, every) {
        on_cleanup(move || timer.clear());
    }
    health
}
