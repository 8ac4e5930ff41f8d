//! One error type for everything that can go wrong, with a stable code and a hint that says what to do.

use std::borrow::Cow;
use std::fmt;

use crate::json::Json;
use crate::wire::WireError;

/// The result of everything fallible in this crate.
pub type Result<T> = std::result::Result<T, Error>;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What went wrong, as a name that never changes.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Code {
            $($(#[$doc])* $name,)*
            /// The provider's own `error` code (RFC 6749 section 4.1.2.1 and 5.2, OIDC Core 3.1.2.6), as it was sent.
            Provider(String),
        }

        impl Code {
            /// The codes Strongroom itself gives, as they stand in `StrongroomError.code`.
            #[cfg(test)]
            pub const OWN: &'static [&'static str] = &[$($text,)*];

            /// The code as it stands in `StrongroomError.code`.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Code::$name => $text,)*
                    Code::Provider(code) => code,
                }
            }
        }
    };
}

codes! {
    /// An option has a value that cannot work; the message names the option and what is expected.
    InvalidOption = "invalid_option",
    /// The page is neither https nor on loopback, so that the platform withholds `crypto.subtle`.
    InsecureContext = "insecure_context",
    /// The platform lacks a feature that was demanded.
    Unsupported = "unsupported",
    /// The provider's metadata could not be had or makes no sense.
    DiscoveryFailed = "discovery_failed",
    /// Somebody else answers for the issuer (OIDC Discovery 4.3, RFC 9207).
    IssuerMismatch = "issuer_mismatch",
    /// A callback whose transaction is unknown or older than 15 minutes.
    MissingTransaction = "missing_transaction",
    /// The answer belongs to another request than the one it was given for.
    StateMismatch = "state_mismatch",
    /// The callback was answered before.
    AlreadyHandled = "already_handled",
    /// An authorization response that breaks the specification.
    InvalidResponse = "invalid_response",
    /// The ID token fails a check of OIDC Core 3.1.3.7; `claim` says which.
    InvalidIdToken = "invalid_id_token",
    /// The userinfo response breaks the specification, or its signature is wrong.
    InvalidUserinfo = "invalid_userinfo",
    /// The userinfo response speaks of another user (OIDC Core 5.3.2).
    UserinfoSubMismatch = "userinfo_sub_mismatch",
    /// Claims of another source could not be had or verified (OIDC Core 5.6.2).
    InvalidClaims = "invalid_claims",
    /// No answer in time.
    Timeout = "timeout",
    /// The hidden frame loaded something that is not an answer.
    FrameBlocked = "frame_blocked",
    /// The provider knows the user at top level and not in a frame.
    ThirdPartyCookiesBlocked = "third_party_cookies_blocked",
    /// The browser refused to open a popup.
    PopupBlocked = "popup_blocked",
    /// The user closed the popup.
    PopupClosed = "popup_closed",
    /// No answer came over the network, or CORS hides it.
    Network = "network",
    /// The provider answers with 5xx, 429 or something that is no OAuth answer.
    ProviderUnavailable = "provider_unavailable",
    /// Nobody is signed in, and nothing silent can change that.
    NotSignedIn = "not_signed_in",
    /// The user signed out.
    SignedOut = "signed_out",
    /// The browser keeps nothing for this page (IndexedDB refused).
    StorageUnavailable = "storage_unavailable",
    /// The caller gave up (an `AbortSignal`).
    Aborted = "aborted",
    /// The session was closed.
    Closed = "closed",
    /// A message of the wire makes no sense: two versions of the package, or a fault of ours.
    Internal = "internal",
}

/// An error with a stable [`Code`], a message for people, and, when the provider answered, what it said.
///
/// Never holds a token, a code, a verifier, a nonce or a state.
#[derive(Clone, Debug, PartialEq)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug, PartialEq)]
struct Inner {
    code: Code,
    message: Cow<'static, str>,
    hint: Option<Cow<'static, str>>,
    claim: Option<&'static str>,
    provider: ProviderError,
    reasons: Vec<Error>,
}

