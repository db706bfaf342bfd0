//! The page's sections, from top to bottom.

pub mod actions;
pub mod api_reference;
pub mod calibration;
pub mod deep_dive;
pub mod demo;
pub mod hero;
pub mod resources;
pub mod results;
pub mod top_bar;
