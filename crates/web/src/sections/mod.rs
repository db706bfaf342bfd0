//! The page's sections, from top to bottom.

pub mod api_reference;
pub mod deep_dive;
pub mod demo;
pub mod hero;
pub mod top_bar;
