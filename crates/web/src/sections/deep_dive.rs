//! How it works, for those who want to know before they believe.

use crate::state::dive;
use leptos::prelude::*;

/// The section.
#[component]
pub fn DeepDive() -> impl IntoView {
    view! {
        <section class="section" id="deep-dive" aria-labelledby="deep-dive-title">
            <header class="section-head">
                <h2 id="deep-dive-title">"Deep dive"</h2>
                <p>"What is played, by whom, what is paid for it, and what the defender is made of."</p>
            </header>
            <div class="section" inner_html=dive::markup()></div>
        </section>
    }
}
