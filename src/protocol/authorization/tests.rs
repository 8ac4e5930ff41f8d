use super::*;
use crate::protocol::transaction::tests::transaction;
use proptest::prelude::*;

const ISSUER: &str = "https://login.example.com";

fn metadata(promises_iss: bool) -> Metadata {
    let text = format!(
        r#"{{"issuer":"{ISSUER}","authorization_endpoint":"{ISSUER}/auth","token_endpoint":"{ISSUER}/token",
        "jwks_uri":"{ISSUER}/jwks","authorization_response_iss_parameter_supported":{promises_iss}}}"#
    );
    Metadata::parse(&text, ISSUER).expect("it is right")
}

fn checked(query: &str) -> Result<AuthorizationResponse> {
    let url = format!("https://app.example.com/{query}");
    UncheckedAuthorizationResponse::from_callback_url(&url)?.check(&transaction(), &metadata(false))
}

fn refusal(query: &str) -> Code {
    checked(query).expect_err(query).code().clone()
}

#[test]
fn the_request_is_code_with_pkce_and_nothing_overrides_it() {
    let params = [("login_hint", "a"), ("login_hint", "ada@example.com"), ("prompt", "login"), ("state", "mine")];
    let params = params.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let request = AuthorizationRequest {
        client_id: "spa",
        redirect_uri: "https://app.example.com/",
        scope: "openid email",
        state: "s",
        nonce: "n",
        code_challenge: "c",
        response_mode: Some(ResponseMode::WebMessage),
        prompt: Some("none"),
        id_token_hint: None,
        audience: None,
        resources: &["https://api.example.com/".to_owned()],
        params: &params,
    };
    assert_eq!(
        request.url("https://login.example.com/auth?tenant=1"),
        "https://login.example.com/auth?tenant=1&client_id=spa&response_type=code\
         &redirect_uri=https%3A%2F%2Fapp.example.com%2F&scope=openid+email&state=s&nonce=n&code_challenge=c\
         &code_challenge_method=S256&response_mode=web_message&prompt=none&resource=https%3A%2F%2Fapi.example.com%2F\
         &login_hint=ada%40example.com"
    );
}

#[test]
fn reserved_parameters_are_refused_by_name() {
    for name in RESERVED_PARAMETERS {
        let error = check_parameters(&[(name.to_string(), String::new())]).expect_err(name);
        assert!(*error.code() == Code::InvalidOption && error.message().contains(name));
    }
    assert!(check_parameters(&[("connection".to_owned(), "github".to_owned())]).is_ok());
}

#[test]
fn the_answer_is_read_from_query_and_fragment() {
    for query in [
        "?state=sr-state&code=abc",
        "?lang=de&code=abc&state=sr-state&session_state=x&iss=https%3A%2F%2Flogin.example.com",
        "#state=sr-state&code=abc",
        "?page=2#state=sr-state&code=abc&scope=openid",
        "?code=foreign#state=sr-state&code=abc",
    ] {
        assert_eq!(checked(query).expect(query).code.expose(), "abc", "{query}");
    }
}

#[test]
fn a_wrong_or_missing_state_is_refused() {
    assert_eq!(refusal("?state=other&code=abc"), Code::StateMismatch);
    assert_eq!(refusal("?code=abc"), Code::StateMismatch);
    assert_eq!(refusal("?state=other&error=access_denied"), Code::StateMismatch);
}

#[test]
fn parameters_given_twice_are_refused() {
    for query in [
        "?state=sr-state&state=sr-state&code=abc",
        "?state=sr-state&code=abc&code=abd",
        "?state=sr-state&error=a&error=b",
        "?state=sr-state&code=abc#state=sr-state",
    ] {
        assert_eq!(refusal(query), Code::InvalidResponse, "{query}");
        assert!(state_of_callback(&format!("https://app.example.com/{query}")).is_none());
    }
    assert_eq!(refusal("?state=sr-state&code=abc&error=access_denied"), Code::InvalidResponse);
    assert_eq!(refusal("?state=sr-state"), Code::InvalidResponse);
    assert_eq!(refusal("?state=sr-state&code="), Code::InvalidResponse);
}

#[test]
fn the_issuer_is_compared_when_present_and_required_when_promised() {
    assert_eq!(refusal("?state=sr-state&code=abc&iss=https://evil.test"), Code::IssuerMismatch);
    assert_eq!(refusal("?state=sr-state&error=access_denied&iss=https://evil.test"), Code::IssuerMismatch);
    let url = "https://app.example.com/?state=sr-state&code=abc";
    let response = UncheckedAuthorizationResponse::from_callback_url(url).expect("it can be read");
    let error = response.check(&transaction(), &metadata(true)).expect_err("iss is missing");
    assert_eq!(*error.code(), Code::IssuerMismatch);
}

#[test]
fn the_providers_error_passes_as_it_came() {
    let error = checked("?state=sr-state&error=access_denied&error_description=not+today&error_uri=https://x")
        .expect_err("the provider said no");
    assert_eq!(error.code().as_str(), "access_denied");
    assert_eq!(error.provider().description.as_deref(), Some("not today"));
    assert_eq!(error.provider().uri.as_deref(), Some("https://x"));
}

#[test]
fn consent_required_on_localhost_has_a_hint() {
    let refused = |redirect_uri: &str| {
        let url = "https://app.example.com/?state=sr-state&error=consent_required";
        let transaction = Transaction { redirect_uri: redirect_uri.to_owned(), ..transaction() };
        let response = UncheckedAuthorizationResponse::from_callback_url(url).expect("it can be read");
        response.check(&transaction, &metadata(false)).expect_err("consent is required")
    };
    assert!(refused("http://localhost:3000/").hint().is_some_and(|hint| hint.contains("localhost")));
    assert!(refused("https://app.example.com/").hint().is_none());
}

#[test]
fn a_web_message_is_read_by_own_string_members() {
    let response = UncheckedAuthorizationResponse::from_web_message(r#"{"state":"sr-state","code":"abc","iss":1}"#);
    let response = response.expect("it can be read").check(&transaction(), &metadata(false)).expect("it is right");
    assert_eq!(response.code.expose(), "abc");
    for wrong in ["", "null", "[]", "\"code\""] {
        assert!(UncheckedAuthorizationResponse::from_web_message(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn debug_shows_neither_code_nor_state() {
    let url = "https://app.example.com/?state=sr-state&code=hush";
    let response = UncheckedAuthorizationResponse::from_callback_url(url).expect("it can be read");
    assert!(!format!("{response:?}").contains("hush"));
    assert!(!format!("{:?}", response.check(&transaction(), &metadata(false))).contains("hush"));
}

proptest! {
    #[test]
    fn no_url_makes_it_panic(url in ".*") {
        let _ = UncheckedAuthorizationResponse::from_callback_url(&url).map(|r| r.check(&transaction(), &metadata(false)));
    }

    #[test]
    fn no_message_makes_it_panic(message in ".*") {
        let _ = UncheckedAuthorizationResponse::from_web_message(&message);
    }

    #[test]
    fn a_code_survives_the_url(code in "[ -~]{1,64}") {
        let url = form::append_query("https://app.example.com/", &[("code", &code), ("state", "sr-state")]);
        let response = UncheckedAuthorizationResponse::from_callback_url(&url).expect("it can be read");
        let response = response.check(&transaction(), &metadata(false)).expect("it is right");
        prop_assert_eq!(response.code.expose(), code);
    }
}
