//! The access token for an API call, up the silent ladder, and the call.

use std::rc::Rc;

use super::authorize::{Wish, login_required};
use super::provider::BACKOFF;
use super::{Client, Flight, Standing};
use crate::error::{Code, Error, Result};
use crate::options::Api;
use crate::platform::*;
use crate::protocol::Moment;
use crate::protocol::challenge::Challenge;
use crate::protocol::dpop::USE_NONCE;
use crate::protocol::scope::Scope;
use crate::vault::{NextStep, Target};
use crate::wire::{FetchRequest, Reply, ResponseHead, TokenWish};

/// A renewal under way, which others join.
pub(super) struct Renewal {
    target: Target,
    scope: Scope,
    flight: Flight<Result<()>>,
}

impl Client {
    /// Makes an API request with the token of the API that the URL belongs to; says so if it belongs to none.
    pub(super) async fn fetch(
        &self,
        page: &Rc<dyn Page>,
        mut request: FetchRequest,
        body: Attachment,
    ) -> Result<(Reply, Attachment)> {
        let url = self.platform.parse_url(&request.url);
        let Some((url, api)) = url.and_then(|url| Some((url.clone(), self.config.api_for(&url)?))) else {
            return Ok((Reply::NotAnApi, body));
        };
        let authorization = self.authorization(page, api.target.clone(), &api.scope).await?;
        // What was matched is what is requested.
        request.url = url.href.clone();
        let sent_at = self.platform.moment();
        let mut answer = self.send(&url, request.clone(), body.clone(), authorization.clone()).await?;
        // Once, and only what can be sent again; a second refusal is the page's.
        if let Some(wanted) = self.second_try(&answer.0, &authorization, api, sent_at)
            && let Ok(better) = self.authorization(page, api.target.clone(), &wanted).await
        {
            match self.platform.can_send_again(&body) {
                true => {
                    self.platform.discard(answer.1.take());
                    answer = self.send(&url, request, body, better).await?;
                }
                // The page may be able to make the body anew.
                false => answer.0.again = true,
            }
        }
        Ok((Reply::Response(answer.0), answer.1))
    }

    /// An access token for the page itself, which the session's options must allow.
    pub(super) async fn access_token(&self, page: &Rc<dyn Page>, wish: TokenWish) -> Result<String> {
        if !self.config.dangerously_expose_access_token {
            return Err(Error::new(Code::Unsupported, "the page may not have the access token")
                .with_hint("call APIs with session.fetch; if nothing else will do: dangerouslyExposeAccessToken"));
        }
        let wish = self.wish(wish.scope.as_deref(), wish.audience, wish.resource);
        let authorization = self.authorization(page, wish.target, &wish.scope).await?;
        match authorization.strip_prefix("Bearer ") {
            Some(token) => Ok(token.to_owned()),
            None => {
                Err(Error::new(Code::Unsupported, "the access token is bound to a key that the page does not have")
                    .with_hint("leave the option dpop off, or call the API with session.fetch"))
            }
        }
    }

    async fn send(
        &self,
        url: &Url,
        request: FetchRequest,
        body: Attachment,
        authorization: String,
    ) -> Result<(ResponseHead, Attachment)> {
        let credentials = self.credentials(&authorization, &request.method, &url.href).await?;
        match self.platform.fetch(request, body, credentials).await {
            Ok(answer) => {
                self.heed_nonce(&url.href, &answer.0.headers);
                Ok(answer)
            }
            Err(_) => Err(Error::new(Code::Network, ["no answer from ", &url.origin, &url.path].concat()).with_hint(
                "is the API reachable, and do its CORS (the Authorization header) and this page's Content-Security-Policy \
                 (connect-src) allow it?",
            )),
        }
    }

