//! The tokens, and the one decision about them.
//!
//! Nothing leaves this module but through [`Token::authorization`] and the requests of `protocol::token`.

use std::cell::Cell;
use std::fmt;

use crate::json::Json;
use crate::protocol::Moment;
use crate::protocol::claims::without_access_tokens;
use crate::protocol::id_token::IdToken;
use crate::protocol::scope::Scope;
use crate::protocol::token::{TokenResponse, TokenType};
use crate::secret::{AccessToken, RefreshToken, RevocableToken};

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

impl Target {
    /// The audience or resource, for those who want to be told.
    pub fn name(&self) -> Option<String> {
        self.audience.clone().or_else(|| self.resource.clone())
    }
}

/// An access token and what is known about it.
pub struct Token {
    /// What it is for.
    pub target: Target,
    /// The scope that was asked for.
    pub requested: Scope,
    /// The scope that was granted (RFC 6749 section 3.3).
    pub granted: Scope,
    /// `authorization_details` that were granted, as JSON text (RFC 9396).
    pub authorization_details: Option<String>,
    expires_at: Option<Moment>,
    renew_at: Option<Moment>,
    obtained_at: Moment,
    /// Whether anybody has wanted it yet.
    used: Cell<bool>,
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

    /// When it expires, in milliseconds since 1970; unknown if the provider does not say.
    pub fn expires_at_millis(&self) -> Option<f64> {
        self.expires_at.map(|at| at.wall.as_millis() as f64)
    }

    /// Whether it may still be sent.
    fn is_valid(&self, now: Moment) -> bool {
        self.expires_at.is_none_or(|at| !now.has_reached(at))
    }

    fn is_fresh(&self, now: Moment) -> bool {
        self.renew_at.is_none_or(|at| !now.has_reached(at))
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

/// A refresh token, and what it was granted for.
struct Refresh {
    token: RefreshToken,
    target: Target,
    scope: Scope,
    /// When it expires, where the provider says so.
    expires_at: Option<Moment>,
    /// An answer to it was lost: the provider may have rotated it, and take a second use for theft.
    doubtful: bool,
}

/// A refresh token that may be used.
pub struct UsableRefresh<'a> {
    /// The token.
    pub token: &'a RefreshToken,
    /// Whether what is wanted is what it was granted for, so that the request need not say it.
    pub granted: bool,
    /// Whether to try everything else first.
    pub doubtful: bool,
}

impl Refresh {
    /// A refresh brings no more scope than was granted (RFC 6749 section 6). Whether it may be for another API is for
    /// the provider to say.
    fn may_serve(&self, target: &Target, scope: &Scope) -> bool {
        match self.target == *target {
            true => self.scope.covers(scope),
            // No parameter asks for a token that is for no API in particular.
            false => *target != Target::default(),
        }
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

impl NextStep<'_> {
    /// Whether there is a token that serves.
    pub fn is_token(&self) -> bool {
        matches!(self, NextStep::UseAccessToken(_))
    }
}

/// The tokens of one session.
#[derive(Default)]
pub struct Vault {
    tokens: Vec<Token>,
    refresh: Option<Refresh>,
    id_token: Option<IdToken>,
    further: Vec<Further>,
}

/// Claims that did not come in the ID token.
struct Further {
    claims: Json,
    /// Whether they are newer than the ID token, so that they win over its claims.
    newer: bool,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("tokens", &self.tokens).finish_non_exhaustive()
    }
}

impl Vault {
    /// The decision table: what to do for an access token for `target` that covers `scope`.
    pub fn next_step(&self, target: &Target, scope: &Scope, now: Moment) -> NextStep<'_> {
        match self.tokens.iter().find(|token| token.serves(target, scope) && token.is_fresh(now)) {
            Some(token) => {
                token.used.set(true);
                NextStep::UseAccessToken(token)
            }
            None if self.id_token.is_none() => NextStep::SignInRequired,
            None if self.refresh_token_for(target, scope, now).is_some_and(|refresh| !refresh.doubtful) => {
                NextStep::Refresh
            }
            None => NextStep::AuthorizeSilently,
        }
    }

    /// A token that is due for renewal but not expired, for when the renewal fails.
    pub fn last_resort(&self, target: &Target, scope: &Scope, now: Moment) -> Option<&Token> {
        self.tokens.iter().find(|token| token.serves(target, scope) && token.is_valid(now))
    }

    /// Keeps what a checked token response brought. `jitter` (0–10 000 ms) spreads the renewals of many clients.
    pub fn store(
        &mut self,
        target: Target,
        requested: Scope,
        response: TokenResponse,
        id_token: Option<IdToken>,
        now: Moment,
        jitter: i64,
    ) {
        let life = response.expires_in.map(|seconds| seconds.saturating_mul(1000));
        let expires_at = life.map(|life| now.plus_millis(life));
        // A short-lived token is used for three quarters of its life.
        let renew_at = life.map(|life| now.plus_millis(life - (RENEW_AHEAD - jitter).min(life / 4)));
        let granted = response.scope.unwrap_or_else(|| requested.clone());
        self.tokens
            .retain(|token| token.is_valid(now) && !(token.target == target && requested.covers(&token.requested)));
        if let Some(token) = response.refresh_token {
            let expires_in = response.refresh_token_expires_in;
            self.refresh = Some(Refresh {
                token,
                target: target.clone(),
                scope: requested.union(&granted),
                expires_at: expires_in.map(|seconds| now.plus_seconds(seconds)),
                doubtful: false,
            });
        }
        self.tokens.push(Token {
            target,
            requested,
            granted,
            authorization_details: response.authorization_details,
            expires_at,
            renew_at,
            obtained_at: now,
            used: Cell::new(false),
            token_type: response.token_type,
            access_token: response.access_token,
        });
        if let Some(id_token) = id_token {
            self.id_token = Some(id_token);
            self.further.iter_mut().for_each(|further| further.newer = false);
        }
    }

