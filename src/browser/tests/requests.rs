//! Requests, their URLs, forms and time, and streams.

use std::any::Any;
use std::rc::Rc;

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::MessagePort;

use super::awaited;
use crate::browser::{Browser, api};
use crate::platform::{Platform, within};
use crate::protocol::HttpRequest;
use crate::wire::{FetchRequest, ResponseHead};

#[wasm_bindgen(inline_js = r#"
/** A stream of `chunks` chunks that counts what is pulled and says when it is cancelled. */
export function countedStream(chunks) {
  const seen = { pulled: 0, cancelled: false };
  const stream = new ReadableStream({
    pull(controller) {
      seen.pulled += 1;
      if (seen.pulled > chunks) controller.close();
      else controller.enqueue(new TextEncoder().encode(`chunk ${seen.pulled}`));
    },
    cancel() { seen.cancelled = true; },
  }, { highWaterMark: 0 });
  return [stream, seen];
}

export async function pull(port, what) {
  const answer = what === 'pull' && new Promise((resolve) => { port.onmessage = ({ data }) => resolve(data); });
  port.postMessage(what);
  const { value, done, error } = (await answer) || {};
  return value ? new TextDecoder().decode(value) : done ? 'done' : error ?? 'nothing';
}

export async function until(condition) {
  while (!condition()) await new Promise((resolve) => { const { port1, port2 } = new MessageChannel(); port1.onmessage = resolve; port2.postMessage(0); });
}

export function textOf(stream) { return new Response(stream).text(); }
"#)]
extern "C" {
    #[wasm_bindgen(js_name = countedStream)]
    fn counted_stream(chunks: u32) -> Array;
    fn pull(port: &MessagePort, what: &str) -> Promise;
    fn until(condition: &JsValue) -> Promise;
    #[wasm_bindgen(js_name = textOf)]
    fn text_of(stream: &JsValue) -> Promise;
}

#[wasm_bindgen_test]
fn urls_are_parsed_as_requests_parse_them() {
    let browser = Browser::new(false);
    let url = browser.parse_url("HTTPS://API.example.com:443/a/../b/%2e%2e/c\\d?q#f").unwrap();
    assert_eq!((url.origin.as_str(), url.path.as_str()), ("https://api.example.com", "/c/d"));
    assert!(browser.parse_url("https://user@api.example.com/").unwrap().has_credentials);
    assert!(browser.parse_url("/relative").is_none());
}

#[wasm_bindgen_test]
async fn timers_end_what_takes_too_long() {
    let browser = Browser::new(false);
    assert_eq!(within(&browser, 1, Box::pin(std::future::pending::<u8>())).await, None);
    assert_eq!(within(&browser, 60_000, Box::pin(async { 7 })).await, Some(7));
}

#[wasm_bindgen_test]
async fn an_answer_is_read_and_no_answer_is_no_panic() {
    let browser = Browser::new(false);
    let answer = browser.http(HttpRequest::get("data:application/json,{}")).await.unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, "{}"));
    assert!(answer.headers.iter().any(|(name, value)| name == "content-type" && value == "application/json"));
    assert!(browser.http(HttpRequest::get("http://localhost:9/")).await.is_err());
    assert!(browser.http(HttpRequest::get("http://[")).await.is_err());
}

#[wasm_bindgen_test]
async fn an_api_answer_comes_with_its_stream() {
    let request = FetchRequest {
        url: "data:text/plain,hello".to_owned(),
        method: "GET".to_owned(),
        headers: vec![("Authorization".to_owned(), "Bearer forged".to_owned())],
        init: vec![("cache".to_owned(), "no-store".to_owned())],
        keepalive: false,
    };
    let fetched = Browser::new(false).fetch(request, None, vec![("authorization", "Bearer token".to_owned())]).await;
    let (head, body): (ResponseHead, Option<Rc<dyn Any>>) = fetched.unwrap();
    assert_eq!((head.status, head.url.as_str(), head.redirected), (200, "data:text/plain,hello", false));
    let body = body.unwrap();
    assert_eq!(awaited(text_of(body.downcast_ref::<JsValue>().unwrap())).await, "hello");
}

#[wasm_bindgen_test]
async fn chunks_are_pulled_one_by_one() {
    let made = counted_stream(2);
    let port = api::pull_port(made.get(0).unchecked_into()).unwrap();
    let pulled = || js_sys::Reflect::get(&made.get(1), &"pulled".into()).unwrap().as_f64().unwrap();
    assert_eq!(awaited(pull(&port, "pull")).await, "chunk 1");
    assert_eq!(pulled(), 1.0, "nothing is read ahead");
    assert_eq!(awaited(pull(&port, "pull")).await, "chunk 2");
    assert_eq!(awaited(pull(&port, "pull")).await, "done");
}

#[wasm_bindgen_test]
async fn a_reader_that_gives_up_ends_the_stream() {
    let made = counted_stream(100);
    let port = api::pull_port(made.get(0).unchecked_into()).unwrap();
    awaited(pull(&port, "pull")).await;
    awaited(pull(&port, "cancel")).await;
    let seen = made.get(1);
    let cancelled =
        Closure::<dyn Fn() -> JsValue>::new(move || js_sys::Reflect::get(&seen, &"cancelled".into()).unwrap());
    JsFuture::from(until(cancelled.as_ref())).await.unwrap();
}
