//! From an authorization code or a refresh token to checked tokens in the vault.

use super::Client;
use crate::error::{Code, Error, Result};
use crate::options::Dpop;
#[cfg(target_arch = "wasm32")]
use crate::platform::Platform;
use crate::protocol::UnixTime;
use crate::protocol::authorization::AuthorizationResponse;
use crate::protocol::dpop;
use crate::protocol::id_token::{Expected, ExpectedNonce, IdToken};
use crate::protocol::jwk::Jwks;
use crate::protocol::jws::{Kind, UnverifiedJws, VerifiedJws};
use crate::protocol::metadata::Metadata;
use crate::protocol::scope::Scope;
use crate::protocol::token::{self, TokenResponse, TokenType};
use crate::protocol::transaction::Transaction;
use crate::secret::{AccessToken, RawIdToken};
use crate::vault::Target;

/// The spread of renewals, in milliseconds.
pub(super) const JITTER: u32 = 10_000;

/// What an ID token must agree with, beyond the configuration.
struct Context<'a> {
    nonce: ExpectedNonce<'a>,
    max_age: Option<u32>,
    acr_values: Option<&'a str>,
    subject: Option<&'a str>,
    code: Option<&'a str>,
}

impl Client {
    /// Redeems an authorization code (RFC 6749 section 4.1.3, RFC 7636 section 4.5). The code is single use: it is not
    /// sent again when no answer comes. `epoch` is that in which the sign-in began.
    pub(super) async fn redeem(
        &self,
        epoch: u32,
        response: AuthorizationResponse,
        transaction: &Transaction,
        metadata: &Metadata,
    ) -> Result<()> {
        let request =
            token::code_request(&metadata.token_endpoint, &self.config.client_id, &response.code, transaction);
        let answer = self.token_request(request, "tokens (token_endpoint)", metadata).await?;
        let tokens = TokenResponse::from_response(&answer)?;
        self.check_binding(&tokens)?;
        let Some(raw) = &tokens.id_token else {
            return Err(Error::new(Code::InvalidResponse, "the token response has no ID token (OIDC Core 3.1.3.3)")
                .with_hint("is the client registered for OpenID Connect, and is the scope openid allowed?"));
        };
        let context = Context {
            nonce: ExpectedNonce::Exactly(&transaction.nonce),
            max_age: transaction.max_age,
            acr_values: transaction.acr_values.as_deref(),
            subject: None,
            code: Some(response.code.expose()),
        };
        let id_token = self.checked(raw, &tokens.access_token, context, metadata).await?;
        let target = Target { audience: transaction.audience.clone(), resource: transaction.resource.clone() };
        self.keep(epoch, target, Scope::parse(&transaction.scope), tokens, Some(id_token))?;
        self.monitor(response.session_state.as_deref(), metadata);
        self.seen_at_top_level.set(!transaction.silent || self.seen_at_top_level.get());
        Ok(())
    }

    /// Uses the refresh token (RFC 6749 section 6, OIDC Core 12). Refused by the provider, it is dropped.
    pub(super) async fn refresh(&self, target: Target, scope: Scope) -> Result<()> {
        let epoch = self.epoch.get();
        let metadata = self.metadata().await?;
        let (request, subject, nonce) = {
            let vault = self.vault.borrow();
            let usable = vault.refresh_token_for(&target, &scope, self.platform.moment());
            let (Some(refresh), Some(id_token)) = (usable, vault.id_token()) else {
                return Err(Error::new(Code::NotSignedIn, "there is no refresh token"));
            };
            // Without a scope the provider gives all that was granted.
            let scope = (!refresh.granted).then(|| scope.without("offline_access"));
            let (audience, resource) = (target.audience.as_deref(), target.resource.as_deref());
            let endpoint = &metadata.token_endpoint;
            let client_id = &self.config.client_id;
            let request =
                token::refresh_request(endpoint, client_id, refresh.token, scope.as_ref(), audience, resource);
            (request, id_token.subject.clone(), id_token.claims.str("nonce"))
        };
        let answer = self.token_request(request, "new tokens (token_endpoint)", &metadata).await;
        // What the vault holds by now may be another user's: the answer says nothing about that.
        self.unless_gone_since(epoch, &subject)?;
        if answer.as_ref().is_err_and(|error| matches!(error.code(), Code::Network | Code::Timeout)) {
            // It may have arrived, and been answered.
            self.vault.borrow_mut().doubt_refresh_token();
        }
        let answer = answer?;
        let mut tokens = match TokenResponse::from_response(&answer) {
            Ok(tokens) => tokens,
            Err(error) => {
                let mut vault = self.vault.borrow_mut();
                if token::is_refresh_refused(&answer) && !speaks_of_target(&error) {
                    vault.drop_refresh_token();
                } else if answer.status == 200 {
                    // Something was issued, and the new refresh token with it is lost.
                    vault.doubt_refresh_token();
                }
                return Err(error);
            }
        };
        self.check_binding(&tokens)?;
        let id_token = match &tokens.id_token {
            None => None,
            Some(raw) => {
                let context = Context {
                    nonce: ExpectedNonce::IfPresent(nonce.as_deref()),
                    max_age: None,
                    acr_values: None,
                    subject: Some(&subject),
                    code: None,
                };
                let checked = self.checked(raw, &tokens.access_token, context, &metadata).await;
                self.unless_gone_since(epoch, &subject)?;
                if checked.is_err() {
                    self.vault.borrow_mut().doubt_refresh_token();
                }
                Some(checked?)
            }
        };
        let rotated = tokens.refresh_token.take();
        let expires_in = tokens.refresh_token_expires_in;
        self.vault.borrow_mut().refreshed(rotated, expires_in, self.platform.moment());
        self.keep(epoch, target, scope, tokens, id_token)
    }

