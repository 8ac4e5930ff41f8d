//! ID tokens: from a verified signature to checked claims (OIDC Core 2, 3.1.3.6 and 3.1.3.7).

use std::fmt;

use super::jws::{VerifiedJws, audience};
use super::{LEEWAY_SECONDS, UnixTime, base64url};
use crate::error::{Error, Result};
use crate::json::Json;
use crate::secret::RawIdToken;

/// The nonce a token must have.
#[derive(Clone, Copy)]
pub enum ExpectedNonce<'a> {
    /// That of the authorization request (OIDC Core 3.1.3.7 item 11).
    Exactly(&'a str),
    /// That of the first token, if the refreshed one has any (OIDC Core 12.2).
    IfPresent(Option<&'a str>),
}

/// What the claims must agree with.
pub struct Expected<'a> {
    /// The issuer identifier.
    pub issuer: &'a str,
    /// The client identifier.
    pub client_id: &'a str,
    /// The nonce.
    pub nonce: ExpectedNonce<'a>,
    /// The `max_age` that was asked for, in seconds.
    pub max_age: Option<u32>,
    /// The `acr_values` that were asked for.
    pub acr_values: Option<&'a str>,
    /// `id_token_signed_response_alg` of the client's registration, if it is known.
    pub registered_alg: Option<&'a str>,
    /// The algorithms of the provider's metadata; empty when it does not say.
    pub allowed_algs: &'a [String],
    /// The access token's digest by [`Alg::hash`].
    pub access_token_hash: Option<&'a [u8]>,
    /// The authorization code's digest by [`Alg::hash`].
    pub code_hash: Option<&'a [u8]>,
    /// The user a refreshed token must still speak of.
    pub subject: Option<&'a str>,
    /// Now.
    pub now: UnixTime,
}

/// Claims that are about a token, not about the user.
pub const OF_TOKEN: [&str; 10] = ["aud", "azp", "exp", "iat", "nbf", "jti", "nonce", "at_hash", "c_hash", "s_hash"];

/// A checked ID token.
#[derive(Clone)]
pub struct IdToken {
    /// `sub`
    pub subject: String,
    /// All claims.
    pub claims: Json,
    /// As it came.
    pub raw: RawIdToken,
}

/// Shows nothing of the user.
impl fmt::Debug for IdToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdToken").finish_non_exhaustive()
    }
}

impl IdToken {
    /// The claims about the user, without those that are about the token and differ from one to the next.
    pub fn user_claims(&self) -> Json {
        self.claims.without(&OF_TOKEN)
    }
}

impl VerifiedJws {
    /// Checks every claim of OIDC Core 3.1.3.7 and 3.1.2.1; the error names the claim.
    pub fn check_id_token(self, expected: &Expected<'_>) -> Result<IdToken> {
        let token = self;
        let claims = &token.claims;
        let alg = token.alg.as_str();
        match expected.registered_alg {
            Some(registered) if registered != alg => {
                let message =
                    ["the ID token's algorithm is ", alg, ", and the client is registered for ", registered].concat();
                return Err(Error::id_token("alg", message));
            }
            // Every provider must offer RS256 (OIDC Discovery 3).
            None if alg != "RS256"
                && !expected.allowed_algs.is_empty()
                && !expected.allowed_algs.iter().any(|name| name == alg) =>
            {
                let message = ["the provider's metadata does not promise the algorithm ", alg].concat();
                return Err(Error::id_token("alg", message));
            }
            _ => {}
        }
        let issuer = claims.str("iss").ok_or_else(|| missing("iss"))?;
        if issuer != expected.issuer {
            let message =
                ["the ID token is of the issuer \"", &issuer, "\", not of \"", expected.issuer, "\""].concat();
            return Err(Error::id_token("iss", message));
        }
        let subject = claims.str("sub").filter(|sub| !sub.is_empty()).ok_or_else(|| missing("sub"))?;
        if subject.len() > 255 {
            return Err(Error::id_token("sub", "the ID token's subject is longer than 255 characters"));
        }
        if expected.subject.is_some_and(|before| before != subject) {
            return Err(Error::id_token("sub", "the refreshed ID token speaks of another user"));
        }
        check_audience(claims, expected.client_id)?;
        check_times(claims, expected)?;
        check_nonce(claims, expected.nonce)?;
        if let (Some(wanted), Some(acr)) = (expected.acr_values, claims.str("acr"))
            && !wanted.split_whitespace().any(|value| value == acr)
        {
            return Err(Error::id_token(
                "acr",
                ["the provider authenticated the user at \"", &acr, "\", not as asked"].concat(),
            ));
        }
        check_half_hash(claims, "at_hash", expected.access_token_hash)?;
        check_half_hash(claims, "c_hash", expected.code_hash)?;
        Ok(IdToken { subject, claims: token.claims, raw: token.raw })
    }
}

