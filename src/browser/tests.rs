//! What only a browser can show: crypto, storage, requests, the wire.
#![allow(clippy::unwrap_used)]

use std::any::Any;
use std::rc::Rc;

use crate::protocol::base64url;
use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{MessageChannel, MessagePort};

use super::{Browser, serve};
use crate::form;
use crate::platform::{Platform, SigningKey, within};
use crate::protocol::HttpRequest;
use crate::protocol::jwk::{Jwk, Jwks};
use crate::protocol::jws::{Alg, Hash};
use crate::wire::{FetchRequest, ResponseHead};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(inline_js = r#"
const text = new TextEncoder();
const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/[+]/g, '-').replace(/[/]/g, '_').replace(/=/g, '');

/** Signs `data` with a fresh key: the public key as JSON text, and the signature as base64url. */
export async function signed(name, hash, namedCurve, data) {
  const parameters = { name, hash, namedCurve, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
  const keys = await crypto.subtle.generateKey(parameters, true, ['sign', 'verify']);
  const saltLength = Number(hash?.slice(4)) / 8;
  const signature = await crypto.subtle.sign({ name, hash, saltLength }, keys.privateKey, text.encode(data));
  const { kty, crv, x, y, n, e } = await crypto.subtle.exportKey('jwk', keys.publicKey);
  return [JSON.stringify({ keys: [{ kty, crv, x, y, n, e }] }), base64url(signature)];
}

/** The other end of a port: sends a message, and gives those that come as JSON, one at a time. */
export class Page {
  #port; #heard = []; #waiting = [];
  constructor(port) {
    this.#port = port;
    port.onmessage = ({ data }) => {
      this.#heard.push(data);
      this.#waiting.shift()?.();
    };
  }
  send(message, attachment) {
    this.#port.postMessage(attachment === undefined ? [JSON.parse(message)] : [JSON.parse(message), attachment]);
  }
  sendRaw(message) { this.#port.postMessage(message); }
  async next() {
    while (!this.#heard.length) await new Promise((resolve) => this.#waiting.push(resolve));
    return JSON.stringify(this.#heard.shift());
  }
}

/** A stream of `chunks` chunks that counts what is pulled and says when it is cancelled. */
export function countedStream(chunks) {
  const seen = { pulled: 0, cancelled: false };
  const stream = new ReadableStream({
    pull(controller) {
      seen.pulled += 1;
      if (seen.pulled > chunks) controller.close();
      else controller.enqueue(text.encode(`chunk ${seen.pulled}`));
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
    fn signed(name: &str, hash: JsValue, curve: JsValue, data: &str) -> Promise;
    #[wasm_bindgen(js_name = Page)]
    type TestPage;
    #[wasm_bindgen(constructor, js_class = Page)]
    fn new(port: MessagePort) -> TestPage;
    #[wasm_bindgen(method)]
    fn send(this: &TestPage, message: &str);
    #[wasm_bindgen(method, js_name = sendRaw)]
    fn send_raw(this: &TestPage, message: &JsValue);
    #[wasm_bindgen(method)]
    fn next(this: &TestPage) -> Promise;
    #[wasm_bindgen(js_name = countedStream)]
    fn counted_stream(chunks: u32) -> Array;
    fn pull(port: &MessagePort, what: &str) -> Promise;
    fn until(condition: &JsValue) -> Promise;
    #[wasm_bindgen(js_name = textOf)]
    fn text_of(stream: &JsValue) -> Promise;
}

async fn awaited(promise: Promise) -> String {
    JsFuture::from(promise).await.unwrap().as_string().unwrap_or_default()
}

fn bytes(base64url: &str) -> Vec<u8> {
    base64url::decode(base64url).unwrap()
}

fn key(keys: &str, alg: Alg) -> Jwk {
    (*Jwks::parse(keys).unwrap().candidates(alg, None).first().unwrap()).clone()
}

async fn verifies(alg: Alg, key: &Jwk, signature: &str, data: &str) -> bool {
    Browser::new(false).verify(alg, key, bytes(signature), data.as_bytes().to_vec()).await.unwrap()
}

const PAYLOAD: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

#[wasm_bindgen_test]
async fn rs256_of_rfc_7515_appendix_a_2() {
    let keys = r#"{"keys":[{"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}]}"#;
    let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    let key = key(keys, Alg::RS256);
    let data = ["eyJhbGciOiJSUzI1NiJ9.", PAYLOAD].concat();
    assert!(verifies(Alg::RS256, &key, signature, &data).await);
    assert!(!verifies(Alg::RS256, &key, signature, &data.replace("eyJpc3", "eyJpc4")).await);
    assert!(!verifies(Alg::RS384, &key, signature, &data).await);
}

#[wasm_bindgen_test]
async fn es256_of_rfc_7515_appendix_a_3() {
    let keys = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;
    let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let key = key(keys, Alg::ES256);
    let data = ["eyJhbGciOiJFUzI1NiJ9.", PAYLOAD].concat();
    assert!(verifies(Alg::ES256, &key, signature, &data).await);
    assert!(!verifies(Alg::ES256, &key, signature, &data.replace("eyJpc3", "eyJpc4")).await);
    assert!(!verifies(Alg::ES256, &key, "AAAA", &data).await, "a signature of the wrong length");
}

#[wasm_bindgen_test]
async fn eddsa_of_rfc_8037_appendix_a_4() {
    let keys = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let data = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let key = key(keys, Alg::EdDSA);
    assert!(verifies(Alg::EdDSA, &key, signature, data).await);
    assert!(!verifies(Alg::EdDSA, &key, signature, &data.replace("RXh", "RXi")).await);
}

#[wasm_bindgen_test]
async fn every_algorithm_verifies_its_own_signature_and_no_other() {
    let algs = [
        (Alg::RS384, "RSASSA-PKCS1-v1_5", Some("SHA-384"), None),
        (Alg::RS512, "RSASSA-PKCS1-v1_5", Some("SHA-512"), None),
        (Alg::PS256, "RSA-PSS", Some("SHA-256"), None),
        (Alg::PS384, "RSA-PSS", Some("SHA-384"), None),
        (Alg::PS512, "RSA-PSS", Some("SHA-512"), None),
        (Alg::ES384, "ECDSA", Some("SHA-384"), Some("P-384")),
        (Alg::ES512, "ECDSA", Some("SHA-512"), Some("P-521")),
    ];
    for (alg, name, hash, curve) in algs {
        let js = |text: Option<&str>| text.map_or(JsValue::UNDEFINED, JsValue::from_str);
        let made = JsFuture::from(signed(name, js(hash), js(curve), "data")).await.unwrap();
        let made: Vec<String> = Array::from(&made).iter().filter_map(|text| text.as_string()).collect();
        let key = key(&made[0], alg);
        assert!(verifies(alg, &key, &made[1], "data").await, "{}", alg.as_str());
        assert!(!verifies(alg, &key, &made[1], "other data").await, "{}", alg.as_str());
    }
}

#[wasm_bindgen_test]
async fn a_key_that_is_none_fits_nothing() {
    let keys = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"eA","y":"eQ"}]}"#;
    assert!(!verifies(Alg::ES256, &key(keys, Alg::ES256), "AAAA", "").await);
}

/// Whether `key` signs for the one whose public key it names.
async fn signs(key: &dyn SigningKey) -> bool {
    let signature = key.sign(b"data".to_vec()).await.unwrap();
    let public = self::key(&format!(r#"{{"keys":[{}]}}"#, key.jwk().to_text()), key.alg());
    let browser = Browser::new(false);
    browser.verify(key.alg(), &public, signature.clone(), b"data".to_vec()).await.unwrap()
        && !browser.verify(key.alg(), &public, signature, b"other".to_vec()).await.unwrap()
}

#[wasm_bindgen_test]
async fn a_key_of_the_vault_signs_and_cannot_be_exported() {
    for (alg, begins) in
        [(Alg::ES256, r#"{"crv":"P-256","kty":"EC","x":""#), (Alg::EdDSA, r#"{"crv":"Ed25519","kty":"OKP","x":""#)]
    {
        let made = Browser::new(true).key("in memory".to_owned(), alg).await.unwrap();
        let jwk = made.jwk().to_text();
        assert!(jwk.starts_with(begins), "{jwk}");
        assert_eq!(made.alg(), alg);
        assert!(signs(&*made).await && !made.is_extractable());
    }
}

#[wasm_bindgen_test]
async fn a_key_outlives_its_realm_until_it_is_forgotten() {
    let name = || "key test".to_owned();
    let key = async |shared| Browser::new(shared).key(name(), Alg::ES256).await.unwrap();
    Browser::new(false).forget_key(name()).await;
    let made = key(false).await;
    let kept = key(false).await;
    assert!(kept.jwk() == made.jwk());
    assert!(signs(&*kept).await && !kept.is_extractable());
    assert!(key(true).await.jwk() != made.jwk(), "what outlives its pages keeps its key to itself");
    assert!(key(false).await.jwk() == made.jwk());
    Browser::new(false).forget_key(name()).await;
    assert!(key(false).await.jwk() != made.jwk());
    Browser::new(false).forget_key(name()).await;
}

#[wasm_bindgen_test]
async fn two_who_make_a_key_at_once_have_the_same() {
    let name = || "key race".to_owned();
    Browser::new(false).forget_key(name()).await;
    let make = || {
        wasm_bindgen_futures::future_to_promise(async move {
            let key = Browser::new(false).key(name(), Alg::ES256).await;
            Ok(key.unwrap().jwk().to_text().into())
        })
    };
    let both = Array::of2(&make(), &make());
    let made = Array::from(&JsFuture::from(js_sys::Promise::all(&both)).await.unwrap());
    assert!(made.get(0).is_string() && made.get(0) == made.get(1));
    Browser::new(false).forget_key(name()).await;
}

#[wasm_bindgen_test]
async fn digests_are_those_of_fips_180() {
    let browser = Browser::new(false);
    for (hash, begins) in
        [(Hash::Sha256, "ungWv48Bz-pBQUDe"), (Hash::Sha384, "ywB1P0WjXou1oD1p"), (Hash::Sha512, "3a81oZNherrMQXNJ")]
    {
        let digest = base64url::encode(&browser.digest(hash, b"abc".to_vec()).await.unwrap());
        assert!(digest.starts_with(begins), "{digest}");
    }
}

#[wasm_bindgen_test]
fn randomness_differs() {
    let (browser, mut first, mut second) = (Browser::new(false), [0; 32], [0; 32]);
    browser.random(&mut first);
    browser.random(&mut second);
    assert!(first != second && first != [0; 32]);
}

#[wasm_bindgen_test]
async fn storage_replaces_in_one_step_and_outlives_its_user() {
    let (first, second) = (Browser::new(false), Browser::new(false));
    let key = || "storage test".to_owned();
    first.forget(vec![key()]).await.unwrap();
    assert_eq!(first.replace(key(), "one".to_owned()).await.unwrap(), None);
    assert_eq!(second.replace(key(), "two".to_owned()).await.unwrap().as_deref(), Some("one"));
    drop((first, second));
    let third = Browser::new(false);
    assert!(third.stored().await.unwrap().contains(&(key(), "two".to_owned())));
    third.forget(vec![key(), "never stored".to_owned()]).await.unwrap();
    assert!(third.stored().await.unwrap().iter().all(|(stored, _)| *stored != key()));
}

#[wasm_bindgen_test]
async fn of_two_who_take_one_entry_at_once_one_gets_it() {
    let (first, second) = (Browser::new(false), Browser::new(false));
    let key = || "race test".to_owned();
    first.replace(key(), "kept".to_owned()).await.unwrap();
    let both = (first.replace(key(), "taken".to_owned()), second.replace(key(), "taken".to_owned()));
    let (one, other) = (both.0.await.unwrap(), both.1.await.unwrap());
    assert_eq!((one.as_deref(), other.as_deref()), (Some("kept"), Some("taken")));
    first.forget(vec![key()]).await.unwrap();
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
    let port = super::api::pull_port(made.get(0).unchecked_into()).unwrap();
    let pulled = || js_sys::Reflect::get(&made.get(1), &"pulled".into()).unwrap().as_f64().unwrap();
    assert_eq!(awaited(pull(&port, "pull")).await, "chunk 1");
    assert_eq!(pulled(), 1.0, "nothing is read ahead");
    assert_eq!(awaited(pull(&port, "pull")).await, "chunk 2");
    assert_eq!(awaited(pull(&port, "pull")).await, "done");
}

#[wasm_bindgen_test]
async fn a_reader_that_gives_up_ends_the_stream() {
    let made = counted_stream(100);
    let port = super::api::pull_port(made.get(0).unchecked_into()).unwrap();
    awaited(pull(&port, "pull")).await;
    awaited(pull(&port, "cancel")).await;
    let seen = made.get(1);
    let cancelled =
        Closure::<dyn Fn() -> JsValue>::new(move || js_sys::Reflect::get(&seen, &"cancelled".into()).unwrap());
    JsFuture::from(until(cancelled.as_ref())).await.unwrap();
}

/// A vault, and the page at the other end of its port.
fn vault() -> TestPage {
    let channel = MessageChannel::new().unwrap();
    serve(channel.port1(), false);
    TestPage::new(channel.port2())
}

const METADATA: &str = r#"{\"issuer\":\"https://login.example.com\",\"authorization_endpoint\":\"https://login.example.com/authorize\",\"token_endpoint\":\"https://login.example.com/token\",\"jwks_uri\":\"http://localhost:9/jwks\",\"response_modes_supported\":[\"query\",\"web_message\"]}"#;

fn open(issuer: &str) -> String {
    format!(
        r#"{{"command":{{"id":1,"command":{{"open":{{"issuer":"{issuer}","clientId":"spa","scope":"openid","redirectUri":"https://app.example.com/",
        "postLogoutRedirectUri":"https://app.example.com/","params":[],"apis":[{{"url":"https://api.example.com/","scope":""}}],
        "silent":{{"onLoad":true,"redirectUri":"https://app.example.com/","timeoutMs":10000}},"metadata":"{METADATA}",
        "requestTimeoutMs":10000,"userinfo":false,"dpop":"off","dpopSigningAlg":"ES256","monitorSession":false,
        "dangerouslyAcceptHmacIdTokens":false,"dangerouslyExposeAccessToken":false,"origin":"https://app.example.com","statePrefix":"srtest-"}}}}}}}}"#
    )
}

