//! Mounts the page. Natively there is nothing to run: `cargo xtask serve` builds it for the browser.

#[cfg(target_arch = "wasm32")]
fn main() {
    console_error_panic_hook::set_once();
    omniguard_web::app::mount();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {}
