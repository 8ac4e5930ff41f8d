//! Vaults, as the page at the other end of the port sees them.

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{MessageChannel, MessagePort};

use super::awaited;
use crate::browser::serve;

#[wasm_bindgen(inline_js = r#"
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
  send(message) { this.#port.postMessage([JSON.parse(message)]); }
  sendRaw(message) { this.#port.postMessage(message); }
  async next() {
    while (!this.#heard.length) await new Promise((resolve) => this.#waiting.push(resolve));
    return JSON.stringify(this.#heard.shift());
  }
}
"#)]
extern "C" {
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

/// A vault that is open, and has said so.
async fn opened() -> TestPage {
    let page = vault();
    page.send(&open("https://login.example.com"));
    awaited(page.next()).await;
    awaited(page.next()).await;
    page
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
    let page = opened().await;
    page.send(&open("https://login.example.com").replace("https://api.example.com/", "https://evil.example/"));
    assert!(awaited(page.next()).await.contains("open already"));
    page.send(
        r#"{"command":{"id":2,"command":{"fetch":{"url":"https://evil.example/","method":"GET","headers":[],"init":[],"keepalive":false}}}}"#,
    );
    assert_eq!(awaited(page.next()).await, r#"[{"reply":{"id":2,"reply":"notAnApi"}}]"#);
}

#[wasm_bindgen_test]
async fn a_frame_is_asked_of_the_page_and_withdrawn_in_time() {
    let page = opened().await;
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
    let page = opened().await;
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
    // One that is not deep, and has a billion values.
    let mut wide = Array::new();
    for _ in 0..30 {
        wide = Array::of2(&wide, &wide);
    }
    page.send_raw(&wide);
    let mut replies = Vec::new();
    while replies.len() < 4 {
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
