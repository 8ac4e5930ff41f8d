//! What only a browser can show: crypto, storage, requests, the wire.
#![allow(clippy::unwrap_used)]

mod crypto;
mod requests;
mod storage;
mod wire;

use js_sys::Promise;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test_configure;

wasm_bindgen_test_configure!(run_in_browser);

async fn awaited(promise: Promise) -> String {
    JsFuture::from(promise).await.unwrap().as_string().unwrap_or_default()
}
