//! Signed tokens: compact JWS (RFC 7515), from text over a verified signature to trusted claims.

use std::borrow::Cow;
use std::fmt;

use super::{LEEWAY_SECONDS, UnixTime, base64url};
use crate::error::{Code, Error, Result};
use crate::json::Json;
use crate::secret::RawIdToken;

/// The longest token that is read, in bytes.
const LONGEST: usize = 64 * 1024;

macro_rules! algs {
    ($($name:ident $hash:expr,)*) => {
        /// A signature algorithm (RFC 7518 section 3.1, RFC 8037 section 3.1).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs)]
        pub enum Alg { $($name,)* }

        impl Alg {
            /// The algorithm of this name; `none` and unknown ones are nothing.
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
    HS256 Hash::Sha256,
    HS384 Hash::Sha384,
    HS512 Hash::Sha512,
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

impl Alg {
    /// Whether the key is a secret shared with the provider, which a public client has not.
    pub fn is_hmac(self) -> bool {
        matches!(self, Alg::HS256 | Alg::HS384 | Alg::HS512)
    }
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

/// What a token is for; errors speak of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An ID token (OIDC Core 2).
    IdToken,
    /// A signed authorization response (JARM 2.1).
    AuthorizationResponse,
    /// A signed userinfo response (OIDC Core 5.3.2).
    Userinfo,
    /// Claims of somebody else (OIDC Core 5.6.2).
    Claims,
}

impl Kind {
    /// An error about `claim` of such a token (`"signature"` and `"alg"` count as claims here).
    pub fn error(self, claim: &'static str, message: impl Into<Cow<'static, str>>) -> Error {
        let code = match self {
            Kind::IdToken => Code::InvalidIdToken,
            Kind::AuthorizationResponse => Code::InvalidResponse,
            Kind::Userinfo => Code::InvalidUserinfo,
            Kind::Claims => Code::InvalidClaims,
        };
        Error::new(code, message).with_claim(claim)
    }

    /// "the ID token", and so on, followed by `rest`.
    pub fn say(self, rest: &str) -> String {
        let name = match self {
            Kind::IdToken => "the ID token",
            Kind::AuthorizationResponse => "the provider's signed answer",
            Kind::Userinfo => "the signed userinfo",
            Kind::Claims => "a claims source's token",
        };
        [name, rest].concat()
    }
}

/// A token that was read and not yet verified.
pub struct UnverifiedJws {
    kind: Kind,
    alg: Alg,
    kid: Option<String>,
    claims: Json,
    signature: Vec<u8>,
    signing_input_len: usize,
    raw: RawIdToken,
}

impl UnverifiedJws {
    /// Reads a compact JWS (RFC 7515 section 3.1). One with an HMAC is none unless `accept_hmac`.
    pub fn parse(kind: Kind, raw: &str, accept_hmac: bool) -> Result<UnverifiedJws> {
        if raw.len() > LONGEST {
            return Err(kind.error("format", kind.say(" is longer than 64 KiB")));
        }
        let mut parts = raw.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(kind
                .error("format", kind.say(" is no signed JWT of three parts"))
                .with_hint("encrypted tokens cannot be read by a public client"));
        };
        let header = object(header).ok_or_else(|| kind.error("format", kind.say("'s header is no JSON")))?;
        let named = header.str("alg").unwrap_or_default();
        let alg = Alg::parse(&named).filter(|alg| accept_hmac || !alg.is_hmac()).ok_or_else(|| {
            let error = kind.error("alg", kind.say(&["'s algorithm \"", &named, "\" is not accepted"].concat()));
            if !named.starts_with("HS") {
                return error;
            }
            error.with_hint(
                "a public client shares no secret with the provider: register the client for RS256 or ES256, or see \
                 dangerouslyAcceptHmacIdTokens",
            )
        })?;
        if header.get("crit").is_some() {
            return Err(kind.error("crit", kind.say(" demands extensions that are not understood")));
        }
        let claims = object(payload).ok_or_else(|| kind.error("format", kind.say("'s claims are no JSON")))?;
        let decoded = base64url::decode(signature);
        let decoded = decoded.ok_or_else(|| kind.error("signature", kind.say("'s signature is no base64url")))?;
        Ok(UnverifiedJws {
            kind,
            alg,
            kid: header.str("kid"),
            claims,
            signature: decoded,
            signing_input_len: raw.len() - signature.len() - 1,
            raw: RawIdToken::new(raw.to_owned()),
        })
    }

    /// What it is for.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// `alg`
    pub fn alg(&self) -> Alg {
        self.alg
    }

    /// `kid`
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// A claim that nobody has vouched for: good for finding out whom to ask, and for nothing else.
    pub fn unverified_claim(&self, name: &str) -> Option<String> {
        self.claims.str(name)
    }

    /// What was signed (RFC 7515 section 5.1).
    pub fn signing_input(&self) -> &str {
        self.raw.expose().get(..self.signing_input_len).unwrap_or("")
    }

    /// The signature.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// To be called once the platform's crypto has said that a key of the issuer made the signature, and only then; or
    /// for an HMAC that was accepted at the reading.
    pub fn assume_signature_verified(self) -> VerifiedJws {
        let UnverifiedJws { kind, alg, claims, raw, .. } = self;
        VerifiedJws { kind, alg, claims, raw }
    }
}

/// Shows nothing of the token.
impl fmt::Debug for UnverifiedJws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedJws").field("alg", &self.alg).finish_non_exhaustive()
    }
}

/// A token of its issuer, whose claims nobody has looked at.
pub struct VerifiedJws {
    kind: Kind,
    pub(super) alg: Alg,
    pub(super) claims: Json,
    pub(super) raw: RawIdToken,
}

impl VerifiedJws {
    /// The claims, once issuer, audience and times are right: `aud` and `exp` are checked where present, and must be
    /// present where `complete`.
    pub fn claims(self, issuer: &str, client_id: &str, now: UnixTime, complete: bool) -> Result<Json> {
        let (kind, claims) = (self.kind, self.claims);
        let missing = |name: &'static str| Err(kind.error(name, kind.say(&[" has no ", name].concat())));
        match claims.str("iss") {
            Some(iss) if iss == issuer => {}
            Some(_) => return Err(kind.error("iss", kind.say(" is of another issuer"))),
            None if complete => return missing("iss"),
            None => {}
        }
        match audience(&claims) {
            Some(audience) if audience.iter().any(|aud| aud == client_id) => {}
            Some(_) => return Err(kind.error("aud", kind.say(" is for another client"))),
            None if complete => return missing("aud"),
            None => {}
        }
        match claims.number("exp").map(UnixTime::from_seconds) {
            Some(at) if now >= at.plus_seconds(LEEWAY_SECONDS) => Err(kind.error("exp", kind.say(" has expired"))),
            None if complete => missing("exp"),
            _ => Ok(claims),
        }
    }
}

/// `aud`, which is a string or an array of them.
pub(super) fn audience(claims: &Json) -> Option<Vec<String>> {
    claims.str("aud").map(|one| vec![one]).or_else(|| claims.strings("aud"))
}

fn object(part: &str) -> Option<Json> {
    let bytes = base64url::decode(part)?;
    Json::parse(std::str::from_utf8(&bytes).ok()?).filter(Json::is_object)
}
