//! Dark or light: the system's choice until the visitor makes another, which is then kept.

use super::storage::Keep;
use leptos::prelude::*;

const STORAGE_KEY: &str = "omniguard-theme";
const ATTRIBUTE: &str = "data-theme";

/// Which set of colours is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Light text on dark ground.
    Dark,
    /// Dark text on light ground.
    Light,
}

impl Theme {
    const fn name(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Dark => Self::Light,
            Self::Light => Self::Dark,
        }
    }

    fn of_system() -> Self {
        let query = window().match_media("(prefers-color-scheme: light)").ok().flatten();
        if query.is_some_and(|query| query.matches()) { Self::Light } else { Self::Dark }
    }
}

/// The theme, shared by the page.
#[derive(Debug, Clone, Copy)]
pub struct ThemeState(RwSignal<Theme>);

impl ThemeState {
    /// The kept choice, else the system's.
    pub fn restore() -> Self {
        let theme = match Keep::Always.get(STORAGE_KEY).as_deref() {
            Some("dark") => Theme::Dark,
            Some("light") => Theme::Light,
            _ => Theme::of_system(),
        };
        let state = Self(RwSignal::new(theme));
        state.apply(theme);
        state
    }

    fn apply(self, theme: Theme) {
        self.0.set(theme);
        if let Some(root) = document().document_element() {
            // Without the attribute the style sheet follows the system: still a whole page.
            let _ = root.set_attribute(ATTRIBUTE, theme.name());
        }
    }

    fn switch(self) {
        let theme = self.0.get_untracked().other();
        self.apply(theme);
        Keep::Always.set(STORAGE_KEY, theme.name());
    }
}

/// The button that switches.
#[component]
pub fn ThemeSwitch(theme: ThemeState) -> impl IntoView {
    let label = move || format!("Switch to the {} theme", theme.0.get().other().name());
    view! {
        <button
            class="icon-button"
            type="button"
            data-testid="theme-switch"
            aria-label=label
            title=label
            on:click=move |_| theme.switch()
        >
            <svg viewBox="0 0 20 20" aria-hidden="true">
                <circle cx="10" cy="10" r="7" fill="none" stroke="currentColor" stroke-width="1.6" />
                <path d="M10 3a7 7 0 0 1 0 14Z" fill="currentColor" />
            </svg>
        </button>
    }
}
