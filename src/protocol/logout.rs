//! Sign-out at the provider (OpenID Connect RP-Initiated Logout 1.0).

use super::form;
use crate::secret::RawIdToken;

/// The URL that signs the user out at the provider and comes back (section 2).
pub fn end_session_url(
    end_session_endpoint: &str,
    id_token_hint: Option<&RawIdToken>,
    client_id: &str,
    post_logout_redirect_uri: Option<&str>,
    state: Option<&str>,
    params: &[(String, String)],
) -> String {
    let own = [
        ("id_token_hint", id_token_hint.map(RawIdToken::expose)),
        ("client_id", Some(client_id)),
        ("post_logout_redirect_uri", post_logout_redirect_uri),
        ("state", state),
    ];
    let mut pairs: Vec<_> = own.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    let further = params.iter().filter(|param| !own.iter().any(|own| own.0 == param.0));
    pairs.extend(further.map(|(name, value)| (name.as_str(), value.as_str())));
    form::append_query(end_session_endpoint, &pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oidcc_client_test_rp_init_logout() {
        let hint = RawIdToken::new("a.b.c".to_owned());
        let params = [("federated", ""), ("state", "mine")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let url = |hint, uri, state| end_session_url("https://x/logout?t=1", hint, "spa", uri, state, &params);
        assert_eq!(
            url(Some(&hint), Some("https://app/"), Some("s")),
            "https://x/logout?t=1&id_token_hint=a.b.c&client_id=spa&post_logout_redirect_uri=https%3A%2F%2Fapp%2F&state=s&federated="
        );
        assert_eq!(url(None, None, None), "https://x/logout?t=1&client_id=spa&federated=");
    }
}
