//! Asking the provider: metadata and keys, each fetched once for all who need it, and patience with a bad network.

use std::cell::RefCell;
use std::rc::Rc;

use super::{Client, Flight};
use crate::error::{Code, Error, ProviderError, Result};
use crate::platform::within;
use crate::protocol::jwk::{self, Jwks};
use crate::protocol::metadata::{self, Metadata};
use crate::protocol::{HttpRequest, HttpResponse, UnixTime};

/// How long metadata and keys are used when the provider does not say, in seconds.
const DEFAULT_LIFE: i64 = 600;
/// How long the provider is left alone after its keys were fetched, in milliseconds.
const KEYS_PAUSE: i64 = 30_000;
/// How often a request that changes nothing is tried in all.
pub(super) const TRIES: u32 = 3;
/// The wait before the second try, in milliseconds; doubled for the third.
const BACKOFF: u32 = 300;

type Fetched<T> = Flight<Result<Kept<T>>>;

/// What is known of the provider.
#[derive(Default)]
pub(super) struct Provider {
    metadata: RefCell<Option<Fetched<Metadata>>>,
    keys: RefCell<Option<Fetched<Jwks>>>,
}

/// Something the provider published, and how long it may be used.
struct Kept<T> {
    value: Rc<T>,
    fetched_at: UnixTime,
    until: UnixTime,
}

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        Kept { value: self.value.clone(), ..*self }
    }
}

impl<T> Kept<T> {
    fn new(value: T, response: Option<&HttpResponse>, now: UnixTime) -> Self {
        let life = response.and_then(HttpResponse::max_age).unwrap_or(DEFAULT_LIFE);
        Kept { value: Rc::new(value), fetched_at: now, until: now.plus_millis(life.saturating_mul(1000)) }
    }
}

impl Client {
    /// The provider's metadata (OIDC Discovery 4, RFC 8414 section 3).
    pub(super) async fn metadata(&self) -> Result<Rc<Metadata>> {
        let known = self.provider.metadata.borrow().clone();
        if let Some(known) = known
            && let Ok(kept) = known.landed().await
            && (self.platform.now() < kept.until || self.config.metadata.is_some())
        {
            return Ok(kept.value);
        }
        let client = self.share()?;
        let flight = self.launch(async move { client.fetch_metadata().await });
        *self.provider.metadata.borrow_mut() = Some(flight.clone());
        Ok(flight.landed().await?.value)
    }

    async fn fetch_metadata(&self) -> Result<Kept<Metadata>> {
        let issuer = &self.config.issuer;
        if let Some(text) = &self.config.metadata {
            return Ok(Kept::new(Metadata::parse(text, issuer)?, None, self.platform.now()));
        }
        let mut status = 0;
        for url in metadata::discovery_urls(issuer) {
            let response = self.request(&metadata::discovery_request(&url), "metadata (discovery)", TRIES).await?;
            if response.status == 200 {
                let metadata = Metadata::from_response(&response, issuer)?;
                return Ok(Kept::new(metadata, Some(&response), self.platform.now()));
            }
            status = response.status;
        }
        Err(Error::new(Code::DiscoveryFailed, format!("{issuer} answers discovery with status {status}"))
            .with_provider(ProviderError { status: Some(status), ..ProviderError::default() })
            .with_hint("check the option issuer: its metadata must be under /.well-known/openid-configuration"))
    }

    /// The provider's keys (OIDC Core 10.1). `unknown_key`: a token came whose key those known do not have.
    pub(super) async fn keys(&self, unknown_key: bool) -> Result<Rc<Jwks>> {
        let known = self.provider.keys.borrow().clone();
        if let Some(known) = known
            && let Ok(kept) = known.landed().await
        {
            let now = self.platform.now();
            let rested = now.saturating_sub(kept.fetched_at) >= KEYS_PAUSE;
            if if unknown_key { !rested } else { now < kept.until } {
                return Ok(kept.value);
            }
        }
        let client = self.share()?;
        let flight = self.launch(async move { client.fetch_keys().await });
        *self.provider.keys.borrow_mut() = Some(flight.clone());
        Ok(flight.landed().await?.value)
    }

    async fn fetch_keys(&self) -> Result<Kept<Jwks>> {
        let metadata = self.metadata().await?;
        let response = self.request(&jwk::jwks_request(&metadata.jwks_uri), "keys (jwks_uri)", TRIES).await?;
        let keys = match response.status {
            200 => Jwks::parse(&response.body)?,
            status => return Err(unavailable("keys", status)),
        };
        Ok(Kept::new(keys, Some(&response), self.platform.now()))
    }

    /// Sends `request`, up to `tries` times while there is no answer or the provider is overloaded.
    ///
    /// `what` names the endpoint in errors. An answer of any other status is returned as it is.
    pub(super) async fn request(&self, request: &HttpRequest, what: &str, tries: u32) -> Result<HttpResponse> {
        let mut tried = 0;
        loop {
            tried += 1;
            let timeout = self.config.request_timeout_ms;
            let outcome = within(&*self.platform, timeout, self.platform.http(request.clone())).await;
            let (error, wait) = match outcome {
                Some(Ok(response)) if response.status != 429 && response.status < 500 => return Ok(response),
                Some(Ok(response)) => {
                    let wait = response.retry_after(self.platform.now());
                    (unavailable(what, response.status), wait)
                }
                Some(Err(_)) => (unreachable(what), None),
                None => (timed_out(what, timeout), None),
            };
            let backoff = (BACKOFF << tried.min(4)) / 2;
            let wait = wait.map_or(backoff, |ms| u32::try_from(ms).unwrap_or(0));
            if tried >= tries || wait > timeout {
                return Err(error);
            }
            self.platform.sleep(wait + self.jitter(BACKOFF / 2)).await;
        }
    }
}

fn unavailable(what: &str, status: u16) -> Error {
    Error::new(Code::ProviderUnavailable, format!("the provider answers the request for {what} with status {status}"))
        .with_provider(ProviderError { status: Some(status), ..ProviderError::default() })
}

fn unreachable(what: &str) -> Error {
    Error::new(Code::Network, format!("no answer to the request for {what}")).with_hint(
        "is the provider reachable, and do its CORS and this page's Content-Security-Policy (connect-src) allow it?",
    )
}

fn timed_out(what: &str, ms: u32) -> Error {
    Error::new(Code::Timeout, format!("no answer to the request for {what} within {ms} ms"))
}
