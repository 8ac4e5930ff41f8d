//! The tokens, and the one decision about them.
//!
//! Nothing leaves this module but through [`Token::authorization`] and the requests of `protocol::token`.

use std::fmt;

use crate::json::Json;
use crate::protocol::UnixTime;
use crate::protocol::claims::without_access_tokens;
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
    /// `authorization_details` that were granted, as JSON text (RFC 9396).
    pub authorization_details: Option<String>,
    /// When it expires; unknown if the provider does not say.
    pub expires_at: Option<UnixTime>,
    renew_at: Option<UnixTime>,
    obtained_at: UnixTime,
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

/// A refresh token, and what it was granted for.
struct Refresh {
    token: RefreshToken,
    target: Target,
    scope: Scope,
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
    pub fn next_step(&self, target: &Target, scope: &Scope, now: UnixTime) -> NextStep<'_> {
        match self.tokens.iter().find(|token| token.serves(target, scope) && token.is_fresh(now)) {
            Some(token) => NextStep::UseAccessToken(token),
            None if self.id_token.is_none() => NextStep::SignInRequired,
            None if self.refresh.as_ref().is_some_and(|refresh| refresh.may_serve(target, scope)) => NextStep::Refresh,
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
        if let Some(token) = response.refresh_token {
            self.refresh = Some(Refresh { token, target: target.clone(), scope: requested.union(&granted) });
        }
        self.tokens.push(Token {
            target,
            requested,
            granted,
            authorization_details: response.authorization_details,
            expires_at,
            renew_at,
            obtained_at: now,
            token_type: response.token_type,
            access_token: response.access_token,
        });
        if let Some(id_token) = id_token {
            self.id_token = Some(id_token);
            self.further.iter_mut().for_each(|further| further.newer = false);
        }
    }

    /// The refresh token, if it may bring a token for `target` that covers `scope`; and whether that is what it was
    /// granted for, so that the request need not say it.
    pub fn refresh_token_for(&self, target: &Target, scope: &Scope) -> Option<(&RefreshToken, bool)> {
        let refresh = self.refresh.as_ref().filter(|refresh| refresh.may_serve(target, scope))?;
        Some((&refresh.token, refresh.target == *target))
    }

    /// Whether there is a refresh token at all.
    pub fn can_refresh(&self) -> bool {
        self.refresh.is_some()
    }

