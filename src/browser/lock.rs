//! Web Locks: one tab at a time.

use std::any::Any;

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    type LockManager;
    #[wasm_bindgen(thread_local_v2, js_name = navigator)]
    static NAVIGATOR: JsValue;
    #[wasm_bindgen(method)]
    fn request(this: &LockManager, name: &str, held: &JsValue) -> Promise;
}

/// Held until it is dropped.
struct Held(Function);

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.call0(&JsValue::NULL);
    }
}

/// Waits for the lock `name`. Where the platform has no locks, or refuses them, nobody waits.
pub(super) async fn acquire(name: String) -> Box<dyn Any> {
    let locks = NAVIGATOR.with(|navigator| js_sys::Reflect::get(navigator, &"locks".into()));
    let locks: LockManager = match locks {
        Ok(locks) if locks.is_object() => locks.unchecked_into(),
        _ => return Box::new(()),
    };
    let mut release = None;
    let until = Promise::new(&mut |resolve, _| release = Some(Held(resolve)));
    let granted = Promise::new(&mut |resolve, _| {
        let (until, wake) = (until.clone(), resolve.clone());
        let held = Closure::once_into_js(move || {
            let _ = wake.call0(&JsValue::NULL);
            until
        });
        // The request ends when the lock is free again. Where it is refused, nobody waits.
        let ended = locks.request(&name, &held);
        wasm_bindgen_futures::spawn_local(async move {
            let _ = JsFuture::from(ended).await;
            let _ = resolve.call0(&JsValue::NULL);
        });
    });
    let _ = JsFuture::from(granted).await;
    Box::new(release)
}
