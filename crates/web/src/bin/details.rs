//! Mounts the sections below the demo.

#[cfg(target_arch = "wasm32")]
fn main() {
    console_error_panic_hook::set_once();
    omniguard_web::details::mount();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {}