    /// The scope to ask for before a second try, where the API's refusal is one that another token can mend: the token is
    /// no good any more (RFC 6750 section 3.1), or lacks a scope.
    fn second_try(&self, answer: &ResponseHead, authorization: &str, api: &Api, sent_at: Moment) -> Option<Scope> {
        if !matches!(answer.status, 401 | 403) {
            return None;
        }
        let header = answer.headers.iter().find(|header| header.0.eq_ignore_ascii_case("www-authenticate"));
        let challenge = header.and_then(|header| Challenge::of_token(&header.1));
        let reason = challenge.as_ref().and_then(|challenge| challenge.param("error"));
        match (answer.status, reason) {
            (_, Some("insufficient_scope")) => {
                let wanted = Scope::parse(challenge.as_ref()?.param("scope")?).union(&api.scope);
                let news = !self.vault.borrow().was_asked_for(&api.target, &wanted);
                news.then_some(wanted)
            }
            // The next proof has the nonce that came along (RFC 9449 section 9).
            (401, Some(USE_NONCE)) => Some(api.scope.clone()),
            (401, reason) => {
                let mut vault = self.vault.borrow_mut();
                let is_spent = match reason {
                    Some(reason) => reason == "invalid_token",
                    // It may be about anything; a token that is a minute old may have been revoked.
                    None => vault.is_older_than_a_minute(authorization, sent_at),
                };
                is_spent.then(|| {
                    vault.drop_token(authorization);
                    api.scope.clone()
                })
            }
            _ => None,
        }
    }

    /// The `Authorization` header for an API: a token that is there, or one from the ladder.
    pub(super) async fn authorization(&self, page: &Rc<dyn Page>, target: Target, scope: &Scope) -> Result<String> {
        self.started.landed().await;
        if let Some(ready) = self.ready(&target, scope)? {
            return Ok(ready);
        }
        let wanted = self.config.scope_for(&target).union(scope);
        let renewed = self.renew(page, target.clone(), wanted).await;
        // A renewal that failed ahead of time has cost nothing yet.
        let vault = self.vault.borrow();
        match (vault.last_resort(&target, scope, self.platform.moment()), renewed) {
            (Some(token), _) => Ok(token.authorization()),
            (None, Err(error)) => Err(error),
            (None, Ok(())) => Err(Error::new(Code::NotSignedIn, "the session ended meanwhile")),
        }
    }

    /// The header, if there is a fresh token; nothing if one must be had.
    fn ready(&self, target: &Target, scope: &Scope) -> Result<Option<String>> {
        match self.vault.borrow().next_step(target, scope, self.platform.moment()) {
            NextStep::UseAccessToken(token) => Ok(Some(token.authorization())),
            NextStep::Refresh | NextStep::AuthorizeSilently => Ok(None),
            NextStep::SignInRequired => Err(self.not_signed_in()),
        }
    }

    /// Gets a token for `target` that covers `scope`: once, for all who ask meanwhile.
    pub(super) async fn renew(&self, page: &Rc<dyn Page>, target: Target, scope: Scope) -> Result<()> {
        let under_way = {
            let renewals = self.renewals.borrow();
            let fits = |renewal: &&Renewal| renewal.target == target && renewal.scope.covers(&scope);
            renewals.iter().find(fits).map(|renewal| renewal.flight.clone())
        };
        let flight = match under_way {
            Some(flight) => flight,
            None => {
                let client = self.share()?;
                let page = page.clone();
                let wish = Wish { target: target.clone(), scope: scope.clone(), params: Vec::new() };
                let flight = self.launch(async move {
                    let renews = client.is_signed_in();
                    let outcome = client.climb_alone(&page, &wish).await;
                    if renews {
                        client.report(&wish.target, &wish.scope, outcome.clone());
                    }
                    let done = |renewal: &Renewal| renewal.target == wish.target && renewal.scope == wish.scope;
                    client.renewals.borrow_mut().retain(|renewal| !done(renewal));
                    outcome
                });
                self.renewals.borrow_mut().push(Renewal { target, scope, flight: flight.clone() });
                flight
            }
        };
        flight.landed().await
    }

