//! What a session is configured with, checked.
//!
//! The page checks the same rules before it opens the vault (`pkg-template/src/options.ts`), so that a mistake throws
//! where it was made; the vault does not rely on that. `tests/options.json` holds both to one table.

use std::ops::Deref;
use std::rc::Rc;

use crate::error::{Code, Error, Result};
use crate::json::decimal;
use crate::platform::*;
use crate::protocol::authorization::check_parameters;
use crate::protocol::jws::Alg;
use crate::protocol::metadata::is_secure_url;
use crate::protocol::scope::Scope;
use crate::vault::Target;
pub use crate::wire::Dpop;
use crate::wire::{self, ResponseMode};

/// A checked configuration: the options, and what follows from them in place of some.
#[derive(Clone, Debug)]
pub struct Config {
    /// The options as they came.
    pub options: Rc<wire::Options>,
    /// The scope every sign-in asks for; has `openid`.
    pub scope: Scope,
    /// The APIs that tokens may go to.
    pub apis: Vec<Api>,
    /// The origin of the page.
    pub origin: String,
    /// Whether the vault has an origin of its own.
    pub own_origin: bool,
    /// The host of the vault.
    pub host: String,
}

impl Deref for Config {
    type Target = wire::Options;

    fn deref(&self) -> &wire::Options {
        &self.options
    }
}

/// An API that tokens may go to.
#[derive(Clone, Debug)]
pub struct Api {
    /// What its tokens are for.
    pub target: Target,
    /// The scope it needs.
    pub scope: Scope,
    url: Url,
}

impl Api {
    /// Whether a token for this API may go to `url`: same scheme, host and port, and a path at or under the API's.
    fn covers(&self, url: &Url) -> bool {
        let prefix = self.url.path.as_str();
        url.origin == self.url.origin
            && !url.has_credentials
            && match url.path.strip_prefix(prefix) {
                Some(rest) => prefix == "/" || (ends_path(prefix, rest) && !climbs(rest)),
                None => false,
            }
    }
}

/// Whether `prefix` ends where a segment of the path ends.
fn ends_path(prefix: &str, rest: &str) -> bool {
    prefix.ends_with('/') || rest.is_empty() || rest.starts_with('/')
}

/// Whether a server that decodes `%2f` and `%5c` before it resolves dot segments would leave the folder.
fn climbs(path: &str) -> bool {
    let decoded: Vec<u8> = percent_encoding::percent_decode_str(path).collect();
    decoded.split(|byte| matches!(byte, b'/' | b'\\')).any(|segment| segment == b"..")
}

impl Config {
    /// Checks `options`. The error names the option and what it must be.
    pub fn new(options: Rc<wire::Options>, platform: &Realm) -> Result<Config> {
        let page = platform.parse_url(&options.origin).ok_or_else(|| invalid("origin", "must be the page's origin"))?;
        let vault = match &options.vault_origin {
            None => page.clone(),
            Some(origin) => {
                platform.parse_url(origin).ok_or_else(|| invalid("vault.origin", "must be an absolute URL"))?
            }
        };
        let own_origin = vault.origin != page.origin;
        if own_origin && options.dangerously_expose_access_token {
            return Err(invalid("dangerouslyExposeAccessToken", "cannot be had of a vault with an origin of its own"));
        }
        if options.client_id.is_empty() {
            return Err(invalid("clientId", "must be the client identifier that the provider gave you"));
        }
        let issuer = platform.parse_url(&options.issuer);
        if issuer.is_none_or(|url| url.has_credentials || url.href.contains(['?', '#'])) {
            return Err(invalid("issuer", "must be an absolute URL without query and fragment"));
        }
        require_secure("issuer", &options.issuer)?;
        let own = [
            ("redirectUri", Some(&options.redirect_uri)),
            ("postLogoutRedirectUri", options.post_logout_redirect_uri.as_ref()),
            ("silent.redirectUri", Some(&options.silent.redirect_uri)),
        ];
        for (name, uri) in own.into_iter().filter_map(|(name, uri)| Some((name, uri?))) {
            let url = platform.parse_url(uri).ok_or_else(|| invalid(name, "must be an absolute URL"))?;
            if url.origin != vault.origin {
                let whose = if own_origin { "vault" } else { "page" };
                return Err(invalid(name, &["must be of the ", whose, "'s origin"].concat()));
            }
            if uri.bytes().any(|byte| byte == b'#') {
                return Err(invalid(name, "must have no fragment (RFC 6749 section 3.1.2)"));
            }
        }
        if options.response_mode == Some(ResponseMode::WebMessage) {
            return Err(invalid("responseMode", "must be 'query' or 'fragment', or one of the .jwt modes"));
        }
        if options.state_prefix.is_empty()
            || !options.state_prefix.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        {
            return Err(invalid("statePrefix", "must be letters, digits and '-'"));
        }
        let alg = options.id_token_signing_alg.as_deref();
        if alg.is_some_and(|alg| {
            Alg::parse(alg).is_none_or(|alg| alg.is_hmac() && !options.dangerously_accept_hmac_id_tokens)
        }) {
            return Err(invalid("idTokenSigningAlg", "must be one of RS, PS and ES with 256, 384 or 512, or EdDSA"));
        }
        check_parameters(&options.params)?;
        let mut apis = Vec::<Api>::new();
        for (at, api) in options.apis.iter().enumerate() {
            let api = check_api(api, at, platform)?;
            if apis.iter().any(|other| other.url.href == api.url.href) {
                return Err(invalid_api(at, "url", "is there twice"));
            }
            apis.push(api);
        }
        Ok(Config {
            scope: Scope::parse("openid").union(&Scope::parse(&options.scope)),
            apis,
            origin: page.origin,
            own_origin,
            host: vault.host,
            options,
        })
    }

