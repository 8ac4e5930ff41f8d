//! Requests to APIs, and the way of their responses to the page.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use js_sys::{Array, Function, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, MessageEvent, MessagePort, ReadableStream, ReadableStreamDefaultReader, RequestInit,
    TransformStream,
};

use super::http::{self, AbortOnDrop, no_answer};
use super::{object, set};
use crate::platform::{Attachment, NoAnswer};
use crate::wire::{FetchRequest, ResponseHead};

/// Sends `request` with `credentials`. The attachment of the response is its body's `ReadableStream`, if it has one.
pub(super) async fn fetch(
    request: FetchRequest,
    body: Attachment,
    credentials: Vec<(&'static str, String)>,
) -> Result<(ResponseHead, Attachment), NoAnswer> {
    let abort = AbortOnDrop::new().map_err(no_answer)?;
    let init = RequestInit::new();
    set(&init, "method", &request.method.into());
    http::set_all(&init, request.init.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let body = body.as_deref().and_then(|body| body.downcast_ref::<JsValue>());
    let form = body.and_then(|body| body.dyn_ref::<Array>()).map(form_of).transpose().map_err(no_answer)?;
    // The boundary between the fields of a form is for who writes it.
    let own: &[&str] =
        if form.is_some() { &["authorization", "dpop", "content-type"] } else { &["authorization", "dpop"] };
    let ours = |name: &str| own.iter().any(|own| name.eq_ignore_ascii_case(own));
    let of_caller = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let own = credentials.iter().map(|(name, value)| (*name, value.as_str()));
    http::set_headers(&init, of_caller.filter(|(name, _)| !ours(name)).chain(own));
    if request.keepalive {
        set(&init, "keepalive", &JsValue::TRUE);
    }
    if let Some(body) = form.as_deref().or(body) {
        set(&init, "body", body);
        if body.is_instance_of::<ReadableStream>() {
            set(&init, "duplex", &"half".into());
        }
    }
    let response = http::fetch(&request.url, &init, &abort).await.map_err(no_answer)?;
    let head = ResponseHead {
        status: response.status(),
        status_text: response.status_text(),
        url: response.url(),
        redirected: response.redirected(),
        kind: Reflect::get(&response, &"type".into()).ok().and_then(|kind| kind.as_string()).unwrap_or_default(),
        again: false,
        headers: http::headers_of(&response),
    };
    // A `Response` of these can be made without a body alone (Fetch Standard 2.2.3), though Chromium gives it one.
    let body = response.body().filter(|_| !matches!(head.status, 204 | 205 | 304));
    let body = match (body, abort.disarm()) {
        (Some(body), Some(abort)) => Some(with_request(body, &abort)),
        (body, _) => body,
    };
    Ok((head, body.map(|body| Rc::new(JsValue::from(body)) as Rc<dyn std::any::Any>)))
}

/// The form that has `fields`: pairs of a name and a string or file.
fn form_of(fields: &Array) -> Result<Form, JsValue> {
    let form = Form::new();
    for field in fields.iter() {
        let field = Array::from(&field);
        form.append(&field.get(0), &field.get(1))?;
    }
    Ok(form)
}

/// `body`, whose request `abort` ends when its reader gives up. Firefox loads on otherwise: there, cancelling a body is
/// nothing that the network hears of.
fn with_request(body: ReadableStream, abort: &AbortController) -> ReadableStream {
    let Ok(through) = TransformStream::new() else { return body };
    if let Ok(end) = Reflect::get(abort, &"abort".into()) {
        let end: Function = end.unchecked_into();
        let piped: Piped = body.pipe_to(&through.writable()).unchecked_into();
        piped.catch(&end.bind0(abort));
    }
    through.readable()
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = FormData)]
    type Form;
    #[wasm_bindgen(constructor, js_class = FormData)]
    fn new() -> Form;
    #[wasm_bindgen(method, catch)]
    fn append(this: &Form, name: &JsValue, value: &JsValue) -> Result<(), JsValue>;
    /// The promise that a body has been read to its end.
    type Piped;
    #[wasm_bindgen(method)]
    fn catch(this: &Piped, heed: &Function);
}

/// The port on which the page can pull `body` chunk by chunk, for engines that cannot transfer a stream.
///
/// The page posts `"pull"` and gets `{ value }`, `{ done: true }` or `{ error }`; it posts `"cancel"` to end.
/// Nothing is read ahead, so that a page that reads slowly slows the sender.
pub(super) fn pull_port(body: ReadableStream) -> Result<MessagePort, JsValue> {
    let channel = web_sys::MessageChannel::new()?;
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    wasm_bindgen_futures::spawn_local(pump(reader, channel.port1()));
    Ok(channel.port2())
}

async fn pump(reader: ReadableStreamDefaultReader, port: MessagePort) {
    let inbox = Inbox::new(&port);
    while inbox.next().await == "pull" {
        let read = JsFuture::from(reader.read()).await;
        let (answer, more) = match &read {
            Ok(result) => match Reflect::get(result, &"done".into()) {
                Ok(done) if done.is_falsy() => (result.clone(), true),
                _ => (object(&[("done", JsValue::TRUE)]).into(), false),
            },
            Err(_) => (object(&[("error", "the connection broke".into())]).into(), false),
        };
        if port.post_message(&answer).is_err() || !more {
            port.close();
            return;
        }
    }
    let _ = JsFuture::from(reader.cancel()).await;
    port.close();
}

/// The messages of a port, in order, for one reader.
struct Inbox {
    state: Rc<RefCell<(VecDeque<JsValue>, Option<Waker>)>>,
    _listener: Closure<dyn FnMut(MessageEvent)>,
}

impl Inbox {
    fn new(port: &MessagePort) -> Self {
        let state = Rc::<RefCell<(VecDeque<JsValue>, Option<Waker>)>>::default();
        let listener = Closure::<dyn FnMut(MessageEvent)>::new({
            let state = state.clone();
            move |event: MessageEvent| {
                let waker = {
                    let mut state = state.borrow_mut();
                    state.0.push_back(event.data());
                    state.1.take()
                };
                waker.into_iter().for_each(Waker::wake);
            }
        });
        port.set_onmessage(Some(listener.as_ref().unchecked_ref()));
        Inbox { state, _listener: listener }
    }

    async fn next(&self) -> JsValue {
        poll_fn(|context| {
            let mut state = self.state.borrow_mut();
            match state.0.pop_front() {
                Some(message) => Poll::Ready(message),
                None => {
                    state.1 = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}
