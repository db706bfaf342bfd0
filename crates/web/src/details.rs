//! The sections below the demo, mounted by a module of their own: a visitor can play before they
//! are loaded.

use crate::app::{DETAILS, poll_health};
use crate::components::tour::GuidedTour;
use crate::sections::actions::Actions;
use crate::sections::api_reference::ApiReference;
use crate::sections::calibration::Calibration;
use crate::sections::deep_dive::DeepDive;
use crate::sections::resources::Resources;
use crate::sections::results::Results;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// Mounts the sections where the page keeps room for them; an embedded demo keeps none.
pub fn mount() {
    let Some(place) = document().get_element_by_id(DETAILS) else { return };
    let Ok(place) = place.dyn_into::<HtmlElement>() else { return };
    // Mounted for as long as the page is there.
    leptos::mount::mount_to(place.clone(), Details).forget();
    // A hook for tests: without it the page works all the same.
    let _ = place.set_attribute("data-ready", "true");
}

/// All of them, from top to bottom.
#[component]
fn Details() -> impl IntoView {
    let health = poll_health();
    view! {
        <DeepDive />
        <Results />
        <Calibration />
        <Actions />
        <ApiReference health />
        <Resources />
        <GuidedTour />
    }
}