    /// The entry of `apis` that `url` belongs to: of several, the one with the longest path.
    pub fn api_for(&self, url: &Url) -> Option<&Api> {
        self.apis.iter().filter(|api| api.covers(url)).max_by_key(|api| api.url.path.len())
    }

    /// What a sign-in asks a token for: the first API, so that one round trip serves the usual page.
    pub fn default_target(&self) -> Target {
        self.apis.first().map(|api| api.target.clone()).unwrap_or_default()
    }

    /// The scope a token for `target` is asked with: the session's own and that of each API with this target.
    pub fn scope_for(&self, target: &Target) -> Scope {
        let of_target = self.apis.iter().filter(|api| api.target == *target);
        of_target.fold(self.scope.clone(), |scope, api| scope.union(&api.scope))
    }
}

fn check_api(api: &wire::ApiOptions, at: usize, platform: &Realm) -> Result<Api> {
    let url = platform.parse_url(&api.url).ok_or_else(|| invalid_api(at, "url", "must be an absolute URL"))?;
    if !is_secure_url(&url.href) {
        return Err(invalid_api(at, "url", HTTPS));
    }
    if url.has_credentials || url.href.contains(['?', '#']) {
        return Err(invalid_api(at, "url", "must have no user, query and fragment"));
    }
    if api.audience.is_some() && api.resource.is_some() {
        return Err(invalid_api(at, "audience", "and resource exclude each other: use what your provider knows"));
    }
    let target = Target { audience: api.audience.clone(), resource: api.resource.clone() };
    Ok(Api { target, scope: Scope::parse(&api.scope), url })
}

fn invalid_api(at: usize, name: &str, expected: &str) -> Error {
    invalid(&["apis[", &decimal(at as i64), "].", name].concat(), expected)
}

const HTTPS: &str = "must be https; http only on loopback (localhost)";

fn require_secure(name: &'static str, url: &str) -> Result<()> {
    if is_secure_url(url) { Ok(()) } else { Err(invalid(name, HTTPS)) }
}

