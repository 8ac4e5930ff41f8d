//! Asking the provider: metadata and keys, each fetched once for all who need it, and patience with a bad network.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::{Client, Flight};
use crate::error::{Code, Error, Result};
use crate::json::decimal;
use crate::platform::*;
use crate::protocol::jwk::Jwks;
use crate::protocol::metadata::{self, Metadata};
use crate::protocol::{Cache, HttpRequest, HttpResponse, UnixTime};

/// How long metadata and keys are used when the provider does not say, in seconds.
const DEFAULT_LIFE: i64 = 600;
/// How long the provider is left alone after its keys were fetched for an unknown one, in milliseconds.
const KEYS_PAUSE: i64 = 30_000;
/// The wait before the second try, in milliseconds; doubled for the third.
pub(super) const BACKOFF: u32 = 300;

/// How often a request is made in all.
#[derive(Clone, Copy)]
pub(super) struct Tries {
    /// While the provider says that it cannot answer now.
    refused: u32,
    /// While no answer comes: it may have been lost on its way back.
    lost: u32,
}

impl Tries {
    /// For a request that changes nothing.
    pub(super) const MANY: Tries = Tries { refused: 3, lost: 3 };
    /// For what need not succeed.
    pub(super) const ONE: Tries = Tries { refused: 1, lost: 1 };
    /// For a request that carries what can be used once.
    pub(super) const UNLESS_LOST: Tries = Tries { refused: 3, lost: 1 };
}

type Fetched<T> = Flight<Result<Kept<T>>>;

/// What is known of the provider.
#[derive(Default)]
pub(super) struct Provider {
    metadata: RefCell<Option<Fetched<Metadata>>>,
    keys: RefCell<Option<Fetched<Jwks>>>,
    /// When the keys were last asked for because none of those known fitted.
    keys_missed_at: Cell<Option<UnixTime>>,
}

/// Something the provider published, and how long it may be used.
struct Kept<T> {
    value: Rc<T>,
    until: UnixTime,
    /// Why there is nothing newer.
    failure: Option<Error>,
}

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        Kept { value: self.value.clone(), until: self.until, failure: self.failure.clone() }
    }
}

impl<T> Kept<T> {
    fn new(value: T, response: Option<&HttpResponse>, now: UnixTime) -> Self {
        let life = response.and_then(HttpResponse::max_age).unwrap_or(DEFAULT_LIFE);
        Kept { value: Rc::new(value), until: now.plus_millis(life.saturating_mul(1000)), failure: None }
    }

    /// What was fetched; where that failed, what was known serves on, and the provider is asked again in half a minute.
    fn or_known(fetched: Result<Self>, known: Option<Self>, now: UnixTime) -> Result<Self> {
        match (fetched, known) {
            (Err(error), Some(known)) => Ok(Kept { until: now.plus_millis(KEYS_PAUSE), failure: Some(error), ..known }),
            (fetched, _) => fetched,
        }
    }
}

impl Client {
    /// The provider's metadata (OIDC Discovery 4, RFC 8414 section 3).
    pub(super) async fn metadata(&self) -> Result<Rc<Metadata>> {
        let known = known(&self.provider.metadata).await;
        if let Some(kept) = &known
            && (self.platform.now() < kept.until || self.config.metadata.is_some())
        {
            return Ok(kept.value.clone());
        }
        let client = self.share()?;
        let flight = self.launch(async move {
            let fetched = client.fetch_metadata().await;
            Kept::or_known(fetched, known, client.platform.now())
        });
        *self.provider.metadata.borrow_mut() = Some(flight.clone());
        Ok(flight.landed().await?.value)
    }

    async fn fetch_metadata(&self) -> Result<Kept<Metadata>> {
        let issuer = &self.config.issuer;
        if let Some(text) = &self.config.metadata {
            return Ok(Kept::new(Metadata::parse(text, issuer)?, None, self.platform.now()));
        }
        let (metadata, response) = self.discover(issuer).await?;
        Ok(Kept::new(metadata, Some(&response), self.platform.now()))
    }

