//! What clients may rely on, asked of a live Worker.

mod batch;
mod capacity;
mod decide;
mod infer;
mod namespaces;
mod openenv_http;
mod page;
mod parity;
mod service;
mod sessions;
