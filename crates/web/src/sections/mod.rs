//! The page's sections, from top to bottom.

pub mod demo;
pub mod hero;
pub mod top_bar;
