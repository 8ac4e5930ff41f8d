//! Token requests and their response (RFC 6749 sections 4.1.3, 5 and 6, OIDC Core 3.1.3 and 12).

use std::fmt;

use super::scope::Scope;
use super::transaction::Transaction;
use super::{HttpRequest, HttpResponse};
use crate::error::{Code, Error, ProviderError, Result};
use crate::json::{Json, decimal};
use crate::secret::{AccessToken, AuthorizationCode, RawIdToken, RefreshToken};

/// Redeems `code` with the verifier of its transaction (RFC 7636 section 4.5).
pub fn code_request(
    token_endpoint: &str,
    client_id: &str,
    code: &AuthorizationCode,
    transaction: &Transaction,
) -> HttpRequest {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("client_id", client_id),
        ("code", code.expose()),
        ("redirect_uri", &transaction.redirect_uri),
        ("code_verifier", transaction.code_verifier.expose()),
    ];
    form.extend(transaction.resource.as_deref().map(|resource| ("resource", resource)));
    HttpRequest::post_form(token_endpoint, &form)
}

/// Asks for a new access token (RFC 6749 section 6), for `resource` (RFC 8707 section 2.2) or `audience` if given.
pub fn refresh_request(
    token_endpoint: &str,
    client_id: &str,
    refresh_token: &RefreshToken,
    scope: Option<&Scope>,
    audience: Option<&str>,
    resource: Option<&str>,
) -> HttpRequest {
    let mut form =
        vec![("grant_type", "refresh_token"), ("client_id", client_id), ("refresh_token", refresh_token.expose())];
    let scope = scope.map(Scope::as_string);
    let optional = [("scope", scope.as_deref()), ("audience", audience), ("resource", resource)];
    form.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?))));
    HttpRequest::post_form(token_endpoint, &form)
}

/// Takes a token back (RFC 7009 section 2.1). It is to arrive even if the page is left.
pub fn revocation_request(revocation_endpoint: &str, client_id: &str, token: &str, hint: &str) -> HttpRequest {
    let form = [("token", token), ("token_type_hint", hint), ("client_id", client_id)];
    HttpRequest { keepalive: true, ..HttpRequest::post_form(revocation_endpoint, &form) }
}

/// How an access token is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    /// RFC 6750
    Bearer,
    /// RFC 9449
    DPoP,
}

/// A successful answer of the token endpoint.
pub struct TokenResponse {
    /// `access_token`
    pub access_token: AccessToken,
    /// `token_type`
    pub token_type: TokenType,
    /// `expires_in`, in seconds; absent when the provider does not say
    pub expires_in: Option<i64>,
    /// `refresh_token`
    pub refresh_token: Option<RefreshToken>,
    /// `refresh_token_expires_in`, or what else providers call it, in seconds
    pub refresh_token_expires_in: Option<i64>,
    /// `scope`, where it is not as asked
    pub scope: Option<Scope>,
    /// `authorization_details`, as JSON text (RFC 9396 section 7)
    pub authorization_details: Option<String>,
    /// `id_token`, unverified
    pub id_token: Option<RawIdToken>,
}

impl TokenResponse {
    /// Reads an answer. The provider's own error passes through; what is no OAuth answer at all (a captive portal's
    /// page, a proxy's error) is `provider_unavailable`.
    pub fn from_response(response: &HttpResponse) -> Result<TokenResponse> {
        let json = Json::parse(&response.body).filter(Json::is_object);
        if response.status != 200 {
            let provider = ProviderError::of(json.as_ref(), response.status);
            if provider.error.is_some() {
                return Err(Error::from_provider(provider));
            }
            let code = match response.status {
                400..=499 => Code::Provider("invalid_grant".to_owned()),
                _ => Code::ProviderUnavailable,
            };
            let message =
                ["the token endpoint answers with status ", &decimal(response.status.into()), " and gives no reason"]
                    .concat();
            return Err(Error::new(code, message).with_status(response.status));
        }
        let json = json.ok_or_else(|| {
            Error::new(Code::ProviderUnavailable, "what answers for the token endpoint sends no JSON object")
                .with_status(response.status)
        })?;
        let secret = |name: &str| json.str(name).filter(|secret| !secret.is_empty());
        let access_token = secret("access_token").ok_or_else(|| invalid("the token response has no access_token"))?;
        if !access_token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(invalid("the access token holds characters that no header can carry"));
        }
        let token_type = json.str("token_type").unwrap_or_default();
        let token_type = if token_type.eq_ignore_ascii_case("bearer") {
            TokenType::Bearer
        } else if token_type.eq_ignore_ascii_case("dpop") {
            TokenType::DPoP
        } else {
            return Err(invalid("the token response has a token_type that is neither Bearer nor DPoP"));
        };
        Ok(TokenResponse {
            access_token: AccessToken::new(access_token),
            token_type,
            expires_in: seconds(&json, "expires_in"),
            refresh_token: secret("refresh_token").map(RefreshToken::new),
            refresh_token_expires_in: ["refresh_token_expires_in", "refresh_expires_in", "refresh_token_lifetime"]
                .iter()
                .find_map(|name| seconds(&json, name))
                // Keycloak's word for "never".
                .filter(|seconds| *seconds > 0),
            scope: json.str("scope").map(|scope| Scope::parse(&scope)),
            authorization_details: json.get("authorization_details").map(Json::to_text),
            id_token: secret("id_token").map(RawIdToken::new),
        })
    }
}

