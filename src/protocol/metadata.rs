//! Provider metadata (OIDC Discovery 3 and 4, RFC 8414).

use super::HttpResponse;
use crate::error::{Code, Error, Result};
use crate::json::Json;

/// Checked metadata of the issuer that was asked for.
#[derive(Clone, Debug)]
pub struct Metadata {
    /// `issuer`
    pub issuer: String,
    /// `authorization_endpoint`
    pub authorization_endpoint: String,
    /// `token_endpoint`
    pub token_endpoint: String,
    /// `jwks_uri`
    pub jwks_uri: String,
    /// `end_session_endpoint` (RP-Initiated Logout 2.1)
    pub end_session_endpoint: Option<String>,
    /// `userinfo_endpoint`
    pub userinfo_endpoint: Option<String>,
    /// `revocation_endpoint` (RFC 7009)
    pub revocation_endpoint: Option<String>,
    /// `check_session_iframe` (OIDC Session Management 3.3)
    pub check_session_iframe: Option<String>,
    /// `pushed_authorization_request_endpoint` (RFC 9126 section 5)
    pub pushed_authorization_request_endpoint: Option<String>,
    /// `require_pushed_authorization_requests` (RFC 9126 section 5)
    pub require_pushed_authorization_requests: bool,
    /// `response_modes_supported`; empty when the provider does not say
    pub response_modes_supported: Vec<String>,
    /// `id_token_signing_alg_values_supported`; empty when the provider does not say
    pub id_token_signing_alg_values_supported: Vec<String>,
    /// `dpop_signing_alg_values_supported` (RFC 9449 section 5.1); empty when the provider does not say
    pub dpop_signing_alg_values_supported: Vec<String>,
    /// `authorization_response_iss_parameter_supported` (RFC 9207 section 3)
    pub authorization_response_iss_parameter_supported: bool,
}

/// Where the metadata of `issuer` may be: OIDC Discovery 4 first, then RFC 8414 section 3.1.
pub fn discovery_urls(issuer: &str) -> [String; 2] {
    let base = issuer.strip_suffix('/').unwrap_or(issuer);
    // Two slashes are before the host.
    let path_start = base.match_indices('/').nth(2).map_or(base.len(), |(at, _)| at);
    let (origin, path) = base.split_at(path_start);
    [
        [base, "/.well-known/openid-configuration"].concat(),
        [origin, "/.well-known/oauth-authorization-server", path].concat(),
    ]
}

impl Metadata {
    /// Reads the answer to a discovery request, which must speak of exactly `issuer`.
    pub fn from_response(response: &HttpResponse, issuer: &str) -> Result<Metadata> {
        Metadata::parse(&response.body, issuer)
    }

    /// Reads metadata given as JSON text, which must speak of exactly `issuer`.
    pub fn parse(text: &str, issuer: &str) -> Result<Metadata> {
        let json = Json::parse(text).filter(Json::is_object);
        let json = json.ok_or_else(|| failed("the provider's metadata is no JSON object"))?;
        let named = json.str("issuer").ok_or_else(|| failed("the provider's metadata names no issuer"))?;
        if named != issuer {
            return Err(issuer_mismatch(&named, issuer));
        }
        let optional = |name: &str| match json.str(name) {
            Some(url) if !is_secure_url(&url) => {
                Err(failed([name, " of the provider's metadata must be an https URL (http on loopback only)"].concat()))
            }
            url => Ok(url),
        };
        let required =
            |name: &str| optional(name)?.ok_or_else(|| failed(["the provider's metadata lacks ", name].concat()));
        let flag = |name: &str| json.get(name).and_then(Json::as_bool).unwrap_or(false);
        Ok(Metadata {
            issuer: named,
            authorization_endpoint: required("authorization_endpoint")?,
            token_endpoint: required("token_endpoint")?,
            jwks_uri: required("jwks_uri")?,
            end_session_endpoint: optional("end_session_endpoint")?,
            userinfo_endpoint: optional("userinfo_endpoint")?,
            revocation_endpoint: optional("revocation_endpoint")?,
            check_session_iframe: optional("check_session_iframe")?,
            pushed_authorization_request_endpoint: optional("pushed_authorization_request_endpoint")?,
            require_pushed_authorization_requests: flag("require_pushed_authorization_requests"),
            response_modes_supported: json.strings("response_modes_supported").unwrap_or_default(),
            id_token_signing_alg_values_supported: json
                .strings("id_token_signing_alg_values_supported")
                .unwrap_or_default(),
            dpop_signing_alg_values_supported: json.strings("dpop_signing_alg_values_supported").unwrap_or_default(),
            authorization_response_iss_parameter_supported: flag("authorization_response_iss_parameter_supported"),
        })
    }

    /// Whether the provider promises the response mode `name`.
    pub fn supports_response_mode(&self, name: &str) -> bool {
        self.response_modes_supported.iter().any(|mode| mode == name)
    }
}

