//! The authorization request and its response (RFC 6749 section 4.1, OIDC Core 3.1.2, RFC 9207).

use std::fmt;

use super::jws::{Kind, UnverifiedJws, VerifiedJws};
use super::metadata::{Metadata, issuer_mismatch};
use super::transaction::Transaction;
use super::{HttpRequest, HttpResponse, UnixTime, form};
use crate::error::{Code, Error, ProviderError, Result};
use crate::json::Json;
use crate::secret::AuthorizationCode;
use crate::wire::ResponseMode;

/// The parameters that are the client's own business.
pub const RESERVED_PARAMETERS: &[&str] = &[
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "nonce",
    "redirect_uri",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
];

/// Refuses extra parameters that would override the client's own.
pub fn check_parameters(params: &[(String, String)]) -> Result<()> {
    match params.iter().find(|param| RESERVED_PARAMETERS.contains(&param.0.as_str())) {
        None => Ok(()),
        Some((name, _)) => Err(Error::new(Code::InvalidOption, ["params must not contain ", name].concat())
            .with_hint("Strongroom sets it itself; scope, redirectUri and responseMode are options of their own")),
    }
}

/// A request for an authorization code with PKCE S256.
///
/// It has no `id_token_hint`: the page loads its URL, and would hold the ID token.
pub struct AuthorizationRequest<'a> {
    /// `client_id`
    pub client_id: &'a str,
    /// `redirect_uri`
    pub redirect_uri: &'a str,
    /// `scope`
    pub scope: &'a str,
    /// `state`
    pub state: &'a str,
    /// `nonce`
    pub nonce: &'a str,
    /// `code_challenge` (RFC 7636 section 4.3)
    pub code_challenge: &'a str,
    /// `response_mode`; the provider's default if absent
    pub response_mode: Option<ResponseMode>,
    /// `prompt`; wins over one in `params`
    pub prompt: Option<&'a str>,
    /// `audience` (Auth0's way)
    pub audience: Option<&'a str>,
    /// `resource` (RFC 8707 section 2)
    pub resources: &'a [String],
    /// Further parameters; of two with one name the last counts.
    pub params: &'a [(String, String)],
}

impl AuthorizationRequest<'_> {
    /// The URL to go to.
    pub fn url(&self, authorization_endpoint: &str) -> String {
        form::append_query(authorization_endpoint, &self.pairs())
    }

    /// The request that leaves the parameters with the provider (RFC 9126 section 2.1).
    pub fn pushed(&self, pushed_authorization_request_endpoint: &str) -> HttpRequest {
        HttpRequest::post_form(pushed_authorization_request_endpoint, &self.pairs())
    }

    fn pairs(&self) -> Vec<(&str, &str)> {
        let mut pairs = vec![
            ("client_id", self.client_id),
            ("response_type", "code"),
            ("redirect_uri", self.redirect_uri),
            ("scope", self.scope),
            ("state", self.state),
            ("nonce", self.nonce),
            ("code_challenge", self.code_challenge),
            ("code_challenge_method", "S256"),
        ];
        let optional = [
            ("response_mode", self.response_mode.map(ResponseMode::as_str)),
            ("prompt", self.prompt),
            ("audience", self.audience),
        ];
        pairs.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?))));
        pairs.extend(self.resources.iter().map(|resource| ("resource", resource.as_str())));
        let own = pairs.len();
        for (at, (name, value)) in self.params.iter().enumerate() {
            let again = self.params.iter().skip(at + 1).any(|later| later.0 == *name);
            if !again && !pairs.iter().take(own).any(|pair| pair.0 == name) {
                pairs.push((name, value));
            }
        }
        pairs
    }
}

/// The URL to go to with what [`AuthorizationRequest::pushed`] was answered (RFC 9126 sections 2.2, 2.3 and 4).
pub fn pushed_url(authorization_endpoint: &str, client_id: &str, response: &HttpResponse) -> Result<String> {
    let json = Json::parse(&response.body).filter(Json::is_object);
    let request_uri = json.as_ref().and_then(|json| json.str("request_uri"));
    match request_uri.filter(|uri| !uri.is_empty()) {
        Some(request_uri) if matches!(response.status, 200 | 201) => {
            Ok(form::append_query(authorization_endpoint, &[("client_id", client_id), ("request_uri", &request_uri)]))
        }
        _ => {
            let provider = ProviderError::of(json.as_ref(), response.status);
            Err(match provider.error {
                Some(_) => Error::from_provider(provider),
                None => invalid("the provider does not take the pushed authorization request").with_provider(provider),
            })
        }
    }
}

impl ResponseMode {
    /// Whether the response comes as a signed JWT (JARM 2.3).
    pub fn is_signed(self) -> bool {
        matches!(self, ResponseMode::Jwt | ResponseMode::QueryJwt | ResponseMode::FragmentJwt)
    }
}

/// The parameters of an authorization response, before any check.
#[derive(Default)]
pub struct UncheckedAuthorizationResponse {
    state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
    session_state: Option<String>,
    provider: ProviderError,
}

/// Shows nothing of the code and the state.
impl fmt::Debug for UncheckedAuthorizationResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UncheckedAuthorizationResponse").finish_non_exhaustive()
    }
}

/// A checked response.
#[derive(Debug)]
pub struct AuthorizationResponse {
    /// `code`
    pub code: AuthorizationCode,
    /// `session_state` (OIDC Session Management 3)
    pub session_state: Option<String>,
}

