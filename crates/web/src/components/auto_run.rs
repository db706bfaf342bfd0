//! A timer that calls again and again while it is switched on.

use leptos::leptos_dom::helpers::IntervalHandle;
use leptos::prelude::*;
use std::time::Duration;

/// Calls `tick` at once and then every `period_millis`, for as long as `running` says so. A new
/// period takes effect at once; nothing is left behind when the owner goes.
pub fn auto_run(
    running: RwSignal<bool>,
    period_millis: RwSignal<u32>,
    tick: impl Fn() + Copy + 'static,
) {
    let was_running = StoredValue::new(false);
    let timer: StoredValue<Option<IntervalHandle>> = StoredValue::new(None);
    let stop = move || {
        if let Some(Some(timer)) = timer.try_get_value() {
            timer.clear();
        }
    };
    Effect::new(move |_| {
        stop();
        let period = Duration::from_millis(u64::from(period_millis.get()));
        let on = running.get();
        timer.set_value(on.then(|| set_interval_with_handle(tick, period).ok()).flatten());
        if on && !was_running.get_value() {
            // Not inside the effect: what a step changes must not be tracked by it.
            untrack(tick);
        }
        was_running.set_value(on);
    });
    on_cleanup(stop);
}
