//! What clients may rely on, asked of a live Worker.

mod capacity;
mod decide;
mod page;
mod parity;
mod service;
mod sessions;
