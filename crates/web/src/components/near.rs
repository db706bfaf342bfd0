//! Waiting until a section comes near: what nobody scrolls to is neither fetched nor computed.

use js_sys::Array;
use leptos::html::Section;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

/// How far below the window a section may be.
const MARGIN: &str = "600px 0px";

/// A signal that turns true, once, when the section is near the window.
pub fn near(section: NodeRef<Section>) -> ReadSignal<bool> {
    let (near, set_near) = signal(false);
    Effect::new(move |_| {
        let Some(element) = section.get() else { return };
        let look = move |entries: Array, observer: IntersectionObserver| {
            let came = entries
                .iter()
                .any(|entry| entry.unchecked_into::<IntersectionObserverEntry>().is_intersecting());
            if came {
                observer.disconnect();
                // The page may be gone by now.
                let _ = set_near.try_set(true);
            }
        };
        let look = Closure::<dyn Fn(Array, IntersectionObserver)>::new(look).into_js_value();
        let options = IntersectionObserverInit::new();
        options.set_root_margin(MARGIN);
        match IntersectionObserver::new_with_options(look.unchecked_ref(), &options) {
            Ok(observer) => observer.observe(&element),
            // Without observers everything is near.
            Err(_) => set_near.set(true),
        }
    });
    near
}
