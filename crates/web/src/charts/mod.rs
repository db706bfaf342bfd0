//! What every chart shares, all of it pure: scales with ticks, paths, series that stay small,
//! statistics of shares, and pictures of finished data as markup.

pub mod dots;
pub mod flow;
pub mod markup;
pub mod path;
pub mod plot;
pub mod scale;
pub mod series;
pub mod share;
pub mod smooth;
