//! The API: each endpoint with a form to try it, on environments of the tab's own.
//!
//! The list is markup and one listener serves all of its buttons: a view for each of its parts would
//! cost more to load than the whole list does.

use crate::api;
use crate::components::storage::Keep;
use crate::state::endpoints::{self, ENDPOINTS, NAMESPACE_HEADER};
use crate::state::figures;
use crate::state::health::Health;
use leptos::ev::MouseEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};

const STORAGE_KEY: &str = "omniguard-namespace";

/// The section.
#[component]
pub fn ApiReference(health: ReadSignal<Health>) -> impl IntoView {
    let space = own_namespace();
    let online = format!(
        "What you start here plays on environments of this tab alone: requests carry \
         <code>{NAMESPACE_HEADER}: {space}</code>. Every schema is in the \
         <a href=\"docs\">interactive documentation</a>."
    );
    let note = move || {
        match health.get() {
        Health::Connecting => "Looking for the backend\u{2026}".to_owned(),
        Health::Online { .. } => online.clone(),
        Health::Offline => "No backend answers at this address, so nothing can be tried here yet. \
                            Start one with <code>cargo xtask serve</code> and open the address that \
                            it prints; the interactive documentation is there too, at \
                            <code>/docs</code>."
            .to_owned(),
    }
    };
    view! {
        <section class="section" id="api" aria-labelledby="api-title">
            <header class="section-head">
                <h2 id="api-title">"API reference"</h2>
                <p>
                    "The same environment over HTTP and WebSockets, in two dialects: OpenEnv, one \
                     environment at a time, and batches of many. JSON in, JSON out, no key needed."
                </p>
            </header>
            <p
                class="note"
                data-testid="api-note"
                data-status=move || health.get().name()
                inner_html=note
            ></p>
            <fieldset
                class="endpoints"
                aria-labelledby="api-title"
                disabled=move || !matches!(health.get(), Health::Online { .. })
                inner_html=endpoints::markup()
                on:click=move |event| tried(&event, &space)
            ></fieldset>
        </section>
    }
}

/// The tab's namespace: the one it had before a reload, else a new one.
fn own_namespace() -> String {
    let kept = Keep::Tab.get(STORAGE_KEY).filter(|text| endpoints::is_namespace(text));
    kept.unwrap_or_else(|| {
        let mut bits = [0; 8];
        // Without randomness all such tabs share one namespace, which is what strangers do anyway.
        let _ = getrandom::fill(&mut bits);
        let name = endpoints::namespace(u64::from_le_bytes(bits));
        Keep::Tab.set(STORAGE_KEY, &name);
        name
    })
}

/// Calls the endpoint whose button was pressed, and writes beside it what came.
fn tried(event: &MouseEvent, space: &str) {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let button = target.filter(|element| element.tag_name() == "BUTTON");
    let Some(card) = button.and_then(|button| button.closest("[data-path]").ok().flatten()) else {
        return;
    };
    let path = card.get_attribute("data-path").unwrap_or_default();
    let Some(endpoint) = ENDPOINTS.iter().find(|endpoint| endpoint.path == path) else { return };
    let part = move |selector| card.query_selector(selector).ok().flatten();
    let (Some(outcome), Some(shown)) = (part("output"), part("pre")) else { return };
    // A text area has its value where an input has it.
    let body = part("textarea").map(|area| area.unchecked_into::<HtmlInputElement>().value());
    let space = space.to_owned();
    outcome.set_text_content(Some("Waiting for the answer\u{2026}"));
    spawn_local(async move {
        let (text, tone) = match api::call(endpoint, &space, body.unwrap_or_default()).await {
            Some(answer) => {
                shown.set_text_content(Some(&endpoints::shown(&answer.text)));
                let (millis, size) = (answer.millis, figures::bytes(answer.text.len() as u64));
                let tone = if answer.status < 400 { "good" } else { "bad" };
                (format!("{} {}, {millis:.0} ms, {size}", answer.status, answer.reason), tone)
            }
            None => (
                "No answer came. Check that the backend still runs, then try again.".to_owned(),
                "bad",
            ),
        };
        outcome.set_text_content(Some(&text));
        // For the colour alone.
        let _ = outcome.set_attribute("data-tone", tone);
    });
}
