//! The end of a session.

use std::rc::Rc;

use super::Client;
use super::authorize::Waiting;
use super::callback::SIGN_OUT;
use super::provider::Tries;
use crate::error::{Code, Error, Result};
use crate::platform::*;
use crate::protocol::logout;
use crate::protocol::metadata::Metadata;
use crate::protocol::token;
use crate::secret::{RawIdToken, RevocableToken};
use crate::wire::{Answer, Ask, FromVault, LoggedOut, Monitor, Reply, SignOut};

const LOCAL_ONLY: &str = "the user is signed out here, and may still be signed in at the provider";

impl Client {
    /// Forgets the tokens at once and has them revoked; then, unless `local`, leaves for the provider's sign-out
    /// (OpenID Connect RP-Initiated Logout 1.0 section 2). What cannot be done at the provider is a warning: here the user
    /// is signed out.
    pub(super) async fn sign_out(&self, page: &Rc<dyn Page>, sign_out: SignOut) -> Result<Reply> {
        let return_to = sign_out.return_to.map(|url| self.own_url(&url)).transpose()?;
        let hint = self.vault.borrow().id_token().map(|id_token| id_token.raw.clone());
        let revocable = if sign_out.revoke { self.vault.borrow().revocable() } else { Vec::new() };
        self.forget_user("the user signed out");
        if !revocable.is_empty() {
            let client = self.share()?;
            self.platform.spawn(Box::pin(async move { client.revoke(revocable).await }));
        }
        if sign_out.local {
            return Ok(Reply::Done);
        }
        let outcome = match self.end_session_url(hint, &sign_out.params, return_to).await {
            Ok(url) => match page.ask(Ask::Navigate { url }).await {
                Answer::Done => Ok(()),
                _ => Err(Error::new(Code::Network, "the page could not leave for the provider's sign-out")),
            },
            Err(error) => Err(error),
        };
        let warn = |error: Error| Reply::Warned(error.with_hint(LOCAL_ONLY).to_wire());
        Ok(outcome.err().map_or(Reply::Done, warn))
    }

    /// Takes tokens back at the provider (RFC 7009), as well as it goes: they are forgotten here in any case.
    async fn revoke(&self, tokens: Vec<(RevocableToken, &'static str)>) {
        let Ok(metadata) = self.metadata().await else { return };
        let Some(endpoint) = &metadata.revocation_endpoint else { return };
        for (token, hint) in tokens {
            let request = token::revocation_request(endpoint, &self.config.client_id, token.expose(), hint);
            drop(self.request(&request, "a revocation", Tries::ONE).await);
        }
    }

    /// The provider says that a session has ended: ours, if issuer and session are (OIDC Front-Channel Logout 2). Anyone
    /// can load the page that says so, and knows no `sid`.
    pub(super) fn logged_out(&self, logged_out: &LoggedOut) {
        let ours = {
            let vault = self.vault.borrow();
            let sid = vault.id_token().and_then(|id_token| id_token.claims.str("sid"));
            sid.as_deref() == Some(&logged_out.sid) && logged_out.iss == self.config.issuer
        };
        if ours {
            self.forget_user("the user signed out at the provider");
        }
    }

    /// Ends the session, and with it its key and whatever is under way for it.
    fn forget_user(&self, why: &'static str) {
        self.epoch.set(self.epoch.get().wrapping_add(1));
        self.end_session(Error::new(Code::SignedOut, why));
        self.forget_key();
    }

    /// Has the pages watch the provider's session, where that is wanted and the provider can.
    pub(super) fn monitor(&self, session_state: Option<&str>, metadata: &Metadata) {
        let (true, Some(session_state)) = (self.config.monitor_session, session_state) else { return };
        let Some(url) = &metadata.check_session_iframe else { return };
        if let Some(parsed) = self.platform.parse_url(url) {
            let message = [self.config.client_id.as_str(), " ", session_state].concat();
            self.tell(&FromVault::Monitor(Monitor { url: url.clone(), origin: parsed.origin, message }));
        }
    }

    async fn end_session_url(
        &self,
        hint: Option<RawIdToken>,
        params: &[(String, String)],
        return_to: Option<String>,
    ) -> Result<String> {
        let metadata = self.metadata().await?;
        let Some(endpoint) = &metadata.end_session_endpoint else {
            return Err(Error::new(Code::Unsupported, "the provider's metadata has no end_session_endpoint"));
        };
        let state = self.new_state(Waiting::Redirect);
        let redirect_uri = self.config.post_logout_redirect_uri.as_deref();
        // Without storage the sign-out itself still works; only its return goes unrecognised.
        let mut kept = self.dated();
        kept.add("return_to", return_to.as_deref());
        let _ = self.remember(&state, [SIGN_OUT, &kept.to_text()].concat()).await;
        let state = redirect_uri.map(|_| state.as_str());
        Ok(logout::end_session_url(endpoint, hint.as_ref(), &self.config.client_id, redirect_uri, state, params))
    }
}
