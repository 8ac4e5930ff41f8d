//! Requests to the provider.

use js_sys::{Array, Object};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Request, RequestInit, Response};

use super::{global_fetch, set};
use crate::platform::NoAnswer;
use crate::protocol::{Cache, HttpMethod, HttpRequest, HttpResponse};

/// Sends `request`, without cookies and without following a redirect that would carry a grant elsewhere.
pub(super) async fn send(request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
    let abort = AbortOnDrop::new().map_err(no_answer)?;
    let init = RequestInit::new();
    let mut members = vec![("mode", "cors"), ("credentials", "omit"), ("referrerPolicy", "no-referrer")];
    match (request.method, request.cache) {
        (HttpMethod::Post, _) => members.extend([("method", "POST"), ("redirect", "error"), ("cache", "no-store")]),
        (_, Cache::Stored) => members.push(("cache", "force-cache")),
        (_, Cache::Reload) => members.push(("cache", "reload")),
        (_, Cache::Default) => {}
    }
    // A redirect would carry the token elsewhere, and nothing that carries one is for a cache.
    if request.headers.iter().any(|(name, _)| *name == "authorization") {
        members.extend([("redirect", "error"), ("cache", "no-store")]);
    }
    set_all(&init, members.into_iter());
    set_headers(&init, request.headers.iter().map(|(name, value)| (*name, value.as_str())));
    if request.keepalive {
        set(&init, "keepalive", &JsValue::TRUE);
    }
    if let Some(body) = &request.body {
        set(&init, "body", &body.into());
    }
    let response = fetch(&request.url, &init, &abort).await.map_err(no_answer)?;
    let text = JsFuture::from(response.text().map_err(no_answer)?).await.map_err(no_answer)?;
    abort.disarm();
    Ok(HttpResponse {
        status: response.status(),
        headers: headers_of(&response),
        body: text.as_string().unwrap_or_default(),
    })
}

/// Any value can be thrown; what matters is that no answer came. The text is the platform's and says no more.
pub(super) fn no_answer(_: JsValue) -> NoAnswer {
    NoAnswer
}

/// `fetch` with `init`, aborted when `abort` is dropped.
pub(super) async fn fetch(url: &str, init: &Object, abort: &AbortOnDrop) -> Result<Response, JsValue> {
    if let Some(controller) = &abort.0 {
        set(init, "signal", &controller.signal());
    }
    let request = Request::new_with_str_and_init(url, init.unchecked_ref())?;
    JsFuture::from(global_fetch(&request)).await.map(JsCast::unchecked_into)
}

/// Sets string members.
pub(super) fn set_all<'a>(init: &Object, members: impl Iterator<Item = (&'a str, &'a str)>) {
    members.for_each(|(name, value)| set(init, name, &value.into()));
}

/// Sets the headers as a sequence of pairs.
pub(super) fn set_headers<'a>(init: &Object, headers: impl Iterator<Item = (&'a str, &'a str)>) {
    let pairs: Array = headers.map(|(name, value)| Array::of2(&name.into(), &value.into())).collect();
    set(init, "headers", &pairs);
}

/// The headers that CORS lets us see, with lower-case names.
pub(super) fn headers_of(response: &Response) -> Vec<(String, String)> {
    let pairs = Array::from(&response.headers());
    pairs
        .iter()
        .filter_map(|pair| {
            let pair: Array = pair.unchecked_into();
            Some((pair.get(0).as_string()?, pair.get(1).as_string()?))
        })
        .collect()
}

/// Aborts the request it belongs to when it is dropped.
#[must_use]
pub(super) struct AbortOnDrop(Option<AbortController>);

impl AbortOnDrop {
    pub(super) fn new() -> Result<Self, JsValue> {
        AbortController::new().map(Some).map(AbortOnDrop)
    }

    /// Lets the request live on; what can still end it.
    pub(super) fn disarm(mut self) -> Option<AbortController> {
        self.0.take()
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}