/// An authorization response as it came.
pub enum ReceivedAuthorizationResponse {
    /// In parameters.
    Plain(UncheckedAuthorizationResponse),
    /// As a signed JWT (JARM 2.3).
    Signed(UnverifiedJws),
}

impl ReceivedAuthorizationResponse {
    /// Reads a callback URL: the answer is where a `state` or a signed `response` is, in the query or in the fragment,
    /// whichever was asked for.
    pub fn from_callback_url(url: &str) -> Result<Self> {
        let (before, fragment) = url.split_once('#').unwrap_or((url, ""));
        let query = before.split_once('?').map_or("", |(_, query)| query);
        let in_query = form::decode(query);
        let in_fragment = form::decode(fragment);
        let has = |pairs: &[(String, String)], name: &str| pairs.iter().filter(|pair| pair.0 == name).count();
        for pairs in [&in_query, &in_fragment] {
            if has(pairs, "response") == 1 && has(pairs, "state") == 0 {
                let (_, jwt) = pairs.iter().find(|pair| pair.0 == "response").ok_or_else(|| twice("response"))?;
                return Ok(Self::Signed(UnverifiedJws::parse(Kind::AuthorizationResponse, jwt, false)?));
            }
        }
        match (has(&in_query, "state") > 0, has(&in_fragment, "state") > 0) {
            (true, true) => Err(twice("state")),
            (false, true) => UncheckedAuthorizationResponse::from_pairs(in_fragment).map(Self::Plain),
            _ => UncheckedAuthorizationResponse::from_pairs(in_query).map(Self::Plain),
        }
    }

    /// Reads the `response` member of a web message, as JSON text.
    pub fn from_web_message(response: &str) -> Result<Self> {
        let json = Json::parse(response).filter(Json::is_object);
        let json = json.ok_or_else(|| invalid("the provider's web message has no response object"))?;
        UncheckedAuthorizationResponse::from_json(&json).map(Self::Plain)
    }

    /// The `state`, if there is exactly one: it tells which transaction the response claims to belong to.
    pub fn state(&self) -> Option<String> {
        match self {
            Self::Plain(response) => response.state.clone(),
            Self::Signed(jws) => jws.unverified_claim("state"),
        }
    }
}

impl UncheckedAuthorizationResponse {
    /// The parameters in a signed response whose signature is right (JARM 2.4).
    pub fn from_signed(jws: VerifiedJws, metadata: &Metadata, client_id: &str, now: UnixTime) -> Result<Self> {
        Self::from_json(&jws.claims(&metadata.issuer, client_id, now, true)?)
    }

    fn from_json(json: &Json) -> Result<Self> {
        let texts = json.members().iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
        Self::from_pairs(texts.collect())
    }

    fn from_pairs(pairs: Vec<(String, String)>) -> Result<Self> {
        let mut response = Self::default();
        for (name, value) in pairs {
            let place = match name.as_str() {
                "state" => &mut response.state,
                "code" => &mut response.code,
                "iss" => &mut response.iss,
                "session_state" => &mut response.session_state,
                "error" => &mut response.provider.error,
                "error_description" => &mut response.provider.description,
                "error_uri" => &mut response.provider.uri,
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err(twice(&name));
            }
        }
        Ok(response)
    }

    /// Refuses a code that came unsigned where a signed response was asked for.
    pub fn unless_signed_was_asked(self, transaction: &Transaction) -> Result<Self> {
        match transaction.signed_response && self.code.is_some() {
            true => Err(invalid("the provider's answer is not signed, as response_mode demands")),
            false => Ok(self),
        }
    }

    /// Checks the response against the transaction it must belong to (RFC 6749 section 10.12, RFC 9207 section 2.4).
    pub fn check(self, transaction: &Transaction, metadata: &Metadata) -> Result<AuthorizationResponse> {
        if self.state.as_deref() != Some(&transaction.state) {
            return Err(Error::new(Code::StateMismatch, "the provider's answer belongs to another request"));
        }
        match &self.iss {
            Some(iss) if *iss != metadata.issuer => return Err(issuer_mismatch(iss, &metadata.issuer)),
            None if metadata.authorization_response_iss_parameter_supported => {
                return Err(Error::new(
                    Code::IssuerMismatch,
                    "the provider's answer does not say who answers (iss), though its metadata promises it",
                ));
            }
            _ => {}
        }
        if self.provider.error.is_some() {
            let code_too = self.code.is_some();
            let error = Error::from_provider(self.provider);
            return Err(match error.code().as_str() {
                _ if code_too => invalid("the provider's answer has both a code and an error"),
                "consent_required" if is_loopback(&transaction.redirect_uri) => error.with_hint(
                    "providers do not skip consent for localhost: sign in once with prompt 'consent', or use a host name of your own",
                ),
                _ => error,
            });
        }
        match self.code {
            Some(code) if !code.is_empty() => {
                Ok(AuthorizationResponse { code: AuthorizationCode::new(code), session_state: self.session_state })
            }
            _ => Err(invalid("the provider's answer has neither a code nor an error")),
        }
    }
}

fn is_loopback(uri: &str) -> bool {
    ["http://localhost", "https://localhost", "http://127.0.0.1", "https://127.0.0.1"]
        .iter()
        .any(|l| uri.starts_with(l))
}

fn invalid(message: &'static str) -> Error {
    Error::new(Code::InvalidResponse, message)
}

fn twice(name: &str) -> Error {
    Error::new(Code::InvalidResponse, ["the provider's answer has the parameter ", name, " twice"].concat())
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
