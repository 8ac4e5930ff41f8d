//! ID tokens: from text over a verified signature to checked claims (OIDC Core 2, 3.1.3.6 and 3.1.3.7, RFC 7515).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{LEEWAY_SECONDS, UnixTime};
use crate::error::{Error, Result};
use crate::json::Json;
use crate::secret::RawIdToken;

/// The longest token that is read, in bytes.
const LONGEST: usize = 64 * 1024;

macro_rules! algs {
    ($($name:ident $hash:expr,)*) => {
        /// A signature algorithm of a public key (RFC 7518 section 3.1, RFC 8037 section 3.1).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs)]
        pub enum Alg { $($name,)* }

        impl Alg {
            /// The algorithm of this name; `none`, HMACs and unknown ones are nothing.
            pub fn parse(name: &str) -> Option<Alg> {
                match name {
                    $(stringify!($name) => Some(Alg::$name),)*
                    _ => None,
                }
            }

            /// Its name.
            pub fn as_str(self) -> &'static str {
                match self { $(Alg::$name => stringify!($name),)* }
            }

            /// The hash of `at_hash` and `c_hash` under this algorithm; for Ed25519 it is SHA-512.
            pub fn hash(self) -> Hash {
                match self { $(Alg::$name => $hash,)* }
            }
        }
    };
}

algs! {
    RS256 Hash::Sha256,
    RS384 Hash::Sha384,
    RS512 Hash::Sha512,
    PS256 Hash::Sha256,
    PS384 Hash::Sha384,
    PS512 Hash::Sha512,
    ES256 Hash::Sha256,
    ES384 Hash::Sha384,
    ES512 Hash::Sha512,
    EdDSA Hash::Sha512,
}

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256
    Sha256,
    /// SHA-384
    Sha384,
    /// SHA-512
    Sha512,
}

/// A token that was read and not yet verified.
pub struct UnverifiedIdToken {
    alg: Alg,
    kid: Option<String>,
    claims: Json,
    signature: Vec<u8>,
    signing_input_len: usize,
    raw: RawIdToken,
}

impl UnverifiedIdToken {
    /// Reads a compact JWS (RFC 7515 section 3.1) with a public-key signature.
    pub fn parse(raw: &str) -> Result<UnverifiedIdToken> {
        if raw.len() > LONGEST {
            return Err(Error::id_token("format", "the ID token is longer than 64 KiB"));
        }
        let mut parts = raw.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Error::id_token("format", "the ID token is no signed JWT of three parts")
                .with_hint("encrypted ID tokens cannot be read by a public client"));
        };
        let header = object(header).ok_or_else(|| Error::id_token("format", "the ID token's header is no JSON"))?;
        let named = header.str("alg").unwrap_or_default();
        let alg = Alg::parse(&named).ok_or_else(|| {
            let error = Error::id_token("alg", format!("the ID token's algorithm {named:?} is not accepted"));
            match named.as_str() {
                "HS256" | "HS384" | "HS512" => error.with_hint(
                    "a public client shares no secret with the provider: register the client for RS256 or ES256",
                ),
                _ => error,
            }
        })?;
        if header.get("crit").is_some() {
            return Err(Error::id_token("crit", "the ID token demands extensions that are not understood"));
        }
        let claims = object(payload).ok_or_else(|| Error::id_token("format", "the ID token's claims are no JSON"))?;
        let decoded = URL_SAFE_NO_PAD.decode(signature);
        let decoded = decoded.map_err(|_| Error::id_token("signature", "the ID token's signature is no base64url"))?;
        Ok(UnverifiedIdToken {
            alg,
            kid: header.str("kid"),
            claims,
            signature: decoded,
            signing_input_len: raw.len() - signature.len() - 1,
            raw: RawIdToken::new(raw.to_owned()),
        })
    }

    /// `alg`
    pub fn alg(&self) -> Alg {
        self.alg
    }

    /// `kid`
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// What was signed (RFC 7515 section 5.1).
    pub fn signing_input(&self) -> &str {
        self.raw.expose().get(..self.signing_input_len).unwrap_or("")
    }

    /// The signature.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// To be called once the platform's crypto has said that a key of the provider made the signature, and only then.
    pub fn assume_signature_verified(self) -> VerifiedIdToken {
        VerifiedIdToken(self)
    }
}

