//! The tokens, and the one decision about them.
//!
//! Nothing leaves this module but through [`Token::authorization`] and the requests of `protocol::token`.

use std::fmt;

use crate::protocol::UnixTime;
use crate::protocol::id_token::IdToken;
use crate::protocol::scope::Scope;
use crate::protocol::token::{TokenResponse, TokenType};
use crate::secret::{AccessToken, RefreshToken};

/// How long before its expiry a token is renewed, in milliseconds.
const RENEW_AHEAD: i64 = 60_000;

/// What an access token is for: a cache key together with its scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The `audience` parameter (Auth0's way).
    pub audience: Option<String>,
    /// The `resource` parameter (RFC 8707).
    pub resource: Option<String>,
}

/// An access token and what is known about it.
pub struct Token {
    /// What it is for.
    pub target: Target,
    /// The scope that was asked for.
    pub requested: Scope,
    /// The scope that was granted (RFC 6749 section 3.3).
    pub granted: Scope,
    /// When it expires; unknown if the provider does not say.
    pub expires_at: Option<UnixTime>,
    renew_at: Option<UnixTime>,
    token_type: TokenType,
    access_token: AccessToken,
}

impl Token {
    /// The `Authorization` header that carries it (RFC 6750 section 2.1).
    pub fn authorization(&self) -> String {
        let scheme = match self.token_type {
            TokenType::Bearer => "Bearer ",
            TokenType::DPoP => "DPoP ",
        };
        [scheme, self.access_token.expose()].concat()
    }

    /// Whether it may still be sent.
    fn is_valid(&self, now: UnixTime) -> bool {
        self.expires_at.is_none_or(|at| now < at)
    }

    fn is_fresh(&self, now: UnixTime) -> bool {
        self.renew_at.is_none_or(|at| now < at)
    }

    /// A provider that granted less than was asked is not asked again for the same: the API has the last word.
    fn serves(&self, target: &Target, scope: &Scope) -> bool {
        self.target == *target && (self.granted.covers(scope) || self.requested.covers(scope))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("target", &self.target).field("granted", &self.granted).finish_non_exhaustive()
    }
}

/// What to do for an access token.
#[derive(Debug)]
pub enum NextStep<'a> {
    /// This one serves.
    UseAccessToken(&'a Token),
    /// Ask the token endpoint with the refresh token (RFC 6749 section 6).
    Refresh,
    /// Ask the authorization endpoint in a hidden frame (OIDC Core 3.1.2.1, `prompt=none`).
    AuthorizeSilently,
    /// Only the user can help.
    SignInRequired,
}

/// The tokens of one session.
#[derive(Default)]
pub struct Vault {
    tokens: Vec<Token>,
    refresh_token: Option<RefreshToken>,
    id_token: Option<IdToken>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("tokens", &self.tokens).finish_non_exhaustive()
    }
}

impl Vault {
    /// The decision table: what to do for an access token for `target` that covers `scope`.
    pub fn next_step(&self, target: &Target, scope: &Scope, now: UnixTime) -> NextStep<'_> {
        match self.tokens.iter().find(|token| token.serves(target, scope) && token.is_fresh(now)) {
            Some(token) => NextStep::UseAccessToken(token),
            None if self.id_token.is_none() => NextStep::SignInRequired,
            None if self.refresh_token.is_some() => NextStep::Refresh,
            None => NextStep::AuthorizeSilently,
        }
    }

    /// A token that is due for renewal but not expired, for when the renewal fails.
    pub fn last_resort(&self, target: &Target, scope: &Scope, now: UnixTime) -> Option<&Token> {
        self.tokens.iter().find(|token| token.serves(target, scope) && token.is_valid(now))
    }

    /// Keeps what a checked token response brought. `jitter` (0–10 000 ms) spreads the renewals of many clients.
    pub fn store(
        &mut self,
        target: Target,
        requested: Scope,
        response: TokenResponse,
        id_token: Option<IdToken>,
        now: UnixTime,
        jitter: i64,
    ) {
        let life = response.expires_in.map(|seconds| seconds.saturating_mul(1000));
        let expires_at = life.map(|life| now.plus_millis(life));
        // A short-lived token is used for three quarters of its life.
        let renew_at = life.map(|life| now.plus_millis(life - (RENEW_AHEAD - jitter).min(life / 4)));
        let granted = response.scope.unwrap_or_else(|| requested.clone());
        self.tokens
            .retain(|token| token.is_valid(now) && !(token.target == target && requested.covers(&token.requested)));
        self.tokens.push(Token {
            target,
            requested,
            granted,
            expires_at,
            renew_at,
            token_type: response.token_type,
            access_token: response.access_token,
        });
        if let Some(refresh_token) = response.refresh_token {
            self.refresh_token = Some(refresh_token);
        }
        if let Some(id_token) = id_token {
            self.id_token = Some(id_token);
        }
    }

    /// The refresh token.
    pub fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }

    /// The provider refuses the refresh token: it goes.
    pub fn drop_refresh_token(&mut self) {
        self.refresh_token = None;
    }

    /// The ID token of the user who is signed in.
    pub fn id_token(&self) -> Option<&IdToken> {
        self.id_token.as_ref()
    }

    /// Forgets everything (each secret is overwritten as it is dropped).
    pub fn clear(&mut self) {
        *self = Vault::default();
    }
}
