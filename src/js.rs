//! The wasm-bindgen face of the npm package: names and conversion, no logic.

use wasm_bindgen::prelude::*;

/// Serves the page behind `port` until it says `close`. Messages are those of `wire`. With `shared`, all pages that this
/// realm serves have one session.
#[wasm_bindgen]
pub fn serve(port: web_sys::MessagePort, shared: bool) {
    crate::browser::serve(port, shared);
}