    /// The silent ladder, while no other tab is on it: tabs that rotate refresh tokens at once get into each other's way.
    async fn climb_alone(&self, page: &Rc<dyn Page>, wish: &Wish) -> Result<()> {
        let name = ["strongroom ", self.config.state_prefix.as_str()].concat();
        // Every step needs the metadata: it is fetched while the lock is waited for.
        let client = self.share()?;
        let metadata = self.launch(async move { client.metadata().await.map(drop) });
        let lock = self.platform.lock(name).await;
        // What was waited for may have brought what is wanted.
        let served = self.vault.borrow().next_step(&wish.target, &wish.scope, self.platform.moment()).is_token();
        let outcome = match served {
            true => Ok(()),
            false => match metadata.landed().await {
                Ok(()) => self.climb(page, wish).await,
                Err(error) => Err(error),
            },
        };
        drop(lock);
        outcome
    }

    /// The silent ladder: refresh token, then hidden frame; a refresh token whose answer was lost comes last. The last
    /// error carries the reasons of all.
    async fn climb(&self, page: &Rc<dyn Page>, wish: &Wish) -> Result<()> {
        let now = self.platform.moment();
        let doubtful =
            self.vault.borrow().refresh_token_for(&wish.target, &wish.scope, now).map(|usable| usable.doubtful);
        let mut reasons = Vec::new();
        if doubtful == Some(false) {
            match self.refresh(wish.target.clone(), wish.scope.clone()).await {
                Ok(()) => return Ok(()),
                // The answer was lost, and the token is not risked again: the frame is the second try.
                Err(error) if matches!(error.code(), Code::Network | Code::Timeout) => {
                    self.platform.sleep(BACKOFF + self.jitter(BACKOFF)).await;
                    let Ok(answer) = self.ask_frame(page, wish, None).await else { return Err(error) };
                    return self.redeem_answer(answer).await.map_err(|_| error);
                }
                // Nothing was refused: the session lives, and the frame would fail for the same reason.
                Err(error) if is_outage(error.code()) => return Err(error),
                Err(error) if *error.code() == Code::SignedOut => return Err(error),
                Err(error) => reasons.push(error),
            }
        }
        let mut error = match self.ask_frame(page, wish, None).await {
            // The provider knows the user: what goes wrong from here on is no reason to risk a doubtful token.
            Ok(answer) => return self.redeem_answer(answer).await,
            Err(error) => error,
        };
        if doubtful == Some(true) && *error.code() != Code::SignedOut {
            match self.refresh(wish.target.clone(), wish.scope.clone()).await {
                Ok(()) => return Ok(()),
                Err(refusal) => reasons.push(std::mem::replace(&mut error, refusal)),
            }
        }
        let error = if reasons.is_empty() { error } else { error.with_reasons(reasons) };
        // The user has left the provider, or never was there; nothing else ends a session.
        let left = *error.code() == login_required() || error.has_reason(&login_required());
        if left && !self.vault.borrow().can_refresh() && !self.holds_valid(wish) {
            self.end_session(error.clone());
        }
        Err(error)
    }

    fn holds_valid(&self, wish: &Wish) -> bool {
        self.vault.borrow().last_resort(&wish.target, &wish.scope, self.platform.moment()).is_some()
    }

    fn not_signed_in(&self) -> Error {
        let error = Error::new(Code::NotSignedIn, "nobody is signed in").with_hint("call signIn first");
        match &*self.standing.borrow() {
            Standing::SignedOut { reason } => error.with_reasons(vec![reason.clone()]),
            _ => error,
        }
    }
}

/// Whether the provider could not be asked, rather than refused.
fn is_outage(code: &Code) -> bool {
    matches!(code, Code::Network | Code::Timeout | Code::ProviderUnavailable | Code::DiscoveryFailed)
}
