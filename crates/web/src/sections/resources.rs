//! Where to read on. Files of the run stand beside the page, so their links work on any host.

use crate::state::results::run::{CARD_PATH, REPORT_TEXT_PATH};
use leptos::prelude::*;

const LINKS: [(&str, &str, &str); 4] = [
    (env!("CARGO_PKG_REPOSITORY"), "Repository", "Sources, corpus, runs, and how to contribute"),
    (REPORT_TEXT_PATH, "Training report", "Every agent, phase, vector, channel and mutation"),
    (CARD_PATH, "Model card", "What the defender is for, and where it is weak"),
    (
        "guides/deploy.md",
        "Deploy your own",
        "The page on a static host, or page and API as a Worker",
    ),
];

/// The section.
#[component]
pub fn Resources() -> impl IntoView {
    let link = |(href, name, what): (&'static str, &'static str, &'static str)| {
        view! {
            <li>
                <a class="panel resource" href=href>
                    <b>{name}</b>
                    <span>{what}</span>
                </a>
            </li>
        }
        .into_any()
    };
    view! {
        <section class="resources" id="resources" aria-labelledby="resources-title">
            <header class="section-head">
                <h2 id="resources-title">"Resources"</h2>
            </header>
            <ul class="resource-cards">{LINKS.map(link).into_iter().collect_view()}</ul>
        </section>
    }
}