    /// The provider has rotated the refresh token: what it was granted for stays.
    pub fn rotate(&mut self, token: RefreshToken) {
        if let Some(refresh) = &mut self.refresh {
            refresh.token = token;
        }
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
    pub fn is_older_than_a_minute(&self, authorization: &str, now: UnixTime) -> bool {
        let token = self.tokens.iter().find(|token| token.authorization() == authorization);
        token.is_some_and(|token| now.saturating_sub(token.obtained_at) >= RENEW_AHEAD)
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
mod tests {
    use super::*;
    use crate::json::Json;
    use crate::protocol::HttpResponse;
    use crate::secret::RawIdToken;

    const NOW: UnixTime = UnixTime::from_millis(1_800_000_000_000);

    fn id_token() -> Option<IdToken> {
        let claims = Json::parse(r#"{"sub":"ada"}"#).unwrap();
        Some(IdToken { subject: "ada".to_owned(), claims, raw: RawIdToken::new("raw".to_owned()) })
    }

    fn target(resource: &str) -> Target {
        Target { audience: None, resource: Some(resource.to_owned()) }
    }

    fn stored(vault: &mut Vault, resource: &str, scope: &str, body: &str) {
        let body = format!(r#"{{"access_token":"{resource} {scope}","token_type":"Bearer"{body}}}"#).replace(' ', "+");
        let response = TokenResponse::from_response(&HttpResponse { status: 200, headers: Vec::new(), body }).unwrap();
        vault.store(target(resource), Scope::parse(scope), response, id_token(), NOW, 0);
    }

    fn step(vault: &Vault, resource: &str, scope: &str, after_s: i64) -> String {
        match vault.next_step(&target(resource), &Scope::parse(scope), NOW.plus_millis(after_s * 1000)) {
            NextStep::UseAccessToken(token) => token.authorization(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn the_decision_table_row_by_row() {
        assert_eq!(step(&Vault::default(), "a", "read", 0), "SignInRequired");

        let mut plain = Vault::default();
        stored(&mut plain, "a", "openid read write", r#","expires_in":600"#);
        for (resource, scope, after_s, expected) in [
            ("a", "read", 0, "Bearer a+openid+read+write"),
            ("a", "openid read write", 539, "Bearer a+openid+read+write"),
            // 60 s before its expiry it is renewed.
            ("a", "read", 540, "AuthorizeSilently"),
            ("a", "read", 601, "AuthorizeSilently"),
            ("a", "read delete", 0, "AuthorizeSilently"),
            ("b", "read", 0, "AuthorizeSilently"),
        ] {
            assert_eq!(step(&plain, resource, scope, after_s), expected, "{resource} {scope} {after_s}");
        }

        let mut refreshing = Vault::default();
        stored(&mut refreshing, "a", "openid read", r#","expires_in":600,"refresh_token":"r""#);
        for (resource, scope, after_s, expected) in [
            ("a", "read", 0, "Bearer a+openid+read"),
            ("a", "read", 540, "Refresh"),
            // A refresh brings no more scope than was granted; another API the provider may allow.
            ("a", "write", 0, "AuthorizeSilently"),
            ("b", "write", 0, "Refresh"),
        ] {
            assert_eq!(step(&refreshing, resource, scope, after_s), expected, "{resource} {scope} {after_s}");
        }
        refreshing.drop_refresh_token();
        assert_eq!(step(&refreshing, "a", "read", 540), "AuthorizeSilently");
    }

    #[test]
    fn several_apis_live_side_by_side_and_the_wider_scope_takes_over() {
        let mut vault = Vault::default();
        stored(&mut vault, "a", "read", r#","expires_in":600"#);
        stored(&mut vault, "b", "read", r#","expires_in":600"#);
        stored(&mut vault, "a", "read write", r#","expires_in":600"#);
        assert_eq!(step(&vault, "a", "read", 0), "Bearer a+read+write");
        assert_eq!(step(&vault, "b", "read", 0), "Bearer b+read");
        assert_eq!(vault.tokens.len(), 2, "what a wider token covers is not kept");
    }

    #[test]
    fn a_token_without_expiry_serves_until_the_api_refuses_it() {
        let mut vault = Vault::default();
        stored(&mut vault, "a", "read", "");
        assert_eq!(step(&vault, "a", "read", 1_000_000_000), "Bearer a+read");
    }

    #[test]
    fn less_than_was_asked_for_is_the_last_word() {
        let mut vault = Vault::default();
        stored(&mut vault, "a", "read write", r#","expires_in":600,"scope":"read""#);
        assert_eq!(step(&vault, "a", "write", 0), "Bearer a+read+write");
    }

    #[test]
    fn a_rotated_refresh_token_keeps_what_it_was_granted_for() {
        let mut vault = Vault::default();
        stored(&mut vault, "a", "read", r#","refresh_token":"first""#);
        vault.rotate(RefreshToken::new("second".to_owned()));
        let (token, granted) = vault.refresh_token_for(&target("a"), &Scope::parse("read")).unwrap();
        assert_eq!((token.expose(), granted), ("second", true));
        let (_, granted) = vault.refresh_token_for(&target("b"), &Scope::parse("read")).unwrap();
        assert!(!granted);
    }

    #[test]
    fn claims_come_from_all_sources_and_the_newer_win() {
        let mut vault = Vault::default();
        assert!(vault.claims_text().is_none());
        stored(&mut vault, "a", "openid", "");
        assert_eq!(vault.claims_text().as_deref(), Some(r#"{"sub":"ada"}"#));
        vault.add_claims(
            Json::parse(r#"{"sub":"ada","name":"Ada","_claim_sources":{"s":{"access_token":"hush"}}}"#).unwrap(),
        );
        let text = vault.claims_text().unwrap();
        assert!(text.contains(r#""name":"Ada""#) && !text.contains("hush"), "{text}");
        let renamed = Json::parse(r#"{"sub":"ada","name":"Countess"}"#).unwrap();
        let newer = IdToken { subject: "ada".to_owned(), claims: renamed, raw: RawIdToken::new("raw".to_owned()) };
        let response = HttpResponse {
            status: 200,
            headers: Vec::new(),
            body: r#"{"access_token":"t","token_type":"Bearer"}"#.to_owned(),
        };
        let response = TokenResponse::from_response(&response).unwrap();
        vault.store(target("a"), Scope::default(), response, Some(newer), NOW, 0);
        assert!(vault.claims_text().unwrap().contains("Countess"));
        vault.add_claims(Json::parse(r#"{"name":"Lady Lovelace"}"#).unwrap());
        assert!(vault.claims_text().unwrap().contains("Lady Lovelace"));
        vault.clear();
        assert!(vault.claims_text().is_none());
    }

    #[test]
    fn a_token_for_no_api_is_not_had_by_refresh_of_one_for_an_api() {
        let mut vault = Vault::default();
        stored(&mut vault, "a", "openid", r#","refresh_token":"r""#);
        assert!(matches!(vault.next_step(&Target::default(), &Scope::default(), NOW), NextStep::AuthorizeSilently));
    }

    #[test]
    fn a_refused_token_is_not_used_again() {
        let mut vault = Vault::default();
        stored(&mut vault, "a", "read", "");
        vault.drop_token("Bearer other");
        assert_eq!(step(&vault, "a", "read", 0), "Bearer a+read");
        vault.drop_token("Bearer a+read");
        assert_eq!(step(&vault, "a", "read", 0), "AuthorizeSilently");
    }

    #[test]
    fn debug_shows_no_token() {
        let mut vault = Vault::default();
        stored(&mut vault, "secret", "read", r#","refresh_token":"secret""#);
        let shown = format!("{vault:?}");
        assert!(shown.contains("granted") && !shown.contains("secret+read") && !shown.contains("refresh"), "{shown}");
    }
}