/// The provider's own words, as they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderError {
    /// `error`
    pub error: Option<String>,
    /// `error_description`
    pub description: Option<String>,
    /// `error_uri`
    pub uri: Option<String>,
    /// The HTTP status, where there was one.
    pub status: Option<u16>,
}

impl ProviderError {
    /// What the JSON of an answer says (RFC 6749 section 5.2), if it is any.
    pub fn of(json: Option<&Json>, status: u16) -> ProviderError {
        let text = |name| json.and_then(|json| json.str(name));
        ProviderError {
            error: text("error"),
            description: text("error_description"),
            uri: text("error_uri"),
            status: Some(status),
        }
    }
}

impl Error {
    /// An error of our own.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Error(Box::new(Inner {
            code,
            message: message.into(),
            hint: None,
            claim: None,
            provider: ProviderError::default(),
            reasons: Vec::new(),
        }))
    }

    /// The provider said `error` (which must be present in `provider`): the code is the provider's.
    pub fn from_provider(provider: ProviderError) -> Self {
        let error = provider.error.clone().unwrap_or_default();
        let message = match &provider.description {
            Some(description) => ["the provider says ", &error, ": ", description].concat(),
            None => ["the provider says ", &error].concat(),
        };
        Error::new(Code::Provider(error), message).with_provider(provider)
    }

    /// An ID token that fails the check of `claim` (`"signature"` and `"alg"` count as claims here).
    pub fn id_token(claim: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Error::new(Code::InvalidIdToken, message).with_claim(claim)
    }

    /// Names the claim that failed.
    pub fn with_claim(mut self, claim: &'static str) -> Self {
        self.0.claim = Some(claim);
        self
    }

    /// Adds what the caller can do about it.
    pub fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds what the provider said.
    pub fn with_provider(mut self, provider: ProviderError) -> Self {
        self.0.provider = provider;
        self
    }

    /// Adds the HTTP status of the provider's answer, which says no more.
    pub fn with_status(self, status: u16) -> Self {
        self.with_provider(ProviderError { status: Some(status), ..ProviderError::default() })
    }

    /// The same answer of the provider under another code, which says what it means here.
    pub fn meaning(mut self, code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        self.0.code = code;
        self.0.message = message.into();
        self
    }

    /// Adds why the earlier steps could not serve.
    pub fn with_reasons(mut self, reasons: Vec<Error>) -> Self {
        self.0.reasons = reasons;
        self
    }

    /// Whether one of the reasons has this code.
    pub fn has_reason(&self, code: &Code) -> bool {
        self.0.reasons.iter().any(|reason| reason.code() == code)
    }

    /// What went wrong.
    pub fn code(&self) -> &Code {
        &self.0.code
    }

    /// What went wrong, for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do about it.
    #[cfg(test)]
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The claim of an ID token that failed.
    #[cfg(test)]
    pub fn claim(&self) -> Option<&'static str> {
        self.0.claim
    }

    /// What the provider said.
    #[cfg(test)]
    pub fn provider(&self) -> &ProviderError {
        &self.0.provider
    }

    /// The error as the page gets it.
    pub fn to_wire(&self) -> WireError {
        let inner = &*self.0;
        WireError {
            code: inner.code.as_str().to_owned(),
            message: inner.message.clone().into_owned(),
            hint: inner.hint.clone().map(Cow::into_owned),
            claim: inner.claim.map(str::to_owned),
            error: inner.provider.error.clone(),
            error_description: inner.provider.description.clone(),
            error_uri: inner.provider.uri.clone(),
            status: inner.provider.status,
            reasons: inner.reasons.iter().map(Error::to_wire).collect(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code().as_str())?;
        f.write_str(": ")?;
        f.write_str(self.message())
    }
}

impl std::error::Error for Error {}
