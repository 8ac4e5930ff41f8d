//! Pure OAuth 2.0 and OpenID Connect: requests go out as values, responses come in unchecked and leave checked.
//!
//! No web-sys, no clock, no randomness, no await in here: time and random bytes are arguments.

pub mod authorization;
pub mod base64url;
pub mod challenge;
pub mod claims;
pub mod dpop;
pub mod form;
pub mod id_token;
pub mod jwk;
pub mod jws;
pub mod logout;
pub mod metadata;
pub mod pkce;
pub mod scope;
pub mod time;
pub mod token;
pub mod transaction;
pub mod userinfo;

use std::fmt;

pub use time::{Moment, UnixTime};

/// The tolerance for clocks that differ, in seconds.
pub const LEEWAY_SECONDS: i64 = 60;
/// How long a transaction waits for its answer, in milliseconds.
pub const TRANSACTION_LIFE_MILLIS: i64 = 15 * 60 * 1000;

/// The method of a request to the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpMethod {
    /// GET
    Get,
    /// POST
    Post,
}

/// What the browser's HTTP cache may do for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cache {
    /// As the response's headers say.
    Default,
    /// Serve what it holds, however old; fetch only what it does not hold.
    Stored,
    /// Fetch.
    Reload,
}

/// A request to the provider.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// The method.
    pub method: HttpMethod,
    /// The absolute URL.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Option<String>,
    /// The cache.
    pub cache: Cache,
    /// Whether it is to arrive even if the page is left meanwhile.
    pub keepalive: bool,
}

impl HttpRequest {
    /// A GET request for JSON.
    pub fn get(url: &str) -> HttpRequest {
        HttpRequest {
            method: HttpMethod::Get,
            url: url.to_owned(),
            headers: vec![accept_json()],
            body: None,
            cache: Cache::Default,
            keepalive: false,
        }
    }

    /// A POST request with a form, for JSON.
    pub fn post_form(url: &str, form: &[(&str, &str)]) -> HttpRequest {
        HttpRequest {
            method: HttpMethod::Post,
            url: url.to_owned(),
            headers: vec![accept_json(), ("content-type", "application/x-www-form-urlencoded".to_owned())],
            body: Some(form::encode(form)),
            cache: Cache::Default,
            keepalive: false,
        }
    }
}

fn accept_json() -> (&'static str, String) {
    ("accept", "application/json".to_owned())
}

/// Shows neither headers nor body: they hold secrets.
impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest").field("method", &self.method).field("url", &self.url).finish_non_exhaustive()
    }
}

/// The provider's answer.
#[derive(Clone)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// Names, in lower case, and values: those that CORS shows.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
}

impl HttpResponse {
    /// The value of the header `name` (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.0 == name).map(|header| header.1.as_str())
    }

    /// How long the answer may be used, in seconds, where `Cache-Control` says so (RFC 9111 section 5.2.2.1).
    pub fn max_age(&self) -> Option<i64> {
        let directives = self.header("cache-control")?.to_ascii_lowercase();
        let mut life = None;
        for directive in directives.split(',').map(str::trim) {
            match directive.split_once('=') {
                None if directive == "no-store" || directive == "no-cache" => return Some(0),
                Some(("max-age", seconds)) => life = seconds.trim_matches('"').parse().ok().filter(|life| *life >= 0),
                _ => {}
            }
        }
        life
    }

    /// How long to wait before asking again, in milliseconds, where `Retry-After` says so (RFC 9110 section 10.2.3).
    pub fn retry_after(&self, now: UnixTime) -> Option<i64> {
        let value = self.header("retry-after")?.trim();
        match value.parse::<u32>() {
            Ok(seconds) => Some(i64::from(seconds) * 1000),
            Err(_) => Some(UnixTime::from_http_date(value)?.saturating_sub(now).max(0)),
        }
    }
}

/// Shows no body: it holds tokens.
impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpResponse").field("status", &self.status).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, value: &str) -> HttpResponse {
        HttpResponse { status: 200, headers: vec![(name.to_owned(), value.to_owned())], body: String::new() }
    }

    #[test]
    fn max_age_is_read_from_cache_control() {
        assert_eq!(with("cache-control", "public, Max-Age=300").max_age(), Some(300));
        assert_eq!(with("cache-control", "no-store, max-age=300").max_age(), Some(0));
        assert_eq!(with("cache-control", "public").max_age(), None);
        assert_eq!(with("cache-control", "max-age=-1").max_age(), None);
        assert_eq!(with("expires", "0").max_age(), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = UnixTime::from_millis(784_111_770_000);
        assert_eq!(with("retry-after", "120").retry_after(now), Some(120_000));
        assert_eq!(with("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT").retry_after(now), Some(7_000));
        assert_eq!(with("retry-after", "soon").retry_after(now), None);
    }

    #[test]
    fn debug_shows_no_body() {
        let request = HttpRequest::post_form("https://login.example.com/token", &[("refresh_token", "hush")]);
        let response = HttpResponse { status: 200, headers: Vec::new(), body: "hush".to_owned() };
        assert!(!format!("{request:?}{response:?}").contains("hush"));
    }
}
