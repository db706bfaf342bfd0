//! One of a few, all in sight.

use leptos::prelude::*;

/// Radio buttons in a row; `name` is unique on the page.
pub fn segmented(
    legend: &'static str,
    name: &'static str,
    options: Vec<String>,
    chosen: RwSignal<usize>,
) -> AnyView {
    let option = |(idx, label): (usize, String)| {
        view! {
            <label>
                <input
                    type="radio"
                    name=name
                    data-testid=format!("{name}-{idx}")
                    prop:checked=move || chosen.get() == idx
                    on:change=move |_| chosen.set(idx)
                />
                <span>{label}</span>
            </label>
        }
        .into_any()
    };
    let options: Vec<AnyView> = options.into_iter().enumerate().map(option).collect();
    view! {
        <fieldset class="field">
            <legend class="field-label">{legend}</legend>
            <div class="segmented">{options}</div>
        </fieldset>
    }
    .into_any()
}
