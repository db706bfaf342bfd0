//! Episode replay: the shelf of finished episodes, files, and links.

use super::replay_stage::Stage;
use super::replay_store::ReplayStore;
use crate::components::copy_button::CopyButton;
use crate::state::figures;
use crate::state::record::Side;
use crate::state::replay::Kept;
use crate::state::replay_file::{self, FileError, MAX_FILE_BYTES};
use crate::state::settings::episode_query;
use js_sys::{Array, Uint8Array};
use leptos::ev::Event;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, HtmlAnchorElement, HtmlInputElement, Url};

/// The panel.
#[component]
pub fn Replay(store: ReplayStore) -> impl IntoView {
    let stage = move || store.open.get().map(|kept| view! { <Stage store kept /> });
    view! {
        <section class="replay panel" id="replay" aria-labelledby="replay-title" data-testid="replay">
            <header class="panel-head">
                <h3 id="replay-title">"Episode replay"</h3>
                <Files store />
            </header>
            <p class="problem" role="alert" data-testid="replay-problem">{store.problem}</p>
            <Seeking store />
            <div class="replay-body">
                <List store />
                {stage}
            </div>
        </section>
    }
}

#[component]
fn List(store: ReplayStore) -> impl IntoView {
    let kept = move || store.shelf.with(|shelf| shelf.iter().cloned().collect::<Vec<_>>());
    let is_empty = move || store.shelf.with(|shelf| shelf.iter().next().is_none());
    let item = move |kept: Kept| {
        let episode = kept.episode;
        let settings = episode.settings;
        let origin = if kept.imported { "from a file" } else { settings.baseline.label() };
        let side = |side: Side| {
            let sum = figures::reward(episode.sum(side));
            let breach = episode.breach(side).map(|frame| format!(" breach at {frame}"));
            view! {
                <span data-side=side.name()>
                    <b class="num">{sum}</b>
                    {breach}
                </span>
            }
        };
        let is_open = move || {
            store.open.with(|open| open.as_ref().is_some_and(|open| open.id == kept.id)).to_string()
        };
        view! {
            <li>
                <button
                    type="button"
                    aria-pressed=is_open
                    data-testid="replay-episode"
                    on:click=move |_| store.show(kept.id)
                >
                    <b>{format!("Episode {} \u{b7} {}", episode.number, episode.phase.short_name())}</b>
                    <small>{format!("seed {} \u{b7} {origin}", settings.seed)}</small>
                    {side(Side::Trained)}
                    {side(Side::Baseline)}
                </button>
            </li>
        }
    };
    view! {
        <div class="replay-list" tabindex="0" role="group" aria-label="Finished episodes">
            <p class="placeholder" hidden=move || !is_empty()>
                "Finished episodes are kept here for this session, to be stepped through again."
            </p>
            <ul>
                <For each=kept key=|kept| kept.id children=item />
            </ul>
        </div>
    }
}

/// A link is followed.
#[component]
fn Seeking(store: ReplayStore) -> impl IntoView {
    let (at, of) = (
        move || store.seeking.get().map_or(1, |seeking| seeking.0),
        move || store.seeking.get().map_or(1, |seeking| seeking.1),
    );
    let is_idle = move || store.seeking.with(Option::is_none);
    view! {
        <div class="replay-seeking" role="status" data-testid="replay-progress" hidden=is_idle>
            <progress aria-label="Episodes played" prop:max=of prop:value=at></progress>
            <p>{move || format!("Playing the linked run anew: episode {} of {}", at(), of())}</p>
            <button
                class="button"
                type="button"
                data-testid="replay-stop"
                on:click=move |_| store.seeking.set(None)
            >
                "Stop"
            </button>
        </div>
    }
}

#[component]
fn Files(store: ReplayStore) -> impl IntoView {
    let link = move || {
        let query = store.open.with_untracked(|open| {
            open.as_ref().map(|kept| episode_query(&kept.episode.settings, kept.episode.number))
        });
        let location = window().location();
        Some(format!("{}{}{}", location.origin().ok()?, location.pathname().ok()?, query?))
    };
    let on_export = move |_| {
        let file = store.open.with_untracked(|open| {
            open.as_ref().map(|kept| {
                let episode = &kept.episode;
                (replay_file::file_name(episode), replay_file::write(episode))
            })
        });
        if let Some((name, text)) = file
            && download(&name, &text).is_err()
        {
            let problem = "The browser does not let the page save a file. Open the page by itself \
                           and export again.";
            store.problem.set(problem.to_owned());
        }
    };
    let is_closed = move || store.open.with(Option::is_none);
    view! {
        <div class="replay-files">
            <label class="button file">
                <input
                    class="sr-only"
                    type="file"
                    accept=".json,application/json"
                    data-testid="replay-import"
                    on:change=move |event| import(store, &event)
                />
                "Import"
            </label>
            <span class="replay-files" hidden=is_closed>
                <button
                    class="button"
                    type="button"
                    data-testid="replay-export"
                    on:click=on_export
                >
                    "Export"
                </button>
                <CopyButton
                    problem=store.problem
                    testid="replay-link"
                    label="Copy link"
                    address=Box::new(link)
                />
            </span>
        </div>
    }
}

fn import(store: ReplayStore, event: &Event) {
    let input = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
    let Some(input) = input else { return };
    let file = input.files().and_then(|files| files.get(0));
    // The same file may be chosen again.
    input.set_value("");
    let Some(file) = file else { return };
    let n_bytes = file.size();
    // Not even read: it could be larger than the page's memory.
    if n_bytes > MAX_FILE_BYTES as f64 {
        let error = FileError::TooLarge { n_bytes: n_bytes as usize };
        store.problem.set(error.to_string());
        return;
    }
    spawn_local(async move {
        if let Ok(buffer) = JsFuture::from(file.array_buffer()).await {
            store.import(&Uint8Array::new(&buffer).to_vec());
        } else {
            let problem = "The file could not be read. Choose it again.";
            let _ = store.problem.try_set(problem.to_owned());
        }
    });
}

fn download(name: &str, text: &str) -> Result<(), JsValue> {
    let blob = Blob::new_with_str_sequence(&Array::of1(&JsValue::from_str(text)))?;
    let url = Url::create_object_url_with_blob(&blob)?;
    let anchor: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    anchor.set_href(&url);
    anchor.set_download(name);
    anchor.click();
    Url::revoke_object_url(&url)
}