/// Shows nothing of the token.
impl fmt::Debug for UnverifiedIdToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedIdToken").field("alg", &self.alg).finish_non_exhaustive()
    }
}

/// A token of the provider, whose claims nobody has looked at.
#[derive(Debug)]
pub struct VerifiedIdToken(UnverifiedIdToken);

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
    /// The claims as JSON text, without those that are about the token and differ from one to the next.
    pub fn user_claims_text(&self) -> String {
        let of_token = ["aud", "azp", "exp", "iat", "nbf", "jti", "nonce", "at_hash", "c_hash", "s_hash"];
        self.claims.without(&of_token).to_text()
    }
}

impl VerifiedIdToken {
    /// Checks every claim of OIDC Core 3.1.3.7 and 3.1.2.1; the error names the claim.
    pub fn check(self, expected: &Expected<'_>) -> Result<IdToken> {
        let token = self.0;
        let claims = &token.claims;
        let alg = token.alg.as_str();
        if token.alg != Alg::RS256
            && !expected.allowed_algs.is_empty()
            && !expected.allowed_algs.iter().any(|name| name == alg)
        {
            return Err(Error::id_token(
                "alg",
                format!("the provider's metadata does not promise the algorithm {alg}"),
            ));
        }
        let issuer = claims.str("iss").ok_or_else(|| missing("iss"))?;
        if issuer != expected.issuer {
            let message = format!("the ID token is of the issuer {issuer:?}, not of {:?}", expected.issuer);
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
                format!("the provider authenticated the user at {acr:?}, not as asked"),
            ));
        }
        check_half_hash(claims, "at_hash", expected.access_token_hash)?;
        check_half_hash(claims, "c_hash", expected.code_hash)?;
        Ok(IdToken { subject, claims: token.claims, raw: token.raw })
    }
}

/// Items 3 to 5: ours is among the audiences, and nobody we do not know.
fn check_audience(claims: &Json, client_id: &str) -> Result<()> {
    let audience = match (claims.str("aud"), claims.strings("aud")) {
        (Some(one), _) => vec![one],
        (None, Some(many)) => many,
        (None, None) => return Err(missing("aud")),
    };
    if !audience.iter().any(|aud| aud == client_id) {
        return Err(Error::id_token("aud", "the ID token is for another client"));
    }
    if audience.iter().any(|aud| aud != client_id) {
        return Err(Error::id_token("aud", "the ID token is also for a client that is not trusted here"));
    }
    match claims.get("azp") {
        Some(azp) if azp.as_str().as_deref() != Some(client_id) => {
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
        (ExpectedNonce::Exactly(nonce), Some(got)) if got.as_deref() != Some(nonce) => Err(wrong),
        (ExpectedNonce::IfPresent(nonce), Some(got)) if got.as_deref() != nonce => Err(wrong),
        _ => Ok(()),
    }
}

/// OIDC Core 3.1.3.6: the left half of the digest, wherever the claim is present.
fn check_half_hash(claims: &Json, name: &'static str, digest: Option<&[u8]>) -> Result<()> {
    let (Some(claim), Some(digest)) = (claims.get(name), digest) else { return Ok(()) };
    let half = digest.get(..digest.len() / 2).unwrap_or_default();
    if claim.as_str() == Some(URL_SAFE_NO_PAD.encode(half)) {
        return Ok(());
    }
    Err(Error::id_token(name, "the ID token does not belong to what came with it"))
}

fn object(part: &str) -> Option<Json> {
    let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
    Json::parse(std::str::from_utf8(&bytes).ok()?).filter(Json::is_object)
}

fn missing(claim: &'static str) -> Error {
    Error::id_token(claim, ["the ID token has no ", claim].concat())
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