    async fn discover(&self, issuer: &str) -> Result<(Metadata, HttpResponse)> {
        let (mut status, mut failure) = (0, None);
        for url in metadata::discovery_urls(issuer) {
            let tries = if failure.is_none() { Tries::MANY } else { Tries::ONE };
            match self.published(&url, "metadata (discovery)", false, tries).await {
                Ok(response) if response.status == 200 => {
                    return Ok((Metadata::from_response(&response, issuer)?, response));
                }
                Ok(response) => status = response.status,
                // A 404 that CORS hides looks the same: the other place may be the right one.
                Err(error) if *error.code() == Code::Network => failure = failure.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        if let Some(error) = failure {
            return Err(error);
        }
        Err(Error::new(
            Code::DiscoveryFailed,
            [issuer, " answers discovery with status ", &decimal(status.into())].concat(),
        )
        .with_status(status)
        .with_hint("check the option issuer: its metadata must be under /.well-known/openid-configuration"))
    }

    /// The provider's keys (OIDC Core 10.1). `unknown_key`: a token came whose key those known do not have.
    pub(super) async fn keys(&self, unknown_key: bool) -> Result<Rc<Jwks>> {
        let known = known(&self.provider.keys).await;
        if let Some(kept) = &known {
            let now = self.platform.now();
            let missed_at = &self.provider.keys_missed_at;
            let serves = match unknown_key {
                true => missed_at.get().is_some_and(|at| now.saturating_sub(at) < KEYS_PAUSE),
                false => now < kept.until,
            };
            if serves {
                return Ok(kept.value.clone());
            }
            if unknown_key {
                missed_at.set(Some(now));
            }
        }
        let client = self.share()?;
        // A key endpoint that is down ends no session: the keys it published last still serve.
        let flight = self.launch(async move {
            let fetched = client.fetch_kept_keys(unknown_key).await;
            Kept::or_known(fetched, known, client.platform.now())
        });
        *self.provider.keys.borrow_mut() = Some(flight.clone());
        match flight.landed().await? {
            Kept { failure: Some(error), .. } if unknown_key => Err(error),
            kept => Ok(kept.value),
        }
    }

    async fn fetch_kept_keys(&self, fresh: bool) -> Result<Kept<Jwks>> {
        let metadata = self.metadata().await?;
        let (keys, response) = self.fetch_keys(&metadata, fresh).await?;
        Ok(Kept::new(keys, Some(&response), self.platform.now()))
    }

    async fn fetch_keys(&self, metadata: &Metadata, fresh: bool) -> Result<(Jwks, HttpResponse)> {
        let response = self.published(&metadata.jwks_uri, "keys (jwks_uri)", fresh, Tries::MANY).await?;
        match response.status {
            200 => Ok((Jwks::parse(&response.body)?, response)),
            status => Err(unavailable("keys", status)),
        }
    }

    /// The keys of another issuer, which vouches for claims of the user (OIDC Core 5.6.2).
    pub(super) async fn keys_of(&self, issuer: &str) -> Result<Rc<Jwks>> {
        if issuer == self.config.issuer {
            return self.keys(false).await;
        }
        let (metadata, _) = self.discover(issuer).await?;
        Ok(Rc::new(self.fetch_keys(&metadata, false).await?.0))
    }

    /// Gets what is published at `url` for anyone to see, across page loads once: the browser's own cache holds it, where
    /// no script can change it. It serves for as long as its headers say, and for ten minutes where they say nothing.
    async fn published(&self, url: &str, what: &str, fresh: bool, tries: Tries) -> Result<HttpResponse> {
        let mut request = HttpRequest::get(url);
        let key = ["fetched ", url].concat();
        let recently = !fresh && self.stored_within(&key, DEFAULT_LIFE * 1000).await;
        request.cache = match (fresh, recently) {
            (true, _) => Cache::Reload,
            (_, true) => Cache::Stored,
            _ => Cache::Default,
        };
        let response = self.request(&request, what, tries).await?;
        if !recently && response.status == 200 {
            // Where nothing can be stored, the headers alone decide.
            let client = self.share()?;
            let note = client.dated().to_text();
            self.platform.spawn(Box::pin(async move { drop(client.platform.replace(key, note).await) }));
        }
        Ok(response)
    }

    /// Sends `request`, as often as `tries` has it while there is no answer or the provider is overloaded.
    ///
    /// `what` names the endpoint in errors. An answer of any other status is returned as it is.
    pub(super) async fn request(&self, request: &HttpRequest, what: &str, tries: Tries) -> Result<HttpResponse> {
        let mut tried = 0;
        loop {
            tried += 1;
            let timeout = self.config.request_timeout_ms;
            let outcome = within(self.platform.as_ref(), timeout, self.platform.http(request.clone())).await;
            let most = if matches!(outcome, Some(Ok(_))) { tries.refused } else { tries.lost };
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
            if tried >= most || wait > timeout {
                return Err(error);
            }
            self.platform.sleep(wait + self.jitter(BACKOFF / 2)).await;
        }
    }
}

/// What is known, or will be in a moment.
async fn known<T>(place: &RefCell<Option<Fetched<T>>>) -> Option<Kept<T>> {
    let flight = place.borrow().clone()?;
    flight.landed().await.ok()
}

fn unavailable(what: &str, status: u16) -> Error {
    Error::new(
        Code::ProviderUnavailable,
        ["the provider answers the request for ", what, " with status ", &decimal(status.into())].concat(),
    )
    .with_status(status)
}

fn unreachable(what: &str) -> Error {
    Error::new(Code::Network, ["no answer to the request for ", what].concat()).with_hint(
        "is the provider reachable, and do its CORS and this page's Content-Security-Policy (connect-src) allow it?",
    )
}

fn timed_out(what: &str, ms: u32) -> Error {
    Error::new(Code::Timeout, ["no answer to the request for ", what, " within ", &decimal(ms.into()), " ms"].concat())
}
