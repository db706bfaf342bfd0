//! What the page knows, as plain structs: tested natively, with no DOM.

pub mod decimal;
pub mod dive;
pub mod endpoints;
pub mod engine;
pub mod explorer;
pub mod figures;
pub mod health;
pub mod judge;
pub mod live;
pub mod pretty;
pub mod record;
pub mod replay;
pub mod replay_file;
pub mod results;
pub mod round;
pub mod settings;
pub mod signals;
pub mod unwrapped;
