//! What every chart shares, all of it pure: scales with ticks, paths, series that stay small.

pub mod flow;
pub mod path;
pub mod scale;
pub mod series;
