//! What the client needs from the world: time, randomness, crypto, network, storage, and the page.
//!
//! `browser/` provides it with web-sys; native tests provide a simulated world.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use crate::error::Result;
use crate::json::Json;
use crate::protocol::jwk::Jwk;
use crate::protocol::jws::{Alg, Hash};
use crate::protocol::{HttpRequest, HttpResponse, Moment, UnixTime};
use crate::wire::{Answer, Ask, FetchRequest, FromVault, ResponseHead};

/// A future of this single-threaded realm.
pub type Boxed<T> = Pin<Box<dyn Future<Output = T>>>;

/// Something only the platform can hold, such as a request body or a response stream; opaque to the client.
pub type Attachment = Option<Rc<dyn Any>>;

/// No HTTP response came: refused, unreachable, or hidden by CORS.
#[derive(Debug)]
pub struct NoAnswer;

/// A key pair whose private half cannot be had.
pub trait SigningKey {
    /// What it signs with.
    fn alg(&self) -> Alg;
    /// The public key: `crv`, `kty`, `x` and, if it has one, `y`, in this order.
    fn jwk(&self) -> &Json;
    /// The signature of `data` as JWS has it: 64 bytes.
    fn sign(&self, data: Vec<u8>) -> Boxed<Result<Vec<u8>>>;
    /// Whether the private half can be had.
    #[cfg(test)]
    fn is_extractable(&self) -> bool;
}

/// The world around the vault. Dropping a future gives up what it stands for.
pub trait Platform {
    /// The wall clock.
    fn now(&self) -> UnixTime;
    /// Both clocks.
    fn moment(&self) -> Moment;
    /// Waits until no other tab of this origin holds the lock `name`; it is free again when what comes back is dropped,
    /// or its tab dies.
    fn lock(&self, name: String) -> Boxed<Box<dyn Any>>;
    /// Fills `bytes` from a cryptographically strong source.
    fn random(&self, bytes: &mut [u8]);
    /// Completes after `ms` milliseconds.
    fn sleep(&self, ms: u32) -> Boxed<()>;
    /// Runs `task` to its end, whoever waits for it.
    fn spawn(&self, task: Boxed<()>);
    /// The digest of `data`.
    fn digest(&self, hash: Hash, data: Vec<u8>) -> Boxed<Result<Vec<u8>>>;
    /// Whether `signature` is that of `data` under `key`. An error means the platform cannot use the key or algorithm.
    fn verify(&self, alg: Alg, key: &Jwk, signature: Vec<u8>, data: Vec<u8>) -> Boxed<Result<bool>>;
    /// Whether this vault is still there after the page that opened it.
    fn outlives_pages(&self) -> bool;
    /// The key under `name`: kept across page loads unless the vault outlives them. A new one if there is none: for `alg`,
    /// or for ES256 where the platform has no other.
    fn key(&self, name: String, alg: Alg) -> Boxed<Result<Rc<dyn SigningKey>>>;
    /// Forgets the key under `name`, where it is kept.
    fn forget_key(&self, name: String) -> Boxed<()>;
    /// Sends a request to the provider, without cookies.
    fn http(&self, request: HttpRequest) -> Boxed<std::result::Result<HttpResponse, NoAnswer>>;
    /// Sends a request to an API, with `credentials` over its own headers.
    fn fetch(
        &self,
        request: FetchRequest,
        body: Attachment,
        credentials: Vec<(&'static str, String)>,
    ) -> Boxed<std::result::Result<(ResponseHead, Attachment), NoAnswer>>;
    /// Whether the body of a request can be sent a second time; a stream cannot.
    fn can_send_again(&self, body: &Attachment) -> bool;
    /// Gives up a response body that nobody will read.
    fn discard(&self, body: Attachment);
    /// Parses an absolute URL as the platform's own requests would.
    fn parse_url(&self, url: &str) -> Option<Url>;
    /// Stores `text` under `key`, across page loads, and returns what was there, in one step.
    fn replace(&self, key: String, text: String) -> Boxed<Result<Option<String>>>;
    /// Everything stored.
    fn stored(&self) -> Boxed<Result<Vec<(String, String)>>>;
    /// Forgets what is stored under `keys`.
    fn forget(&self, keys: Vec<String>) -> Boxed<Result<()>>;
}

/// The platform that the client runs on. In wasm there is one, and calling it by its type is smaller than by a vtable.
#[cfg(target_arch = "wasm32")]
pub type Realm = crate::browser::Browser;
/// The platform that the client runs on.
#[cfg(not(target_arch = "wasm32"))]
pub type Realm = dyn Platform;

/// A page that talks to the vault.
pub trait Page {
    /// Sends `message`.
    fn send(&self, message: &FromVault, attachment: Attachment);
    /// Asks for something only a document can do. Dropping the future withdraws the ask.
    fn ask(&self, ask: Ask) -> Boxed<Answer>;
}

/// An absolute URL in its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// Scheme, host and port.
    pub origin: String,
    /// The host name alone.
    pub host: String,
    /// The path, with dot segments resolved.
    pub path: String,
    /// The whole URL as the platform writes it.
    pub href: String,
    /// Whether it holds a user name or a password.
    pub has_credentials: bool,
}

/// The output of `future`, or nothing when `ms` milliseconds pass first. The loser is dropped.
pub fn within<T>(platform: &Realm, ms: u32, future: Boxed<T>) -> impl Future<Output = Option<T>> {
    before_end(platform.sleep(ms), future)
}

/// The output of `future`, or nothing when `end` comes first. The loser is dropped.
pub async fn before_end<T>(mut end: Boxed<()>, mut future: Boxed<T>) -> Option<T> {
    std::future::poll_fn(move |context| {
        use std::task::Poll;
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        end.as_mut().poll(context).map(|()| None)
    })
    .await
}
