//! Where a figure comes from: the command that made it, to copy, and the files that hold it.

use leptos::prelude::*;
use leptos::task::spawn_local;
use std::time::Duration;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

/// How long the button says how it went.
const NOTE: Duration = Duration::from_secs(2);

/// The line below a figure.
pub fn source(command: String, files: &[&'static str]) -> AnyView {
    let link = |file: &&'static str| {
        let name = file.rsplit_once('/').map_or(*file, |(_, name)| name);
        view! { <a href=*file>{name}</a> }.into_any()
    };
    let links: Vec<AnyView> = files.iter().map(link).collect();
    let note = RwSignal::new("Copy");
    let text = command.clone();
    let on_click = move |_| {
        let text = text.clone();
        spawn_local(async move {
            let went = copy(&text).await;
            // The page may be gone by now.
            let _ = note.try_set(if went.is_ok() { "Copied" } else { "Not allowed" });
            let back = move || {
                let _ = note.try_set("Copy");
            };
            set_timeout(back, NOTE);
        });
    };
    view! {
        <div class="source">
            <code tabindex="0" role="group" aria-label="Command">{command}</code>
            <button class="button" type="button" aria-label="Copy the command" on:click=on_click>
                {note}
            </button>
            {links}
        </div>
    }
    .into_any()
}

async fn copy(text: &str) -> Result<(), JsValue> {
    let navigator = window().navigator();
    // Pages from other than https or localhost have no clipboard, which the binding cannot express.
    let clipboard = js_sys::Reflect::get(&navigator, &JsValue::from_str("clipboard"))?;
    if clipboard.is_undefined() {
        return Err(JsValue::UNDEFINED);
    }
    JsFuture::from(navigator.clipboard().write_text(text)).await.map(drop)
}
