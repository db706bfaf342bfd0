//! Live mode's switch with what is known of it, and what a card shows of a hosted model.
//!
//! Markup once, a reactive attribute that writes into it as well, and one listener for its buttons:
//! a view for each part would cost more to load than all of live mode does.

use super::store::DemoStore;
use crate::state::live::problem::wait;
use crate::state::live::wire::Told;
use crate::state::live::{Edge, Live, Mode};
use crate::state::record::Side;
use crate::state::round::Origin;
use leptos::ev::MouseEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

const BAR: &str = r#"<button class="switch" type="button" role="switch" aria-checked="false"
    data-testid="live"><i aria-hidden="true"></i>Live mode</button><p class="live-note"><span
    role="status" data-testid="live-note">@</span> <a href="guides/deploy.md" target="_blank"
    rel="noopener" data-testid="live-help" hidden>How to set it up</a></p><span
    class="live-choice"><button class="button" type="button" data-testid="live-start"
    hidden></button><button class="button" type="button" data-testid="live-check" hidden>Check
    again</button><button class="button" type="button" data-testid="live-resend" hidden>Send
    again</button></span>"#;

const ROW: &str = r#"<span class="live-told num" data-testid="live-@-told"></span><span
    class="live-choice" hidden><button class="button" type="button" data-testid="live-@-ask"
    ></button><button class="button" type="button" data-testid="live-@-fallback">Use the on-device
    policy for this frame</button></span><details class="answer-more" data-testid="live-@-words"
    hidden><summary>Model, times and its own words</summary><pre class="live-words" tabindex="0"
    role="group" aria-label="Model, times and its own words"></pre></details>"#;

/// The bar below the controls.
pub fn live_bar(store: DemoStore) -> AnyView {
    store.watch_live();
    let markup = BAR.replace('@', &Live::default().explained());
    part(store, Side::Trained, "live-bar", markup, write_bar)
}

/// What a card shows below its rationale in live mode: who answered and when, what to do where
/// nobody did, and the model's own words.
pub fn live_row(store: DemoStore, side: Side) -> AnyView {
    let id = match side {
        Side::Trained => "live-trained",
        Side::Baseline => "live-baseline",
    };
    part(store, side, id, ROW.replace('@', side.name()), write_row)
}

fn part(
    store: DemoStore,
    side: Side,
    id: &'static str,
    markup: String,
    write: fn(DemoStore, Side, Option<&Element>),
) -> AnyView {
    let mode = move || {
        write(store, side, document().get_element_by_id(id).as_ref());
        store.live.state.with(|live| live.mode.name())
    };
    view! {
        <div
            class="live"
            id=id
            data-testid=id
            data-mode=mode
            inner_html=markup
            on:click=move |event| pressed(store, side, &event)
        ></div>
    }
    .into_any()
}

/// Does what the button's hook says.
fn pressed(store: DemoStore, side: Side, event: &MouseEvent) {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let Some(button) = target.and_then(|target| target.closest("button").ok().flatten()) else {
        return;
    };
    let hook = button.get_attribute("data-testid").unwrap_or_default();
    match hook.rsplit('-').next().unwrap_or_default() {
        "live" => store.switch_live(),
        "start" => store.start_live(),
        "check" => store.check_live(),
        "resend" => store.next_live(),
        "ask" => store.ask(side),
        "fallback" => store.fall_back(side),
        _ => {}
    }
}

/// Writes into a part of `root`, or hides it; `text` is written where it is another one.
fn show(root: &Element, selector: &str, is_shown: bool, text: Option<&str>) {
    let Ok(Some(element)) = root.query_selector(selector) else { return };
    let _ = element.toggle_attribute_with_force("hidden", !is_shown);
    if text.is_some() && element.text_content().as_deref() != text {
        element.set_text_content(text);
    }
}

fn write_bar(store: DemoStore, _: Side, root: Option<&Element>) {
    store.live.state.with(|live| {
        // Not there yet while it is built: what is tracked is tracked by then.
        let Some(root) = root else { return };
        let mode = live.mode;
        let missing = live.missing().filter(|_| mode == Mode::Choosing);
        let explains = matches!(mode, Mode::Unreachable | Mode::Choosing);
        let start = missing.map_or("", |side| match side {
            Side::Trained => "Play with the on-device policy as the trained agent",
            Side::Baseline => "Play with the on-device policy as the baseline",
        });
        if let Ok(Some(switch)) = root.query_selector(".switch") {
            let on = if mode == Mode::Off { "false" } else { "true" };
            let _ = switch.set_attribute("aria-checked", on);
        }
        show(root, "[role=status]", true, Some(&live.explained()));
        show(root, "a", explains, None);
        show(root, "[data-testid=live-start]", missing.is_some(), Some(start));
        show(root, "[data-testid=live-check]", explains, None);
        show(root, "[data-testid=live-resend]", matches!(live.edge, Edge::Failed(_)), None);
    });
}

fn write_row(store: DemoStore, side: Side, root: Option<&Element>) {
    let origin = store.answer_of(side).map(|answer| answer.origin).unwrap_or_default();
    store.live.state.with(|live| {
        let Some(root) = root else { return };
        let is_stuck = live.is_stuck(side);
        let mut told = origin.mark().to_owned();
        let mut words = live.unparsed(side);
        if let Origin::Hosted(hosted) = &origin {
            told = format!("{told} \u{b7} {}", hosted.timing());
            words = Some(hosted);
        }
        // The clock is followed only while there is a wait to count down.
        let seconds = if is_stuck { live.wait_of(side, store.live.now.get()) } else { 0 };
        let again = match seconds {
            0 => "Ask again".to_owned(),
            seconds => format!("Ask again in {}", wait(seconds)),
        };
        show(root, ".live-told", !is_stuck, Some(&told));
        show(root, ".live-choice", is_stuck, None);
        show(root, "button", true, Some(&again));
        if let Ok(Some(button)) = root.query_selector("button") {
            let _ = button.toggle_attribute_with_force("disabled", seconds > 0);
        }
        show(root, "details", words.is_some(), None);
        show(root, "pre", true, Some(&words.map(Told::facts).unwrap_or_default()));
    });
}
