//! Brand, anchors, status and theme.

use crate::components::status_pill::StatusPill;
use crate::components::theme::{ThemeState, ThemeSwitch};
use crate::state::health::Health;
use leptos::ev;
use leptos::html::Nav;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// Sections by id and the name that their anchor has, from top to bottom.
const SECTIONS: [(&str, &str); 7] = [
    ("overview", "Overview"),
    ("demo", "Live SOC demo"),
    ("deep-dive", "Deep dive"),
    ("results", "Results"),
    ("actions", "Action space"),
    ("api", "API"),
    ("resources", "Resources"),
];
/// A section is in view once its top has passed this share of the window.
const IN_VIEW: f64 = 0.25;
const CURRENT: &str = "aria-current";

/// The bar that stays at the top.
#[component]
pub fn TopBar(health: ReadSignal<Health>, theme: ThemeState) -> impl IntoView {
    // Without a backend there are no docs: the section says how to start one.
    let docs = move || if health.get() == Health::Offline { "#api" } else { "docs" };
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
            <Anchors />
            <StatusPill health />
            <a class="docs-link" href=docs>"API docs"</a>
            <ThemeSwitch theme />
        </header>
    }
}

/// Anchors to the sections; the one in view is marked.
#[component]
fn Anchors() -> impl IntoView {
    let nav = NodeRef::<Nav>::new();
    let link = |(id, name): &(&str, &str)| format!("<a href=\"#{id}\">{name}</a>");
    let links: String = SECTIONS.iter().map(link).collect();
    let look = move || {
        if let Some(nav) = nav.get_untracked() {
            mark(&nav);
        }
    };
    Effect::new(move |_| look());
    let scrolled = window_event_listener(ev::scroll, move |_| look());
    on_cleanup(move || scrolled.remove());
    view! {
        <nav class="anchors" aria-label="Sections" node_ref=nav inner_html=links></nav>
    }
}

fn link_to(nav: &HtmlElement, id: &str) -> Option<HtmlElement> {
    let link = nav.query_selector(&format!("[href='#{id}']")).ok().flatten()?;
    link.dyn_into().ok()
}

/// Marks the anchor of the section in view; where not all anchors fit, brings it into sight.
fn mark(nav: &HtmlElement) {
    let Some(link) = link_to(nav, in_view()) else { return };
    if link.has_attribute(CURRENT) {
        return;
    }
    if let Ok(Some(last)) = nav.query_selector("[aria-current]") {
        let _ = last.remove_attribute(CURRENT);
    }
    let _ = link.set_attribute(CURRENT, "location");
    nav.set_scroll_left(link.offset_left() - nav.client_width() / 3);
}

/// The last section that has come up far enough; at the end of the page, the last one.
fn in_view() -> &'static str {
    let height = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(0.0);
    let root = document().document_element();
    let bottom = root.map_or(f64::MAX, |root| root.get_bounding_client_rect().bottom());
    let line = if bottom < height + 2.0 { height } else { height * IN_VIEW };
    let passed = |id: &str| {
        let section = document().get_element_by_id(id);
        section.is_some_and(|section| section.get_bounding_client_rect().top() <= line)
    };
    let seen = SECTIONS.iter().rev().find(|(id, _)| passed(id));
    seen.map_or(SECTIONS[0].0, |(id, _)| id)
}
