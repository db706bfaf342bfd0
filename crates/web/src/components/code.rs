//! A text of unknown origin, shown as text: coloured, marked, never interpreted.

use crate::state::pretty::{Kind, Piece};
use leptos::html::Pre;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// Pixels that stay above a mark when it is brought into view.
const LEAD: i32 = 48;

const fn class(kind: Kind) -> &'static str {
    match kind {
        Kind::Plain => "",
        Kind::Key => "tok-key",
        Kind::String => "tok-string",
        Kind::Literal => "tok-literal",
        Kind::Invisible => "tok-invisible",
    }
}

/// The pieces of a text in a scrollable box that the keyboard reaches.
#[component]
pub fn Code(
    /// What the box holds, for people who listen.
    #[prop(into)]
    label: String,
    /// Hook for tests.
    testid: &'static str,
    /// The text.
    #[prop(into)]
    pieces: Signal<Vec<Piece>>,
    /// What stands there while there is no text.
    placeholder: &'static str,
) -> impl IntoView {
    // Every text gets an element of its own. Were nodes reused, each new text would count as a shift
    // of the page's layout, though nothing but the text has changed.
    let n_texts = StoredValue::new(0_u32);
    let texts = move || {
        let pieces = pieces.get();
        n_texts.update_value(|n| *n = n.wrapping_add(1));
        [(n_texts.get_value(), pieces)]
    };
    let node = NodeRef::<Pre>::new();
    let text_view = move |(_, pieces): (u32, Vec<Piece>)| {
        show_mark(node);
        if pieces.is_empty() {
            return view! { <span class="placeholder">{placeholder}</span> }.into_any();
        }
        view! { <code>{pieces.into_iter().map(piece_view).collect_view()}</code> }.into_any()
    };
    view! {
        <pre node_ref=node class="code" tabindex="0" role="group" aria-label=label data-testid=testid>
            <For each=texts key=|(n, _)| *n children=text_view />
        </pre>
    }
}

/// Scrolls a new text to its first mark, within its box.
fn show_mark(node: NodeRef<Pre>) {
    // The text is in the box by then, and nothing was painted yet.
    request_animation_frame(move || {
        let Some(Some(code)) = node.try_get_untracked() else { return };
        let mark = code.query_selector("mark").ok().flatten();
        let mark = mark.and_then(|mark| mark.dyn_into::<HtmlElement>().ok());
        code.set_scroll_top(mark.map_or(0, |mark| (mark.offset_top() - LEAD).max(0)));
    });
}

fn piece_view(piece: Piece) -> AnyView {
    let kind = class(piece.kind);
    if piece.marked {
        view! { <mark class=kind>{piece.text}</mark> }.into_any()
    } else if piece.kind == Kind::Plain {
        piece.text.into_any()
    } else {
        view! { <span class=kind>{piece.text}</span> }.into_any()
    }
}