/// Items 3 to 5: ours is among the audiences, and nobody we do not know.
fn check_audience(claims: &Json, client_id: &str) -> Result<()> {
    let audience = audience(claims).ok_or_else(|| missing("aud"))?;
    if !audience.iter().any(|aud| aud == client_id) {
        return Err(Error::id_token("aud", "the ID token is for another client"));
    }
    if audience.iter().any(|aud| aud != client_id) {
        return Err(Error::id_token("aud", "the ID token is also for a client that is not trusted here"));
    }
    match claims.get("azp") {
        Some(azp) if azp.as_str() != Some(client_id) => {
            Err(Error::id_token("azp", "the ID token was issued to another client"))
        }
        _ => Ok(()),
    }
}

/// Items 9, 10 and 13, and `nbf` (RFC 7519 section 4.1.5).
fn check_times(claims: &Json, expected: &Expected<'_>) -> Result<()> {
    const CLOCK: &str = "is this device's clock right?";
    let now = expected.now;
    let time = |name| claims.number(name).map(UnixTime::from_seconds);
    let expires_at = time("exp").ok_or_else(|| missing("exp"))?;
    if now >= expires_at.plus_seconds(LEEWAY_SECONDS) {
        return Err(Error::id_token("exp", "the ID token has expired").with_hint(CLOCK));
    }
    let latest = now.plus_seconds(LEEWAY_SECONDS);
    if time("iat").ok_or_else(|| missing("iat"))? > latest {
        return Err(Error::id_token("iat", "the ID token was issued in the future").with_hint(CLOCK));
    }
    if time("nbf").is_some_and(|not_before| not_before > latest) {
        return Err(Error::id_token("nbf", "the ID token is not valid yet").with_hint(CLOCK));
    }
    if let Some(max_age) = expected.max_age {
        let authenticated_at = time("auth_time").ok_or_else(|| missing("auth_time"))?;
        if now > authenticated_at.plus_seconds(i64::from(max_age) + LEEWAY_SECONDS) {
            return Err(Error::id_token("auth_time", "the user authenticated longer ago than max_age allows"));
        }
    }
    Ok(())
}

fn check_nonce(claims: &Json, expected: ExpectedNonce<'_>) -> Result<()> {
    let wrong = Error::id_token("nonce", "the ID token belongs to another request");
    match (expected, claims.get("nonce").map(|nonce| nonce.as_str())) {
        (ExpectedNonce::Exactly(_), None) => {
            Err(missing("nonce").with_hint("the provider dropped the nonce of the request: it must repeat it"))
        }
        (ExpectedNonce::Exactly(nonce), Some(got)) if got != Some(nonce) => Err(wrong),
        (ExpectedNonce::IfPresent(nonce), Some(got)) if got != nonce => Err(wrong),
        _ => Ok(()),
    }
}

/// OIDC Core 3.1.3.6: the left half of the digest, wherever the claim is present.
fn check_half_hash(claims: &Json, name: &'static str, digest: Option<&[u8]>) -> Result<()> {
    let (Some(claim), Some(digest)) = (claims.get(name), digest) else { return Ok(()) };
    let half = digest.get(..digest.len() / 2).unwrap_or_default();
    if claim.as_str() == Some(&base64url::encode(half)) {
        return Ok(());
    }
    Err(Error::id_token(name, "the ID token does not belong to what came with it"))
}

fn missing(claim: &'static str) -> Error {
    Error::id_token(claim, ["the ID token has no ", claim].concat())
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
