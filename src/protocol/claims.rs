//! Aggregated and distributed claims (OIDC Core 5.6.2): claims that somebody else vouches for.

use super::HttpRequest;
use super::metadata::is_secure_url;
use crate::json::Json;
use crate::secret::AccessToken;

/// The most sources that are asked for one user.
const MOST_SOURCES: usize = 16;

/// Where claims come from.
pub enum Source {
    /// They came along, as a JWT.
    Aggregated(String),
    /// They are to be fetched.
    Distributed { endpoint: String, access_token: Option<AccessToken> },
}

/// A source and the claims it is named for.
pub struct ClaimsSource {
    /// The names of the claims.
    pub claims: Vec<String>,
    /// Where they come from.
    pub source: Source,
}

/// The sources that `claims` refers to. One that is neither a JWT nor a secure URL is left out.
pub fn sources(claims: &Json) -> Vec<ClaimsSource> {
    let (Some(names), Some(sources)) = (claims.get("_claim_names"), claims.get("_claim_sources")) else {
        return Vec::new();
    };
    let of = |source: &str| {
        let named = names.members().iter().filter(|claim| claim.1.as_str() == Some(source));
        named.map(|claim| claim.0.clone()).collect()
    };
    let mut found = Vec::new();
    for (name, source) in sources.members().iter().take(MOST_SOURCES) {
        let source = match (source.str("JWT"), source.str("endpoint")) {
            (Some(jwt), _) => Source::Aggregated(jwt),
            (None, Some(endpoint)) if is_secure_url(&endpoint) => {
                Source::Distributed { endpoint, access_token: source.str("access_token").map(AccessToken::new) }
            }
            _ => continue,
        };
        found.push(ClaimsSource { claims: of(name), source });
    }
    found
}

/// The request for distributed claims.
pub fn claims_request(endpoint: &str, access_token: Option<&AccessToken>) -> HttpRequest {
    let mut request = HttpRequest::get(endpoint);
    request.headers = vec![("accept", "application/jwt".to_owned())];
    request.headers.extend(access_token.map(|token| ("authorization", ["Bearer ", token.expose()].concat())));
    request
}

/// `claims` without the access tokens of distributed sources, which are not for the page.
pub fn without_access_tokens(claims: &Json) -> Json {
    let Some(sources) = claims.get("_claim_sources") else { return claims.clone() };
    let mut shown = Json::object();
    for (name, source) in sources.members().iter().filter(|source| source.1.is_object()) {
        shown.add(name, source.without(&["access_token"]));
    }
    claims.merged(&Json::Object(vec![("_claim_sources".to_owned(), shown)]))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const CLAIMS: &str = r#"{"sub":"ada",
        "_claim_names":{"address":"src1","phone_number":"src1","credit":"src2","lost":"src9","odd":7},
        "_claim_sources":{"src1":{"JWT":"a.b.c"},"src2":{"endpoint":"https://credit.example/c","access_token":"hush"},
            "src3":{"endpoint":"http://plain.example/"},"src4":"odd","src5":{}}}"#;

    #[test]
    fn oidcc_client_test_aggregated_and_distributed_claims_are_found() {
        let found = sources(&Json::parse(CLAIMS).unwrap());
        assert_eq!(found.len(), 2);
        assert!(matches!(&found[0].source, Source::Aggregated(jwt) if jwt == "a.b.c"));
        assert_eq!(found[0].claims, ["address", "phone_number"]);
        let Source::Distributed { endpoint, access_token } = &found[1].source else { panic!("it is distributed") };
        let request = claims_request(endpoint, access_token.as_ref());
        assert_eq!(request.url, "https://credit.example/c");
        assert!(request.headers.contains(&("authorization", "Bearer hush".to_owned())));
        assert!(sources(&Json::parse("{}").unwrap()).is_empty());
    }

    #[test]
    fn a_source_keeps_its_access_token_to_itself() {
        let shown = without_access_tokens(&Json::parse(CLAIMS).unwrap()).to_text();
        assert!(
            shown.contains("https://credit.example/c") && shown.contains("a.b.c") && !shown.contains("hush"),
            "{shown}"
        );
        let odd = Json::parse(r#"{"_claim_sources":"odd"}"#).unwrap();
        assert_eq!(without_access_tokens(&odd).to_text(), r#"{"_claim_sources":{}}"#);
    }
}
