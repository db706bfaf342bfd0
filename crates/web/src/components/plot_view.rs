//! A plot whose values can be read: under the pointer, or stop by stop with the keys of a slider.

use crate::charts::plot::{Plot, Stop};
use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// Stops that a page key skips.
const PAGE: usize = 10;

/// The plot; it may change at any time, its box keeps its size.
pub fn plot_view(plot: Signal<Plot>, label: &'static str, testid: String) -> AnyView {
    let cursor = RwSignal::new(None::<usize>);
    let last = move || plot.with_untracked(|plot| plot.stops.len().saturating_sub(1));
    let on_pointer = move |event: PointerEvent| {
        let target = event.current_target().and_then(|target| target.dyn_into().ok());
        let width = target.map_or(1.0, |plot: HtmlElement| f64::from(plot.offset_width()).max(1.0));
        let share = f64::from(event.offset_x()) / width;
        cursor.set(plot.with_untracked(|plot| plot.nearest(share)));
    };
    let on_key = move |event: KeyboardEvent| {
        let at = cursor.get_untracked();
        let to = match (event.key().as_str(), at) {
            ("Escape", _) => return cursor.set(None),
            ("Home", _) | ("ArrowRight" | "ArrowUp" | "PageUp", None) => 0,
            ("End", _) | ("ArrowLeft" | "ArrowDown" | "PageDown", None) => last(),
            ("ArrowLeft" | "ArrowDown", Some(at)) => at.saturating_sub(1),
            ("ArrowRight" | "ArrowUp", Some(at)) => at + 1,
            ("PageDown", Some(at)) => at.saturating_sub(PAGE),
            ("PageUp", Some(at)) => at + PAGE,
            _ => return,
        };
        event.prevent_default();
        cursor.set(Some(to.min(last())));
    };
    let here = move || {
        let at = cursor.get()?;
        plot.with(|plot| {
            let stop = plot.stops.get(at.min(plot.stops.len().saturating_sub(1)))?;
            Some((stop.clone(), plot.place(stop.x, stop.y)))
        })
    };
    let spoken = move || match here() {
        Some((stop, _)) => stop.text.replace('\n', ", "),
        None => "no value chosen".to_owned(),
    };
    view! {
        <div
            class="plot"
            role="slider"
            tabindex="0"
            aria-label=label
            aria-valuemin="0"
            aria-valuemax=move || plot.with(|plot| plot.stops.len().saturating_sub(1))
            aria-valuenow=move || cursor.get().unwrap_or_default()
            aria-valuetext=spoken
            data-testid=testid
            on:pointermove=on_pointer
            on:pointerdown=on_pointer
            on:pointerleave=move |_| cursor.set(None)
            on:keydown=on_key
            on:blur=move |_| cursor.set(None)
        >
            <div inner_html=move || plot.with(Plot::svg)></div>
            {move || here().map(readout)}
        </div>
    }
    .into_any()
}

fn readout((stop, (left, top)): (Stop, (f64, f64))) -> AnyView {
    let percent = |share: f64| format!("{:.2}%", share * 100.0);
    let flip = left > 0.5;
    view! {
        <span class="chart-cursor" style:left=percent(left)></span>
        <span class="chart-dot" style:left=percent(left) style:top=percent(top)></span>
        <span class="chart-tip" class:flip=flip style:left=percent(left)>
            {stop.text}
        </span>
    }
    .into_any()
}