    /// Refuses a token that anyone can use where the option demands one that is bound to the vault's key.
    fn check_binding(&self, tokens: &TokenResponse) -> Result<()> {
        match (self.config.dpop, tokens.token_type) {
            (Dpop::Required, TokenType::Bearer) => {
                Err(dpop::unsupported("the provider's access token is not bound to a key (token_type Bearer)"))
            }
            (Dpop::Off, TokenType::DPoP) => {
                Err(Error::new(Code::InvalidResponse, "the provider's access token is bound to a key nobody named"))
            }
            _ => Ok(()),
        }
    }

    /// Puts checked tokens into the vault, and says who is signed in; unless the user has signed out since `epoch`.
    fn keep(
        &self,
        epoch: u32,
        target: Target,
        scope: Scope,
        tokens: TokenResponse,
        id_token: Option<IdToken>,
    ) -> Result<()> {
        self.unless_signed_out_since(epoch)?;
        {
            let mut vault = self.vault.borrow_mut();
            let before = vault.id_token().map(|id_token| id_token.subject.as_str());
            if let (Some(before), Some(now)) = (before, &id_token)
                && before != now.subject
            {
                // Another user has signed in at the provider: nothing of the first one's may serve the second.
                vault.clear();
            }
            let jitter = i64::from(self.jitter(JITTER));
            vault.store(target, scope, tokens, id_token, self.platform.moment(), jitter);
        }
        self.stand_by_claims();
        self.schedule();
        Ok(())
    }

    /// The time by the provider's clock, where that can be seen: a device's may be wrong by any amount.
    pub(super) fn provider_now(&self) -> UnixTime {
        self.platform.now().plus_millis(self.clock_offset.get())
    }

    /// Verifies the signature of an ID token and checks its claims (OIDC Core 3.1.3.7).
    async fn checked(
        &self,
        raw: &RawIdToken,
        access_token: &AccessToken,
        context: Context<'_>,
        metadata: &Metadata,
    ) -> Result<IdToken> {
        let unverified =
            UnverifiedJws::parse(Kind::IdToken, raw.expose(), self.config.dangerously_accept_hmac_id_tokens)?;
        let hash = unverified.alg().hash();
        let verified = self.verified(unverified).await?;
        let access_token_hash = self.platform.digest(hash, access_token.expose().as_bytes().to_vec()).await?;
        let code_hash = match context.code {
            Some(code) => Some(self.platform.digest(hash, code.as_bytes().to_vec()).await?),
            None => None,
        };
        verified.check_id_token(&Expected {
            issuer: &metadata.issuer,
            client_id: &self.config.client_id,
            nonce: context.nonce,
            max_age: context.max_age,
            acr_values: context.acr_values,
            registered_alg: self.config.id_token_signing_alg.as_deref(),
            allowed_algs: &metadata.id_token_signing_alg_values_supported,
            access_token_hash: Some(&access_token_hash),
            code_hash: code_hash.as_deref(),
            subject: context.subject,
            now: self.provider_now(),
        })
    }

    /// The token, once one of the provider's keys fits its signature; newer keys are asked for if none of those known does.
    pub(super) async fn verified(&self, token: UnverifiedJws) -> Result<VerifiedJws> {
        // An HMAC was accepted when the token was read: it came straight from the token endpoint (OIDC Core 3.1.3.7
        // item 6), and a public client has no key to check it with.
        let verified = token.alg().is_hmac() || {
            let known = self.keys(false).await?;
            match self.is_signed_with(&token, &known).await {
                Ok(true) => true,
                _ => self.is_signed_with(&token, &*self.keys(true).await?).await?,
            }
        };
        match verified {
            true => Ok(token.assume_signature_verified()),
            false => Err(token.kind().error("signature", token.kind().say(" is signed with no key of the provider"))),
        }
    }

    /// Whether one of `keys` fits.
    pub(super) async fn is_signed_with(&self, token: &UnverifiedJws, keys: &Jwks) -> Result<bool> {
        let mut refusal = None;
        for key in keys.candidates(token.alg(), token.kid()) {
            let signature = token.signature().to_vec();
            let data = token.signing_input().as_bytes().to_vec();
            match self.platform.verify(token.alg(), key, signature, data).await {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(error) => refusal = Some(error),
            }
        }
        refusal.map_or(Ok(false), Err)
    }
}

/// The refusal is about what the token should be for, not about the refresh token (RFC 8707 section 2, RFC 6749 section 5.2).
fn speaks_of_target(error: &Error) -> bool {
    let code = error.code().as_str();
    ["invalid_target", "invalid_scope", "access_denied"].contains(&code)
}