fn invalid(name: &str, expected: &str) -> Error {
    Error::new(Code::InvalidOption, [name, " ", expected].concat())
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::client::World;

    /// The options that the page would send for `changes` to the base of `tests/options.json`.
    fn config(table: &Value, changes: &Value) -> Result<Config> {
        let mut options = table["base"].clone();
        let own = json!({ "origin": "https://app.example.com", "statePrefix": "srtest-" });
        for object in [changes, &own] {
            for (name, value) in object.as_object().unwrap() {
                options[name] = value.clone();
            }
        }
        options["params"] =
            options["params"].as_object().unwrap().iter().map(|(name, value)| json!([name, value])).collect();
        let options = crate::message::read(options.into()).unwrap();
        Config::new(Rc::new(options), &*World::new())
    }

    fn table() -> Value {
        serde_json::from_str(include_str!("../tests/options.json")).unwrap()
    }

    #[test]
    fn options_are_taken_and_refused_as_the_table_says() {
        let table = table();
        for changes in table["taken"].as_array().unwrap() {
            assert!(config(&table, changes).is_ok(), "{changes}");
        }
        for row in table["refused"].as_array().unwrap() {
            let error = config(&table, &row[0]).unwrap_err();
            assert_eq!(error.code(), &Code::InvalidOption);
            let message = error.to_wire().message;
            assert!(message.starts_with(row[1].as_str().unwrap()), "{}: {message}", row[0]);
        }
    }

    #[test]
    fn a_token_goes_to_what_lies_under_an_api_and_nowhere_else() {
        let apis = json!([
            { "url": "https://api.example.com/v1", "scope": "one" },
            { "url": "https://api.example.com/v1/admin/", "scope": "admin" },
            { "url": "https://whole.example", "scope": "whole" },
            { "url": "http://localhost:3000/api", "scope": "local" },
        ]);
        let config = config(&table(), &json!({ "apis": apis })).unwrap();
        let scope = |url: &str| {
            let url = crate::client::parse_url(url)?;
            config.api_for(&url).map(|api| api.scope.as_string())
        };
        for (url, expected) in [
            ("https://api.example.com/v1", "one"),
            ("https://api.example.com/v1/", "one"),
            ("https://api.example.com/v1/orders?page=2#top", "one"),
            ("https://api.example.com/v1?x", "one"),
            ("HTTPS://API.EXAMPLE.COM:443/v1/orders", "one"),
            ("https://api.example.com/v2/../v1/orders", "one"),
            ("https://api.example.com/v1/admin/users", "admin"),
            ("https://api.example.com/v1/admin", "one"),
            ("https://whole.example/any/thing", "whole"),
            ("https://whole.example", "whole"),
            ("http://localhost:3000/api/orders", "local"),
        ] {
            assert_eq!(scope(url).as_deref(), Some(expected), "{url}");
        }
        for url in [
            "https://api.example.com/",
            "https://api.example.com/v10",
            "https://api.example.com/v1.evil",
            "https://api.example.com/V1",
            "https://api.example.com/%761",
            "https://api.example.com/v1/../v2",
            "https://api.example.com/v1/%2e%2e/v2",
            "https://api.example.com/v1/..%2fv2",
            "https://api.example.com/v1/x%2F..%2F..%2Fv2",
            "https://api.example.com/v1/..%5cv2",
            "http://api.example.com/v1",
            "https://api.example.com:8443/v1",
            "https://api.example.com.evil.test/v1",
            "https://api.example.com@evil.test/v1",
            "https://evil.test/https://api.example.com/v1",
            "https://user@api.example.com/v1",
            "https://sub.api.example.com/v1",
            "https://example.com/v1",
            "https://api.example.com./v1",
            "http://127.0.0.1:3000/api",
            "http://localhost:3001/api",
            "https://localhost:3000/api",
            "blob:https://api.example.com/v1",
            "data:text/plain,https://api.example.com/v1",
            "//api.example.com/v1",
        ] {
            assert_eq!(scope(url), None, "{url}");
        }
    }

    #[test]
    fn openid_is_always_asked_for_and_each_api_adds_its_scope() {
        let apis = json!([
            { "url": "https://a.example/", "scope": "read", "resource": "urn:a" },
            { "url": "https://a.example/admin", "scope": "admin", "resource": "urn:a" },
            { "url": "https://b.example/", "scope": "other", "audience": "b" },
        ]);
        let config = config(&table(), &json!({ "scope": "email", "apis": apis })).unwrap();
        let target = config.default_target();
        assert_eq!(target.resource.as_deref(), Some("urn:a"));
        assert_eq!(config.scope_for(&target).as_string(), "openid email read admin");
        assert_eq!(config.scope_for(&Target::default()).as_string(), "openid email");
    }
}
