//! Horizontal bars.

use crate::charts::scale::{Scale, domain_with_zero};
use crate::state::figures;
use crate::state::record::Side;
use leptos::prelude::*;

/// A bar from zero, to the left or the right, on a domain that holds both agents' values.
#[component]
pub fn DivergingBar(
    /// Whose value it is.
    side: Side,
    /// Name beside the bar.
    label: &'static str,
    /// Value of the bar, then of the other one.
    #[prop(into)]
    values: Signal<(f64, f64)>,
) -> impl IntoView {
    // Percent of the track: where zero lies, and where the value does.
    let ends = move || {
        let (value, other) = values.get();
        let scale = Scale::new(domain_with_zero([value, other].into_iter()), (0.0, 100.0));
        (scale.at(0.0), scale.at(value))
    };
    // Moved and stretched by transform: a bar on its way must not lay the page out in every frame.
    let shape = move || {
        let (zero, end) = ends();
        format!("translateX({:.2}%) scaleX({:.4})", zero.min(end), (zero - end).abs() / 100.0)
    };
    let zero = move || format!("{:.2}%", ends().0);
    view! {
        <div class="bar-row" data-side=side.name() data-testid=format!("bar-{}", side.name())>
            <span class="bar-label">{label}</span>
            <span class="bar-track" aria-hidden="true">
                <span class="bar-fill" style:transform=shape></span>
                <span class="bar-zero" style:left=zero></span>
            </span>
            <span class="bar-value num">{move || figures::reward(values.get().0)}</span>
        </div>
    }
}

/// A thin bar that fills a share of its track.
#[component]
pub fn ShareBar(
    /// Share in [0, 1].
    #[prop(into)]
    share: Signal<f32>,
    /// Whose colour it has: `trained`, `baseline` or `adversary`.
    tone: &'static str,
) -> impl IntoView {
    let shape = move || format!("scaleX({:.4})", share.get().clamp(0.0, 1.0));
    view! {
        <span class="share-track" data-side=tone aria-hidden="true">
            <span class="bar-fill" style:transform=shape></span>
        </span>
    }
}