#[wasm_bindgen_test]
async fn a_wrong_option_is_named_over_the_wire() {
    let page = vault();
    page.send(&open("http://login.example.com"));
    let reply = awaited(page.next()).await;
    assert!(reply.contains(r#""code":"invalid_option""#) && reply.contains("issuer must be https"), "{reply}");
}

#[wasm_bindgen_test]
async fn an_open_vault_says_how_things_stand_and_answers_commands() {
    let page = vault();
    page.send(&open("https://login.example.com"));
    let state = awaited(page.next()).await;
    assert!(state.contains(r#"{"state":{"status":"loading""#), "{state}");
    assert_eq!(awaited(page.next()).await, r#"[{"reply":{"id":1,"reply":"done"}}]"#);

    page.send(
        r#"{"command":{"id":2,"command":{"fetch":{"url":"https://other.example.com/","method":"GET","headers":[],"init":[],"keepalive":false}}}}"#,
    );
    assert_eq!(awaited(page.next()).await, r#"[{"reply":{"id":2,"reply":"notAnApi"}}]"#);
}

#[wasm_bindgen_test]
async fn a_port_is_opened_once() {
    let page = vault();
    page.send(&open("https://login.example.com"));
    awaited(page.next()).await;
    awaited(page.next()).await;
    page.send(&open("https://login.example.com").replace("https://api.example.com/", "https://evil.example/"));
    assert!(awaited(page.next()).await.contains("open already"));
    page.send(
        r#"{"command":{"id":2,"command":{"fetch":{"url":"https://evil.example/","method":"GET","headers":[],"init":[],"keepalive":false}}}}"#,
    );
    assert_eq!(awaited(page.next()).await, r#"[{"reply":{"id":2,"reply":"notAnApi"}}]"#);
}

#[wasm_bindgen_test]
async fn a_frame_is_asked_of_the_page_and_withdrawn_in_time() {
    let page = vault();
    page.send(&open("https://login.example.com"));
    awaited(page.next()).await;
    awaited(page.next()).await;
    page.send(r#"{"command":{"id":7,"command":{"checkSession":{"params":[],"timeoutMs":1}}}}"#);
    let ask = awaited(page.next()).await;
    assert!(ask.contains(r#"[{"ask":{"id":1,"ask":{"frame":{"url":"https://login.example.com/authorize?"#), "{ask}");
    assert!(ask.contains(r#""expect":{"webMessage":{"origin":"https://login.example.com"}}"#), "{ask}");
    assert!(ask.contains("prompt=none") && !ask.contains("code_verifier"), "{ask}");
    assert_eq!(awaited(page.next()).await, r#"[{"withdraw":{"id":1}}]"#);
    // The session was never there: now that is known.
    let state = awaited(page.next()).await;
    assert!(state.contains(r#""status":"signedOut""#), "{state}");
    let reply = awaited(page.next()).await;
    assert!(reply.contains(r#"{"reply":{"id":7,"reply":{"error":{"code":"timeout""#), "{reply}");
}

#[wasm_bindgen_test]
async fn a_cancelled_command_is_withdrawn_and_answered() {
    let page = vault();
    page.send(&open("https://login.example.com"));
    awaited(page.next()).await;
    awaited(page.next()).await;
    page.send(r#"{"command":{"id":7,"command":{"checkSession":{"params":[]}}}}"#);
    awaited(page.next()).await;
    page.send(r#"{"cancel":{"id":7}}"#);
    assert_eq!(awaited(page.next()).await, r#"[{"withdraw":{"id":1}}]"#);
    assert!(awaited(page.next()).await.contains(r#""code":"aborted""#));
}

#[wasm_bindgen_test]
async fn pages_of_a_shared_worker_have_one_session_that_outlives_them() {
    let shared = || {
        let channel = MessageChannel::new().unwrap();
        serve(channel.port1(), true);
        TestPage::new(channel.port2())
    };
    let (first, second) = (shared(), shared());
    for page in [&first, &second] {
        page.send(&open("https://login.example.com"));
        assert!(awaited(page.next()).await.contains(r#"{"state":{"status":"loading""#));
        assert!(awaited(page.next()).await.contains(r#""reply":"done""#));
    }
    // Nobody answers the frame: the first page learns that nobody is signed in, and so does the second.
    first.send(r#"{"command":{"id":2,"command":{"checkSession":{"params":[],"timeoutMs":1}}}}"#);
    assert!(awaited(first.next()).await.contains("ask"));
    assert!(awaited(second.next()).await.contains(r#""status":"signedOut""#));
    first.send(r#"{"command":{"id":3,"command":"close"}}"#);
    let third = shared();
    third.send(&open("https://login.example.com"));
    assert!(awaited(third.next()).await.contains(r#""status":"signedOut""#), "it is known by now");
    // Who came first has no say in what a page configures.
    let other = shared();
    other.send(&open("https://login.example.com").replace("https://api.example.com/", "https://evil.example/"));
    assert!(awaited(other.next()).await.contains(r#""status":"loading""#), "another configuration is another session");
}

#[wasm_bindgen_test]
async fn what_is_no_message_of_ours_does_no_harm() {
    let page = vault();
    for nonsense in [JsValue::NULL, "text".into(), Array::new().into(), js_sys::Object::new().into()] {
        page.send_raw(&nonsense);
    }
    page.send(r#"{"command":{"id":3,"command":{"selfDestruct":{}}}}"#);
    // One that holds itself, twice over.
    let endless = Array::new();
    endless.push(&endless);
    endless.push(&endless);
    page.send_raw(&endless);
    let mut replies = Vec::new();
    while replies.len() < 3 {
        replies.push(awaited(page.next()).await);
    }
    assert!(replies.iter().all(|reply| reply.contains(r#""code":"internal""#)), "{replies:?}");
    page.send(&open("https://login.example.com"));
    assert!(awaited(page.next()).await.contains("loading"));
}

#[wasm_bindgen_test]
async fn a_command_before_open_and_after_close_is_closed() {
    let page = vault();
    page.send(r#"{"command":{"id":4,"command":{"checkSession":{"params":[]}}}}"#);
    assert!(awaited(page.next()).await.contains(r#""code":"closed""#));
    page.send(&open("https://login.example.com"));
    awaited(page.next()).await;
    awaited(page.next()).await;
    page.send(r#"{"command":{"id":5,"command":"close"}}"#);
    assert_eq!(awaited(page.next()).await, r#"[{"reply":{"id":5,"reply":"done"}}]"#);
}

#[wasm_bindgen_test]
fn forms_are_read_and_written_as_the_url_standard_has_it() {
    let pairs = [("a b", "1&2=3"), ("?x", "\u{e9}+"), ("", "")];
    let text = form::encode(&pairs);
    assert_eq!(text, "a+b=1%262%3D3&%3Fx=%C3%A9%2B&=");
    assert_eq!(form::decode(&text), pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(form::decode("?a=%zz&b"), [("?a", "%zz"), ("b", "")].map(|(n, v)| (n.to_owned(), v.to_owned())));
    assert!(form::decode("").is_empty());
}
