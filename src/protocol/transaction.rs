//! What is kept between an authorization request and its response.

use std::fmt;

use super::{LEEWAY_SECONDS, TRANSACTION_LIFE_MILLIS, UnixTime};
use crate::json::Json;
use crate::secret::CodeVerifier;

/// One authorization request that waits for its response. Single use.
#[derive(Clone)]
pub struct Transaction {
    /// `state` (RFC 6749 section 4.1.1)
    pub state: String,
    /// `nonce` (OIDC Core 3.1.2.1)
    pub nonce: String,
    /// The verifier of the code challenge (RFC 7636 section 4.1)
    pub code_verifier: CodeVerifier,
    /// `redirect_uri`, which the token request repeats
    pub redirect_uri: String,
    /// The issuer that was asked
    pub issuer: String,
    /// The client that asked
    pub client_id: String,
    /// `scope`
    pub scope: String,
    /// `audience` (Auth0's way)
    pub audience: Option<String>,
    /// `resource` (RFC 8707)
    pub resource: Option<String>,
    /// The URL to come back to
    pub return_to: Option<String>,
    /// The application's own state, as JSON text
    pub app_state: Option<String>,
    /// `max_age`, in seconds
    pub max_age: Option<u32>,
    /// `acr_values`
    pub acr_values: Option<String>,
    /// When the request was made
    pub created_at: UnixTime,
    /// Whether it was made with `prompt=none` in a hidden frame
    pub silent: bool,
    /// Whether a signed response was asked for (JARM)
    pub signed_response: bool,
}

impl Transaction {
    /// Whether it has waited too long, or comes from a future beyond the leeway.
    pub fn is_expired(&self, now: UnixTime) -> bool {
        let age = now.saturating_sub(self.created_at);
        !(-LEEWAY_SECONDS * 1000..=TRANSACTION_LIFE_MILLIS).contains(&age)
    }

    /// As text, to be stored across the redirect. Holds the verifier: for the vault's own storage alone.
    pub fn to_text(&self) -> String {
        let mut json = Json::object();
        json.add("state", self.state.as_str());
        json.add("nonce", self.nonce.as_str());
        json.add("code_verifier", self.code_verifier.expose());
        json.add("redirect_uri", self.redirect_uri.as_str());
        json.add("issuer", self.issuer.as_str());
        json.add("client_id", self.client_id.as_str());
        json.add("scope", self.scope.as_str());
        json.add("audience", self.audience.as_deref());
        json.add("resource", self.resource.as_deref());
        json.add("return_to", self.return_to.as_deref());
        json.add("app_state", self.app_state.as_deref());
        json.add("max_age", self.max_age.map(i64::from));
        json.add("acr_values", self.acr_values.as_deref());
        json.add("created_at", self.created_at.as_millis());
        json.add("silent", Json::Bool(self.silent));
        json.add("signed_response", Json::Bool(self.signed_response));
        json.to_text()
    }

    /// Reads what [`Transaction::to_text`] wrote; nothing if it is something else.
    pub fn parse(text: &str) -> Option<Transaction> {
        let json = Json::parse(text)?;
        Some(Transaction {
            state: json.str("state")?,
            nonce: json.str("nonce")?,
            code_verifier: CodeVerifier::new(json.str("code_verifier")?),
            redirect_uri: json.str("redirect_uri")?,
            issuer: json.str("issuer")?,
            client_id: json.str("client_id")?,
            scope: json.str("scope")?,
            audience: json.str("audience"),
            resource: json.str("resource"),
            return_to: json.str("return_to"),
            app_state: json.str("app_state"),
            max_age: json.number("max_age").map(|seconds| seconds as u32),
            acr_values: json.str("acr_values"),
            created_at: UnixTime::from_millis(json.number("created_at")? as i64),
            silent: json.get("silent")?.as_bool()?,
            signed_response: json.get("signed_response")?.as_bool()?,
        })
    }
}

/// Shows neither state, nonce nor verifier.
impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction")
            .field("issuer", &self.issuer)
            .field("silent", &self.silent)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn transaction() -> Transaction {
        Transaction {
            state: "sr-state".into(),
            nonce: "n-once".into(),
            code_verifier: CodeVerifier::new("v-erifier".into()),
            redirect_uri: "https://app.example.com/".into(),
            issuer: "https://login.example.com".into(),
            client_id: "spa".into(),
            scope: "openid \"quoted\" \\ \u{1}\n\u{1f600}".into(),
            audience: None,
            resource: Some("https://api.example.com/".into()),
            return_to: Some("/orders".into()),
            app_state: Some(r#"{"cart":7}"#.into()),
            max_age: Some(0),
            acr_values: None,
            created_at: UnixTime::from_millis(1_800_000_000_123),
            silent: true,
            signed_response: true,
        }
    }

    #[cfg(not(target_arch = "wasm32"))]
    #[test]
    fn what_is_written_is_read() {
        let text = transaction().to_text();
        let read = Transaction::parse(&text).expect("it is ours");
        assert_eq!(read.to_text(), text);
        assert_eq!(read.scope, transaction().scope);
        assert_eq!((read.max_age, read.silent, read.signed_response, read.audience), (Some(0), true, true, None));
        for wrong in ["", "{}", "null", r#"{"state":1}"#] {
            assert!(Transaction::parse(wrong).is_none());
        }
    }

    #[test]
    fn it_lives_fifteen_minutes() {
        let transaction = transaction();
        let after = |ms| transaction.is_expired(transaction.created_at.plus_millis(ms));
        assert!(!after(0) && !after(TRANSACTION_LIFE_MILLIS) && !after(-60_000));
        assert!(after(TRANSACTION_LIFE_MILLIS + 1) && after(-60_001));
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", transaction());
        assert!(!["sr-state", "n-once", "v-erifier"].iter().any(|secret| shown.contains(secret)), "{shown}");
    }
}