/// The error for `got` where `wanted` was asked (OIDC Discovery 4.3).
pub fn issuer_mismatch(got: &str, wanted: &str) -> Error {
    let error = Error::new(
        Code::IssuerMismatch,
        ["the answer is that of the issuer \"", got, "\", and the option issuer says \"", wanted, "\""].concat(),
    );
    if got.trim_end_matches('/') == wanted.trim_end_matches('/') {
        return error.with_hint("they differ in a trailing slash only: write the option as the provider does");
    }
    error
}

/// Whether `url` is https, or http on loopback (`localhost`, names under it, 127.0.0.0/8, `[::1]`).
pub fn is_secure_url(url: &str) -> bool {
    if url.strip_prefix("https://").is_some_and(|rest| !rest.is_empty()) {
        return true;
    }
    let Some(rest) = url.strip_prefix("http://") else { return false };
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or("");
    if authority.bytes().any(|byte| byte == b'@') {
        return false;
    }
    let host = match authority.strip_prefix('[') {
        Some(ipv6) => return ipv6.split(']').next() == Some("::1"),
        None => authority.split(':').next().unwrap_or(""),
    };
    host == "localhost" || host.ends_with(".localhost") || is_loopback_address(host)
}

/// Whether `host` is of 127.0.0.0/8. Not by `Ipv4Addr`, whose parser is large.
fn is_loopback_address(host: &str) -> bool {
    let is_number = |part: &str| part.bytes().all(|digit| digit.is_ascii_digit()) && part.parse::<u8>().is_ok();
    host.starts_with("127.") && host.split('.').count() == 4 && host.split('.').all(is_number)
}

fn failed(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Code::DiscoveryFailed, message)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ISSUER: &str = "https://login.example.com";

    fn text() -> String {
        format!(
            r#"{{"issuer":"{ISSUER}","authorization_endpoint":"{ISSUER}/auth","token_endpoint":"{ISSUER}/token",
            "jwks_uri":"{ISSUER}/jwks","response_modes_supported":["query","web_message"],"claims_supported":null}}"#
        )
    }

    fn refusal(text: &str) -> Error {
        Metadata::parse(text, ISSUER).expect_err("it must be refused")
    }

    #[test]
    fn oidcc_client_test_discovery_openid_config() {
        let metadata = Metadata::parse(&text(), ISSUER).expect("it is right");
        assert_eq!(metadata.token_endpoint, "https://login.example.com/token");
        assert!(metadata.supports_response_mode("web_message") && !metadata.supports_response_mode("fragment"));
        assert!(!metadata.authorization_response_iss_parameter_supported);
        assert_eq!(metadata.end_session_endpoint, None);
    }

    #[test]
    fn oidcc_client_test_discovery_issuer_mismatch() {
        let error = refusal(&text().replace(r#""issuer":"https://login"#, r#""issuer":"https://evil"#));
        assert_eq!(*error.code(), Code::IssuerMismatch);
        assert!(error.message().contains("https://evil.example.com") && error.message().contains(ISSUER));
        let error = refusal(&text().replace(r#"example.com","auth"#, r#"example.com/","auth"#));
        assert!(error.hint().is_some_and(|hint| hint.contains("trailing slash")));
    }

    #[test]
    fn what_is_missing_is_named() {
        for name in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
            let error = refusal(&text().replace(name, "other"));
            assert_eq!(*error.code(), Code::DiscoveryFailed);
            assert!(error.message().contains(name), "{}", error.message());
        }
        for wrong in ["", "[]", "null", "<html>", "{}"] {
            assert_eq!(*refusal(wrong).code(), Code::DiscoveryFailed, "{wrong}");
        }
    }

    #[test]
    fn endpoints_without_tls_are_refused() {
        for evil in ["http://login.example.com/token", "javascript:alert(1)", "//login.example.com/token"] {
            let error = refusal(&text().replace("https://login.example.com/token", evil));
            assert!(error.message().contains("token_endpoint"), "{evil}");
        }
    }

    #[test]
    fn discovery_has_two_places() {
        assert_eq!(
            discovery_urls("https://x.test/tenant/"),
            [
                "https://x.test/tenant/.well-known/openid-configuration",
                "https://x.test/.well-known/oauth-authorization-server/tenant",
            ]
        );
        assert_eq!(discovery_urls("https://x.test")[1], "https://x.test/.well-known/oauth-authorization-server");
    }

    #[test]
    fn http_is_for_loopback_alone() {
        for good in [
            "https://x.test",
            "http://localhost:3000/",
            "http://app.localhost",
            "http://127.8.0.1",
            "http://[::1]:80/x",
        ] {
            assert!(is_secure_url(good), "{good}");
        }
        for bad in [
            "http://x.test",
            "http://localhost.evil.test",
            "http://localhost@evil.test/",
            "http://evil.test\\@localhost",
            "http://127.0.0.1.evil.test",
            "http://[::2]/",
            "ftp://localhost",
            "https://",
            "localhost",
        ] {
            assert!(!is_secure_url(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".*", issuer in ".*") {
            let _ = Metadata::parse(&text, &issuer);
            discovery_urls(&issuer);
            is_secure_url(&text);
        }
    }
}
