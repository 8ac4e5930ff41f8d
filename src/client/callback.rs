//! The way back from a redirect: each callback is matched to its own transaction, once.

use std::rc::Rc;

use super::Client;
use crate::error::{Code, Error, Result};
use crate::json::Json;
use crate::platform::*;
use crate::protocol::authorization::ReceivedAuthorizationResponse;
use crate::protocol::jws::Hash;
use crate::protocol::transaction::Transaction;
use crate::protocol::{TRANSACTION_LIFE_MILLIS, pkce};
use crate::wire::{Start, Started};

impl Client {
    /// Answers the redirect that this page load is, else signs in silently. What comes of it is in the session's state:
    /// a user who is not signed in is no error.
    pub(super) async fn start(&self, page: &Rc<dyn Page>, start: Start) -> Result<Started> {
        let mut started = Started::default();
        let mut stale = None;
        if let Some(callback) = start.callback {
            match self.answer_callback(&callback, &mut started).await {
                Ok(()) => {
                    self.signed_in(page).await;
                    return Ok(started);
                }
                // The back button, a reload, a second handler: no harm done, the session goes on as without a callback.
                Err(error) if matches!(error.code(), Code::MissingTransaction | Code::AlreadyHandled) => {
                    stale = Some(error);
                }
                Err(error) => {
                    if !self.is_signed_in() {
                        self.end_session(error);
                    }
                    return Ok(started);
                }
            }
        }
        if self.is_signed_in() {
            return Ok(started);
        }
        let reason = if self.config.silent.on_load {
            let target = self.config.default_target();
            let scope = self.config.scope_for(&target);
            match self.renew(page, target, scope).await {
                Ok(()) => {
                    self.signed_in(page).await;
                    return Ok(started);
                }
                Err(error) => error,
            }
        } else {
            Error::new(Code::NotSignedIn, "nobody has signed in yet")
        };
        if !self.is_signed_in() {
            self.end_session(match stale {
                Some(stale) => reason.with_reasons(vec![stale]),
                None => reason,
            });
        }
        Ok(started)
    }

    /// Answers `callback`; what it says about the return goes to `started`, also when it is a refusal.
    async fn answer_callback(&self, callback: &str, started: &mut Started) -> Result<()> {
        let epoch = self.epoch.get();
        let received = ReceivedAuthorizationResponse::from_callback_url(callback)?;
        let state = received.state();
        let state = state.ok_or_else(|| Error::new(Code::InvalidResponse, "the callback has no state"))?;
        let kept = self.take(&state).await?;
        self.platform.spawn(self.sweep());
        if let Some(sign_out) = kept.strip_prefix(SIGN_OUT) {
            let return_to = Json::parse(sign_out).and_then(|kept| kept.str("return_to"));
            started.return_to = return_to.and_then(|url| self.own_url(&url).ok());
            return Err(Error::new(Code::SignedOut, "the user signed out"));
        }
        let transaction = Transaction::parse(&kept).filter(|kept| !kept.is_expired(self.platform.now()));
        let transaction = transaction.ok_or_else(missing)?;
        started.return_to = transaction.return_to.as_deref().and_then(|url| self.own_url(url).ok());
        started.app_state = transaction.app_state.clone();
        let metadata = self.metadata().await?;
        let response = self.opened(received, &transaction, &metadata).await?.check(&transaction, &metadata)?;
        self.redeem(epoch, response, &transaction, &metadata).await
    }

    /// Keeps `text` for the return with `state`, across page loads.
    ///
    /// The key is the state's digest, so that no state outlives its use.
    pub(super) async fn remember(&self, state: &str, text: String) -> Result<()> {
        let key = self.key_of(state).await?;
        self.platform.replace(key, text).await.map(drop)
    }

    /// What was kept for `state`: once. In its place a trace stays for as long as the transaction would have lived.
    async fn take(&self, state: &str) -> Result<String> {
        let key = self.key_of(state).await?;
        let trace = [HANDLED, &self.dated().to_text()].concat();
        match self.platform.replace(key.clone(), trace).await? {
            Some(kept) if kept.starts_with(HANDLED) => {
                Err(Error::new(Code::AlreadyHandled, "this callback was answered before"))
            }
            Some(kept) => Ok(kept),
            None => {
                self.platform.forget(vec![key]).await?;
                Err(missing())
            }
        }
    }

    pub(super) async fn key_of(&self, state: &str) -> Result<String> {
        let digest = self.platform.digest(Hash::Sha256, state.as_bytes().to_vec()).await?;
        Ok(pkce::random_token(&digest))
    }

    /// The beginning of a stored text: when it was written.
    pub(super) fn dated(&self) -> Json {
        let mut json = Json::object();
        json.add("created_at", self.platform.now().as_millis());
        json
    }

    /// Whether what is stored under `key` was written less than `ms` milliseconds ago.
    pub(super) async fn stored_within(&self, key: &str, ms: i64) -> bool {
        let now = self.platform.now().as_millis();
        let stored = self.platform.stored().await.unwrap_or_default();
        let at = stored.iter().find(|entry| entry.0 == key).and_then(|entry| created_at(&entry.1));
        at.is_some_and(|at| (0..ms).contains(&now.saturating_sub(at)))
    }

    /// Forgets what is older than a transaction may get.
    pub(super) fn sweep(&self) -> Boxed<()> {
        let platform = self.platform.clone();
        Box::pin(async move {
            let oldest = platform.now().plus_millis(-TRANSACTION_LIFE_MILLIS).as_millis();
            let stored = platform.stored().await.unwrap_or_default();
            let stale = stored.into_iter().filter(|(_, text)| created_at(text).is_none_or(|at| at < oldest));
            // What cannot be forgotten now is forgotten next time.
            let _ = platform.forget(stale.map(|(key, _)| key).collect()).await;
        })
    }
}

/// Begins the trace of a callback that was answered.
const HANDLED: &str = "handled ";
/// Begins what is kept for the return from a sign-out.
pub(super) const SIGN_OUT: &str = "sign-out ";

/// When a stored text was written, in milliseconds since 1970.
fn created_at(text: &str) -> Option<i64> {
    let json = text.find('{').and_then(|start| text.get(start..))?;
    Json::parse(json)?.number("created_at").map(|at| at as i64)
}

fn missing() -> Error {
    Error::new(Code::MissingTransaction, "no sign-in of this browser is waiting for this callback")
        .with_hint("it took longer than 15 minutes, began in another browser, or was answered already: sign in again")
}
