//! A button that copies an address and says so.

use leptos::prelude::*;
use leptos::task::spawn_local;
use std::time::Duration;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

/// How long the button says how it went.
const COPIED_NOTE: Duration = Duration::from_secs(2);

/// The button.
#[component]
pub fn CopyButton(
    /// Where a failure is told.
    problem: RwSignal<String>,
    /// Hook for tests.
    testid: &'static str,
    /// What the button says.
    label: &'static str,
    /// The address; `None` where the browser does not tell it.
    address: Box<dyn Fn() -> Option<String>>,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let on_click = move |_| {
        let address = address().unwrap_or_default();
        spawn_local(async move {
            if copy(&address).await.is_ok() {
                if copied.try_set(true).is_none() {
                    let calm_down = move || {
                        let _ = copied.try_set(false);
                    };
                    set_timeout(calm_down, COPIED_NOTE);
                }
            } else {
                let _ = problem.try_set(format!(
                    "The browser does not let the page copy. This is the link, to copy by hand: \
                     {address}"
                ));
            }
        });
    };
    view! {
        <button class="button copy" type="button" data-testid=testid on:click=on_click>
            {move || if copied.get() { "Copied" } else { label }}
        </button>
    }
}

async fn copy(address: &str) -> Result<(), JsValue> {
    let navigator = window().navigator();
    // Pages from other than https or localhost have no clipboard, which the binding cannot express.
    let clipboard = js_sys::Reflect::get(&navigator, &JsValue::from_str("clipboard"))?;
    if clipboard.is_undefined() {
        return Err(JsValue::UNDEFINED);
    }
    JsFuture::from(navigator.clipboard().write_text(address)).await.map(drop)
}
