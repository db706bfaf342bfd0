//! Panels that sections fill with finished pictures.

use leptos::prelude::*;

/// A titled box; `said` is what its figures say, in a sentence.
pub fn panel(
    class: &'static str,
    title: Signal<String>,
    said: Signal<String>,
    body: AnyView,
) -> AnyView {
    view! {
        <section class=format!("panel figure {class}") aria-label=title>
            <header class="panel-head">
                <h3>{title}</h3>
                <p class="said">{said}</p>
            </header>
            {body}
        </section>
    }
    .into_any()
}

/// Finished markup in a box that the keyboard can scroll.
pub fn scroll(label: &'static str, testid: &'static str, html: Signal<String>) -> AnyView {
    view! {
        <div
            class="scroll"
            tabindex="0"
            role="group"
            aria-label=label
            data-testid=testid
            inner_html=html
        ></div>
    }
    .into_any()
}

/// What stands in a section that waits or failed; with `retry`, a button to try again.
pub fn waiting(text: Signal<String>, retry: Option<Callback<()>>) -> AnyView {
    let role = if retry.is_some() { "alert" } else { "status" };
    let button = retry.map(|retry| {
        view! {
            <button class="button primary" type="button" on:click=move |_| retry.run(())>
                "Try again"
            </button>
        }
    });
    view! {
        <div class="load panel" role=role>
            <p>{text}</p>
            {button}
        </div>
    }
    .into_any()
}
