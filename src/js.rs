//! The wasm-bindgen face of the npm package: names and conversion, no logic.

use wasm_bindgen::prelude::*;

/// Smaller than the one that comes with Rust, by 1.5 kB once compressed. Rust applications have their own.
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// Serves the page behind `port` until it says `close`. Messages are those of `wire`. With `shared`, all pages that this
/// realm serves have one session.
#[wasm_bindgen]
pub fn serve(port: web_sys::MessagePort, shared: bool) {
    crate::browser::serve(port, shared);
}