    /// The refresh token, if it may bring a token for `target` that covers `scope`.
    pub fn refresh_token_for(&self, target: &Target, scope: &Scope, now: Moment) -> Option<UsableRefresh<'_>> {
        let alive = |refresh: &&Refresh| refresh.expires_at.is_none_or(|at| !now.has_reached(at));
        let refresh = self.refresh.as_ref().filter(alive).filter(|refresh| refresh.may_serve(target, scope))?;
        Some(UsableRefresh { token: &refresh.token, granted: refresh.target == *target, doubtful: refresh.doubtful })
    }

    /// The answer to a refresh was lost.
    pub fn doubt_refresh_token(&mut self) {
        if let Some(refresh) = &mut self.refresh {
            refresh.doubtful = true;
        }
    }

    /// Whether there is a refresh token at all.
    pub fn can_refresh(&self) -> bool {
        self.refresh.is_some()
    }

    /// A refresh has succeeded, with a new refresh token or without: what it was granted for stays. `expires_in` are the
    /// seconds that the provider gives it, if it says so.
    pub fn refreshed(&mut self, token: Option<RefreshToken>, expires_in: Option<i64>, now: Moment) {
        if let Some(refresh) = &mut self.refresh {
            refresh.doubtful = false;
            if let Some(token) = token {
                refresh.token = token;
                refresh.expires_at = None;
            }
            if let Some(seconds) = expires_in {
                refresh.expires_at = Some(now.plus_seconds(seconds));
            }
        }
    }

    /// The tokens that are in use and due for renewal: what they are for, and their scope.
    pub fn due(&self, now: Moment) -> Vec<(Target, Scope)> {
        let due = self.tokens.iter().filter(|token| token.used.get() && !token.is_fresh(now));
        due.map(|token| (token.target.clone(), token.requested.clone())).collect()
    }

    /// The milliseconds until the next token is due for renewal; those that are due already do not count.
    pub fn next_due_in(&self, now: Moment) -> Option<i64> {
        let fresh = self.tokens.iter().filter(|token| token.is_fresh(now));
        fresh.filter_map(|token| Some(now.millis_until(token.renew_at?))).min()
    }

    /// Everything that can be revoked, with its kind (RFC 7009 section 2.1): the refresh token first.
    pub fn revocable(&self) -> Vec<(RevocableToken, &'static str)> {
        let copy = |token: &str| RevocableToken::new(token.to_owned());
        let refresh = self.refresh.iter().map(|refresh| (copy(refresh.token.expose()), "refresh_token"));
        let access = self.tokens.iter().map(|token| (copy(token.access_token.expose()), "access_token"));
        refresh.chain(access).collect()
    }

    /// The provider refuses the refresh token: it goes.
    pub fn drop_refresh_token(&mut self) {
        self.refresh = None;
    }

    /// The ID token of the user who is signed in.
    pub fn id_token(&self) -> Option<&IdToken> {
        self.id_token.as_ref()
    }

    /// Adds claims of the user that came from elsewhere. Of two claims with one name the newer counts.
    pub fn add_claims(&mut self, claims: Json) {
        self.further.push(Further { claims, newer: true });
        // Userinfo may be asked any number of times.
        let excess = self.further.len().saturating_sub(8);
        self.further.drain(..excess);
    }

    /// The user's claims from all sources, secrets of distributed ones included: not for the page.
    pub fn claims(&self) -> Option<Json> {
        let of_token = self.id_token.as_ref()?.user_claims();
        let merge = |newer: bool, claims: Json| {
            let further = self.further.iter().filter(|further| further.newer == newer);
            further.fold(claims, |claims, further| claims.merged(&further.claims))
        };
        Some(merge(true, merge(false, Json::object()).merged(&of_token)))
    }

    /// The user's claims as JSON text for the page.
    pub fn claims_text(&self) -> Option<String> {
        self.claims().map(|claims| without_access_tokens(&claims).to_text())
    }

    /// Whether a token for `target` was asked for with all of `scope`, whatever was granted.
    pub fn was_asked_for(&self, target: &Target, scope: &Scope) -> bool {
        self.tokens.iter().any(|token| token.target == *target && token.requested.covers(scope))
    }

    /// Whether the token of this header has been here for a minute.
    pub fn is_older_than_a_minute(&self, authorization: &str, now: Moment) -> bool {
        let token = self.tokens.iter().find(|token| token.authorization() == authorization);
        token.is_some_and(|token| now.has_reached(token.obtained_at.plus_millis(RENEW_AHEAD)))
    }

    /// A token that an API has refused goes: it is not sent again.
    pub fn drop_token(&mut self, authorization: &str) {
        self.tokens.retain(|token| token.authorization() != authorization);
    }

    /// Forgets everything (each secret is overwritten as it is dropped).
    pub fn clear(&mut self) {
        *self = Vault::default();
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[allow(clippy::unwrap_used)]
mod tests;
