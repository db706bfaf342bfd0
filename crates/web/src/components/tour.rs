//! A tour in four steps for who is here for the first time: a card in the corner that points at
//! parts of the page and takes nothing away from them.

use super::storage::Keep;
use js_sys::Reflect;
use leptos::ev::{self, KeyboardEvent};
use leptos::html::Aside;
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlElement};

const STORAGE_KEY: &str = "omniguard-tour";
/// Marks what the card speaks of.
const MARK: &str = "data-tour";
/// How often a first visit looks whether the demo is there.
const LOOK_MILLIS: u64 = 300;

/// Where, what, and a few words.
const STEPS: [(&str, &str, &str); 4] = [
    (
        ".controls",
        "Play",
        "Next payload sends one frame to both defenders, Auto-run keeps going. The address holds the \
         seed: share it, and others see the same run.",
    ),
    (
        ".payload",
        "See what came, and what they said",
        "The frame as it was sent and as the decoder reads it, with what decided marked. The verdicts \
         stand beside it; the truth is told once both have answered.",
    ),
    (
        "#results",
        "Look at the evidence",
        "Baseline against trained on frames neither has seen, from a run that is committed with the \
         code.",
    ),
    (
        "#api",
        "Take it with you",
        "The same environment over HTTP and WebSockets. Open an endpoint and try it here.",
    ),
];

#[derive(Clone, Copy)]
struct Tour {
    step: RwSignal<Option<usize>>,
    /// What had the focus before.
    before: StoredValue<Option<HtmlElement>, LocalStorage>,
    card: NodeRef<Aside>,
}

impl Tour {
    /// Starts at the visitor's wish: the card gets the focus.
    fn start(self) {
        self.before.set_value(focused());
        self.show(0, 1);
        if let Some(card) =
            self.card.get_untracked().filter(|_| self.step.get_untracked().is_some())
        {
            // What is hidden takes no focus, and the view follows its signal a moment later.
            card.set_hidden(false);
            let _ = card.focus();
        }
    }

    /// Shows the first step from `step` on, going on by `by`, whose part is there; ends after the last.
    fn show(self, mut step: usize, by: isize) {
        while let Some((selector, ..)) = STEPS.get(step) {
            if let Some(part) = find(selector) {
                self.point(step, &part);
                part.scroll_into_view();
                return;
            }
            step = step.wrapping_add_signed(by);
        }
        if by > 0 {
            self.end();
        }
    }

    fn point(self, step: usize, part: &Element) {
        unmark();
        // An outline, and nothing else.
        let _ = part.set_attribute(MARK, "");
        self.step.set(Some(step));
    }

    fn turn(self, by: isize) {
        if let Some(step) = self.step.get_untracked() {
            self.show(step.wrapping_add_signed(by), by);
        }
    }

    fn end(self) {
        Keep::Always.set(STORAGE_KEY, "seen");
        unmark();
        let had_focus = self.has_focus();
        self.step.set(None);
        if let Some(before) = self.before.get_value().filter(|_| had_focus) {
            // What had the focus may be gone; then the page has it.
            let _ = before.focus();
        }
    }

    fn has_focus(self) -> bool {
        let card = self.card.get_untracked();
        card.is_some_and(|card| card.contains(document().active_element().as_deref()))
    }

    fn on_key(self, event: &KeyboardEvent) {
        if self.step.get_untracked().is_none() {
            return;
        }
        match event.key().as_str() {
            "Escape" => self.end(),
            "ArrowRight" if self.has_focus() => self.turn(1),
            "ArrowLeft" if self.has_focus() => self.turn(-1),
            _ => {}
        }
    }
}

fn find(selector: &str) -> Option<Element> {
    document().query_selector(selector).ok().flatten()
}

fn unmark() {
    if let Some(part) = find("[data-tour]") {
        let _ = part.remove_attribute(MARK);
    }
}

fn focused() -> Option<HtmlElement> {
    document().active_element().and_then(|element| element.dyn_into().ok())
}

/// Whether the tour comes by itself: on a first visit of a person, or where the address asks.
fn comes() -> bool {
    let search = window().location().search().unwrap_or_default();
    let asks = |name: &str| search.split(['?', '&']).any(|part| part.starts_with(name));
    let driven = Reflect::get(&window().navigator(), &JsValue::from_str("webdriver"));
    let first = Keep::Always.get(STORAGE_KEY).is_none();
    asks("tour=1") || (first && !asks("embed") && !driven.is_ok_and(|driven| driven.is_truthy()))
}

/// The button that starts it, and the card.
#[component]
pub fn GuidedTour() -> impl IntoView {
    let tour = Tour {
        step: RwSignal::new(None),
        before: StoredValue::new_local(None),
        card: NodeRef::new(),
    };
    if comes() {
        let looking = StoredValue::new(None::<IntervalHandle>);
        let look = move || {
            // The focus stays, and so does the page: nobody asked.
            if let Some(part) = find(STEPS[0].0) {
                looking.update_value(|timer| {
                    if let Some(timer) = timer.take() {
                        timer.clear();
                    }
                });
                tour.point(0, &part);
            }
        };
        looking.set_value(set_interval_with_handle(look, Duration::from_millis(LOOK_MILLIS)).ok());
    }
    let pressed = window_event_listener(ev::keydown, move |event| tour.on_key(&event));
    on_cleanup(move || pressed.remove());
    let told =
        move || tour.step.get().and_then(|step| STEPS.get(step)).copied().unwrap_or_default();
    let place = move || tour.step.get().map_or(0, |step| step + 1);
    let onward = move || if place() == STEPS.len() { "Done" } else { "Next" };
    view! {
        <button class="button" type="button" data-testid="tour-start" on:click=move |_| tour.start()>
            "Guided tour"
        </button>
        <aside
            class="tour panel"
            role="dialog"
            aria-labelledby="tour-title"
            aria-describedby="tour-text"
            tabindex="-1"
            data-testid="tour"
            hidden=move || tour.step.get().is_none()
            node_ref=tour.card
        >
            <p class="tour-step">"Guided tour, " {place} " of " {STEPS.len()}</p>
            <h2 id="tour-title">{move || told().1}</h2>
            <p id="tour-text">{move || told().2}</p>
            <div class="tour-buttons">
                <button class="button quiet" type="button" on:click=move |_| tour.end()>"Skip"</button>
                <button
                    class="button"
                    type="button"
                    disabled=move || place() == 1
                    on:click=move |_| tour.turn(-1)
                >
                    "Back"
                </button>
                <button class="button primary" type="button" on:click=move |_| tour.turn(1)>
                    {onward}
                </button>
            </div>
        </aside>
    }
}
