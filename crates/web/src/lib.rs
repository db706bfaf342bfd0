//! The page: episodes of a baseline against the trained defender, played in the browser.
//!
//! `state` and `charts` are plain structs and functions, tested natively with no DOM. Everything
//! that touches the DOM is compiled for wasm alone. With no backend at all the page still runs:
//! environment and policies are core's own code, fed with two static files.
//!
//! What this crate does not do: training, rules of its own, or figures of its own. Every number on
//! the page comes from core or from the run in hand.

pub mod charts;
pub mod state;

#[cfg(target_arch = "wasm32")]
pub mod api;
#[cfg(target_arch = "wasm32")]
pub mod app;
#[cfg(target_arch = "wasm32")]
pub mod components;
#[cfg(target_arch = "wasm32")]
pub mod details;
#[cfg(target_arch = "wasm32")]
pub mod sections;
