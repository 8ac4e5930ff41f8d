//! What a session is configured with, checked.
//!
//! The page checks the same rules before it opens the vault (`pkg-template/src/options.ts`), so that a mistake throws
//! where it was made; the vault does not rely on that. `tests/options.json` holds both to one table.

use std::collections::HashSet;

use crate::error::{Code, Error, Result};
use crate::platform::{Platform, Url};
use crate::protocol::authorization::check_parameters;
use crate::protocol::metadata::is_secure_url;
use crate::protocol::scope::Scope;
use crate::vault::Target;
use crate::wire::{self, ResponseMode};

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// The issuer identifier, exactly as the provider's metadata has it.
    pub issuer: String,
    /// The client identifier.
    pub client_id: String,
    /// The scope every sign-in asks for; has `openid`.
    pub scope: Scope,
    /// Where the provider sends the user back to.
    pub redirect_uri: String,
    /// Where the provider sends the user after signing out.
    pub post_logout_redirect_uri: Option<String>,
    /// How a redirect is answered; the provider's default if absent.
    pub response_mode: Option<ResponseMode>,
    /// Extra parameters of every authorization request.
    pub params: Vec<(String, String)>,
    /// The APIs that tokens may go to.
    pub apis: Vec<Api>,
    /// Silent authentication.
    pub silent: wire::SilentOptions,
    /// The provider's metadata as JSON text.
    pub metadata: Option<String>,
    /// The longest wait for one answer of the provider, in milliseconds.
    pub request_timeout_ms: u32,
    /// The origin of the page.
    pub origin: String,
    /// The host of the page.
    pub host: String,
    /// What the `state` of each of this session's requests begins with.
    pub state_prefix: String,
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
    let decoded = path.to_ascii_lowercase().replace("%2f", "/").replace("%5c", "/").replace("%2e", ".");
    decoded.split('/').any(|segment| segment == "..")
}

impl Config {
    /// Checks `options`. The error names the option and what it must be.
    pub fn new(options: wire::Options, platform: &dyn Platform) -> Result<Config> {
        let page = platform.parse_url(&options.origin).ok_or_else(|| invalid("origin", "must be the page's origin"))?;
        if options.client_id.is_empty() {
            return Err(invalid("clientId", "must be the client identifier that the provider gave you"));
        }
        let issuer = platform.parse_url(&options.issuer);
        if issuer.is_none_or(|url| url.has_credentials || url.href.contains(['?', '#'])) {
            return Err(invalid("issuer", "must be an absolute URL without query and fragment"));
        }
        require_secure("issuer", &options.issuer)?;
        for (name, uri) in
            [("redirectUri", &options.redirect_uri), ("silent.redirectUri", &options.silent.redirect_uri)]
        {
            let url = platform.parse_url(uri).ok_or_else(|| invalid(name, "must be an absolute URL"))?;
            if url.origin != page.origin {
                return Err(invalid(name, "must be of the page's origin"));
            }
            if uri.contains('#') {
                return Err(invalid(name, "must have no fragment (RFC 6749 section 3.1.2)"));
            }
        }
        if options.response_mode == Some(ResponseMode::WebMessage) {
            return Err(invalid("responseMode", "must be 'query' or 'fragment'"));
        }
        if options.state_prefix.is_empty()
            || !options.state_prefix.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        {
            return Err(invalid("statePrefix", "must be letters, digits and '-'"));
        }
        check_parameters(&options.params)?;
        let apis = options.apis.into_iter().map(|api| check_api(api, platform)).collect::<Result<Vec<_>>>()?;
        let mut urls = HashSet::new();
        if !apis.iter().all(|api| urls.insert(api.url.href.as_str())) {
            return Err(invalid("apis", "must not name one URL twice"));
        }
        Ok(Config {
            issuer: options.issuer,
            client_id: options.client_id,
            scope: Scope::parse("openid").union(&Scope::parse(&options.scope)),
            redirect_uri: options.redirect_uri,
            post_logout_redirect_uri: options.post_logout_redirect_uri,
            response_mode: options.response_mode,
            params: options.params,
            apis,
            silent: options.silent,
            metadata: options.metadata,
            request_timeout_ms: options.request_timeout_ms,
            origin: page.origin,
            host: page.host,
            state_prefix: options.state_prefix,
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

fn check_api(api: wire::ApiOptions, platform: &dyn Platform) -> Result<Api> {
    let url = platform.parse_url(&api.url).ok_or_else(|| invalid("apis[].url", "must be an absolute URL"))?;
    require_secure("apis[].url", &url.href)?;
    if url.has_credentials || url.href.contains(['?', '#']) {
        return Err(invalid("apis[].url", "must have no user, query and fragment"));
    }
    if api.audience.is_some() && api.resource.is_some() {
        return Err(invalid("apis[].audience", "and resource exclude each other: use what your provider knows"));
    }
    let target = Target { audience: api.audience, resource: api.resource };
    Ok(Api { target, scope: Scope::parse(&api.scope), url })
}

fn require_secure(name: &'static str, url: &str) -> Result<()> {
    if is_secure_url(url) { Ok(()) } else { Err(invalid(name, "must be https; http only on loopback (localhost)")) }
}

fn invalid(name: &str, expected: &str) -> Error {
    Error::new(Code::InvalidOption, [name, " ", expected].concat())
}