/// Shows no token.
impl fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenResponse").field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// A number of seconds, which some providers send as a string.
fn seconds(json: &Json, name: &str) -> Option<i64> {
    let value = json.get(name)?;
    let seconds = value.as_f64().or_else(|| value.as_str()?.parse::<u32>().ok().map(f64::from))?;
    (seconds >= 0.0).then_some(seconds as i64)
}

/// Whether an answer to a refresh is the provider's refusal of the refresh token: with an error or without, the ladder
/// goes on. 429 and 5xx are none.
pub fn is_refresh_refused(response: &HttpResponse) -> bool {
    matches!(response.status, 400 | 401 | 403)
}

fn invalid(message: &'static str) -> Error {
    Error::new(Code::InvalidResponse, message)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::protocol::transaction::tests::transaction;
    use proptest::prelude::*;

    fn read(status: u16, body: &str) -> Result<TokenResponse> {
        TokenResponse::from_response(&HttpResponse { status, headers: Vec::new(), body: body.to_owned() })
    }

    #[test]
    fn a_code_is_redeemed_with_its_verifier() {
        let code = AuthorizationCode::new("c&d".to_owned());
        let request = code_request("https://login.example.com/token", "spa", &code, &transaction());
        assert_eq!(
            request.body.as_deref(),
            Some(
                "grant_type=authorization_code&client_id=spa&code=c%26d&redirect_uri=https%3A%2F%2Fapp.example.com%2F\
                 &code_verifier=v-erifier&resource=https%3A%2F%2Fapi.example.com%2F"
            )
        );
    }

    #[test]
    fn a_refresh_names_what_it_is_for() {
        let token = RefreshToken::new("r".to_owned());
        let body = |scope: Option<&Scope>, audience, resource| {
            refresh_request("https://x/token", "spa", &token, scope, audience, resource).body.unwrap_or_default()
        };
        assert_eq!(body(None, None, None), "grant_type=refresh_token&client_id=spa&refresh_token=r");
        assert!(body(Some(&Scope::parse("a b")), Some("aud"), None).ends_with("&scope=a+b&audience=aud"));
    }

    #[test]
    fn the_usual_answers_are_read() {
        let full = r#"{"access_token":"a","token_type":"BEARER","expires_in":"3600","refresh_token":"r","scope":"openid","id_token":"i"}"#;
        let response = read(200, full).expect("it is right");
        assert_eq!((response.token_type, response.expires_in), (TokenType::Bearer, Some(3600)));
        assert_eq!(response.scope, Some(Scope::parse("openid")));
        let least = read(200, r#"{"access_token":"a","token_type":"dpop","expires_in":-5,"refresh_token":""}"#);
        let least = least.expect("it is right");
        assert!(least.token_type == TokenType::DPoP && least.expires_in.is_none() && least.refresh_token.is_none());
    }

    #[test]
    fn what_is_no_token_response_is_refused() {
        for body in [
            "{}",
            r#"{"access_token":"a"}"#,
            r#"{"access_token":"a","token_type":"mac"}"#,
            r#"{"token_type":"bearer"}"#,
            r#"{"access_token":7,"token_type":"bearer"}"#,
            "{\"access_token\":\"a\\nX: y\",\"token_type\":\"bearer\"}",
        ] {
            assert_eq!(*read(200, body).expect_err(body).code(), Code::InvalidResponse, "{body}");
        }
        for body in ["", "<html>", r#"{"access_token":"a""#, "null", "[]"] {
            assert_eq!(*read(200, body).expect_err(body).code(), Code::ProviderUnavailable, "{body}");
        }
    }

    #[test]
    fn the_providers_error_passes_through() {
        let error = read(400, r#"{"error":"invalid_grant","error_description":"reused"}"#).expect_err("refused");
        assert_eq!(error.code().as_str(), "invalid_grant");
        assert_eq!(error.provider().status, Some(400));
        assert_eq!(read(400, "").expect_err("refused").code().as_str(), "invalid_grant");
        assert_eq!(*read(503, "busy").expect_err("down").code(), Code::ProviderUnavailable);
    }

    #[test]
    fn only_refusals_count_as_refusals() {
        let refused = |status| is_refresh_refused(&HttpResponse { status, headers: Vec::new(), body: String::new() });
        assert!(refused(400) && refused(401) && refused(403));
        assert!(!refused(429) && !refused(500) && !refused(503) && !refused(404));
    }

    #[test]
    fn debug_shows_no_token() {
        let response = read(200, r#"{"access_token":"hush","token_type":"bearer","refresh_token":"hush"}"#);
        assert!(!format!("{response:?}").contains("hush"));
    }

    proptest! {
        #[test]
        fn no_body_makes_it_panic(status: u16, body in ".*") {
            let _ = read(status, &body);
        }
    }
}
