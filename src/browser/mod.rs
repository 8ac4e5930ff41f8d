//! The world of a browser realm: the only place with web-sys.

mod api;
mod crypto;
mod http;
mod lock;
mod page;
mod storage;
#[cfg(test)]
mod tests;

use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;

use crate::error::Result;
use crate::platform::{Attachment, Boxed, NoAnswer, Platform, SigningKey, Url};
use crate::protocol::jwk::Jwk;
use crate::protocol::jws::{Alg, Hash};
use crate::protocol::{HttpRequest, HttpResponse, Moment, UnixTime};
use crate::wire::{FetchRequest, ResponseHead};

pub(crate) use page::serve;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = crypto)]
    static CRYPTO: web_sys::Crypto;
    #[wasm_bindgen(thread_local_v2, js_name = performance)]
    static PERFORMANCE: web_sys::Performance;
    #[wasm_bindgen(thread_local_v2, js_name = indexedDB)]
    static INDEXED_DB: Option<web_sys::IdbFactory>;
    #[wasm_bindgen(js_name = fetch)]
    fn global_fetch(request: &web_sys::Request) -> js_sys::Promise;
}

/// The platform of the realm this wasm instance runs in: a worker or the page.
pub(crate) struct Browser {
    /// Whether this realm is a shared worker's.
    shared: bool,
    database: Rc<RefCell<Option<web_sys::IdbDatabase>>>,
}

impl Browser {
    /// The platform of a shared worker, or of a realm that goes with its page.
    fn new(shared: bool) -> Browser {
        Browser { shared, database: Rc::default() }
    }
}

impl Platform for Browser {
    fn now(&self) -> UnixTime {
        UnixTime::from_millis(js_sys::Date::now() as i64)
    }

    fn moment(&self) -> Moment {
        Moment { wall: self.now(), steady: PERFORMANCE.with(web_sys::Performance::now) as i64 }
    }

    fn lock(&self, name: String) -> Boxed<Box<dyn Any>> {
        Box::pin(lock::acquire(name))
    }

    fn random(&self, bytes: &mut [u8]) {
        // Fails only beyond 65,536 bytes.
        let _ = CRYPTO.with(|crypto| crypto.get_random_values_with_u8_array(bytes));
    }

    fn sleep(&self, ms: u32) -> Boxed<()> {
        Box::pin(gloo_timers::future::TimeoutFuture::new(ms))
    }

    fn spawn(&self, task: Boxed<()>) {
        wasm_bindgen_futures::spawn_local(task);
    }

    fn digest(&self, hash: Hash, data: Vec<u8>) -> Boxed<Result<Vec<u8>>> {
        Box::pin(crypto::digest(hash, data))
    }

    fn verify(&self, alg: Alg, key: &Jwk, signature: Vec<u8>, data: Vec<u8>) -> Boxed<Result<bool>> {
        Box::pin(crypto::verify(alg, key.json.to_js(), signature, data))
    }

    fn outlives_pages(&self) -> bool {
        self.shared
    }

    fn key(&self, name: String, alg: Alg) -> Boxed<Result<Rc<dyn SigningKey>>> {
        let database = (!self.shared).then(|| self.database.clone());
        Box::pin(async move {
            let Some(database) = database else { return crypto::signing_key(crypto::generate_pair(alg).await?).await };
            // Without storage the key lives as long as the vault.
            if let Ok(Some(kept)) = storage::kept_key(&database, &name).await
                && let Ok(key) = crypto::signing_key(kept).await
            {
                return Ok(key);
            }
            let made = crypto::generate_pair(alg).await?;
            crypto::signing_key(storage::keep_key(&database, &name, &made).await.unwrap_or(made)).await
        })
    }

    fn forget_key(&self, name: String) -> Boxed<()> {
        let database = (!self.shared).then(|| self.database.clone());
        Box::pin(async move {
            if let Some(database) = database {
                storage::forget_key(&database, &name).await;
            }
        })
    }

    fn http(&self, request: HttpRequest) -> Boxed<std::result::Result<HttpResponse, NoAnswer>> {
        Box::pin(http::send(request))
    }

    fn fetch(
        &self,
        request: FetchRequest,
        body: Attachment,
        credentials: Vec<(&'static str, String)>,
    ) -> Boxed<std::result::Result<(ResponseHead, Attachment), NoAnswer>> {
        Box::pin(api::fetch(request, body, credentials))
    }

    fn can_send_again(&self, body: &Attachment) -> bool {
        let body = body.as_deref().and_then(|body| body.downcast_ref::<JsValue>());
        !body.is_some_and(JsValue::is_instance_of::<web_sys::ReadableStream>)
    }

    fn discard(&self, body: Attachment) {
        let body = body.as_deref().and_then(|body| body.downcast_ref::<JsValue>());
        if let Some(body) = body.and_then(JsCast::dyn_ref::<web_sys::ReadableStream>) {
            let _ = body.cancel();
        }
    }

    fn parse_url(&self, url: &str) -> Option<Url> {
        let url = web_sys::Url::new(url).ok()?;
        Some(Url {
            origin: url.origin(),
            host: url.hostname(),
            path: url.pathname(),
            href: url.href(),
            has_credentials: !url.username().is_empty() || !url.password().is_empty(),
        })
    }

    fn replace(&self, key: String, text: String) -> Boxed<Result<Option<String>>> {
        Box::pin(storage::replace(self.database.clone(), key, text))
    }

    fn stored(&self) -> Boxed<Result<Vec<(String, String)>>> {
        Box::pin(storage::stored(self.database.clone()))
    }

    fn forget(&self, keys: Vec<String>) -> Boxed<Result<()>> {
        Box::pin(storage::forget(self.database.clone(), keys))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(database) = self.database.borrow_mut().take() {
            database.close();
        }
    }
}

/// A JavaScript object with these members.
fn object(members: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in members {
        set(&object, name, value);
    }
    object
}

/// Sets a member of a fresh, extensible object, which cannot fail.
fn set(object: &Object, name: &str, value: &JsValue) {
    let _ = Reflect::set(object, &JsValue::from_str(name), value);
}
