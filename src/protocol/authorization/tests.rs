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

/// Reads a response that is not signed.
fn read(url: &str) -> Result<UncheckedAuthorizationResponse> {
    plain(ReceivedAuthorizationResponse::from_callback_url(url)?)
}

fn plain(response: ReceivedAuthorizationResponse) -> Result<UncheckedAuthorizationResponse> {
    match response {
        ReceivedAuthorizationResponse::Plain(response) => Ok(response),
        ReceivedAuthorizationResponse::Signed(_) => Err(Error::new(Code::Internal, "it is signed")),
    }
}

fn checked(query: &str) -> Result<AuthorizationResponse> {
    let url = format!("https://app.example.com/{query}");
    read(&url)?.check(&transaction(), &metadata(false))
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
        let read = ReceivedAuthorizationResponse::from_callback_url(&format!("https://app.example.com/{query}"));
        assert!(read.is_err() || query.contains("error=") || read.is_ok_and(|read| read.state().is_none()), "{query}");
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
    let response = read(url).expect("it can be read");
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
        let response = read(url).expect("it can be read");
        response.check(&transaction, &metadata(false)).expect_err("consent is required")
    };
    assert!(refused("http://localhost:3000/").hint().is_some_and(|hint| hint.contains("localhost")));
    assert!(refused("https://app.example.com/").hint().is_none());
}

#[test]
fn a_web_message_is_read_by_own_string_members() {
    let message = r#"{"state":"sr-state","code":"abc","iss":1}"#;
    let response = ReceivedAuthorizationResponse::from_web_message(message).and_then(plain);
    let response = response.expect("it can be read").check(&transaction(), &metadata(false)).expect("it is right");
    assert_eq!(response.code.expose(), "abc");
    for wrong in ["", "null", "[]", "\"code\""] {
        assert!(ReceivedAuthorizationResponse::from_web_message(wrong).is_err(), "{wrong}");
    }
}

fn signed(header: &str, claims: &str) -> String {
    let encode = |text: &str| crate::protocol::base64url::encode(text.as_bytes());
    format!("https://app.example.com/?response={}.{}.{}", encode(header), encode(claims), encode("sig"))
}

#[test]
fn a_signed_response_is_checked_like_any_token() {
    let now = UnixTime::from_millis(1_800_000_000_000);
    let good = format!(r#"{{"iss":"{ISSUER}","aud":"spa","exp":1800000300,"code":"abc","state":"sr-state"}}"#);
    let open = |claims: &str| {
        let received = ReceivedAuthorizationResponse::from_callback_url(&signed(r#"{"alg":"RS256"}"#, claims));
        match received.expect("it can be read") {
            ReceivedAuthorizationResponse::Signed(jws) => {
                let jws = jws.assume_signature_verified();
                UncheckedAuthorizationResponse::from_signed(jws, &metadata(true), "spa", now)?
                    .check(&transaction(), &metadata(true))
            }
            ReceivedAuthorizationResponse::Plain(_) => panic!("it is signed"),
        }
    };
    assert_eq!(open(&good).expect("it is right").code.expose(), "abc");
    let received = ReceivedAuthorizationResponse::from_callback_url(&signed(r#"{"alg":"RS256"}"#, &good));
    assert_eq!(received.expect("it can be read").state().as_deref(), Some("sr-state"));
    for (from, to, claim) in [
        (ISSUER, "https://evil.test", Some("iss")),
        ("\"aud\":\"spa\"", "\"aud\":\"other\"", Some("aud")),
        ("\"aud\":\"spa\",", "", Some("aud")),
        ("1800000300", "1799999940", Some("exp")),
        ("\"exp\":1800000300,", "", Some("exp")),
        ("sr-state", "other", None),
    ] {
        let error = open(&good.replace(from, to)).expect_err(from);
        assert_eq!(error.claim(), claim, "{error}");
    }
    for header in [r#"{"alg":"none"}"#, r#"{"alg":"HS256"}"#, "{}"] {
        assert!(ReceivedAuthorizationResponse::from_callback_url(&signed(header, &good)).is_err(), "{header}");
    }
}

#[test]
fn a_code_that_comes_unsigned_where_a_signature_was_asked_is_refused() {
    let asked = Transaction { signed_response: true, ..transaction() };
    let plain = |query: &str| read(&format!("https://app.example.com/{query}")).expect("it can be read");
    assert!(plain("?state=sr-state&code=abc").unless_signed_was_asked(&asked).is_err());
    assert!(plain("?state=sr-state&error=server_error").unless_signed_was_asked(&asked).is_ok());
    let not_asked = Transaction { signed_response: false, ..transaction() };
    assert!(plain("?state=sr-state&code=abc").unless_signed_was_asked(&not_asked).is_ok());
}

#[test]
fn a_pushed_request_is_answered_with_a_request_uri() {
    let answer = |status, body: &str| HttpResponse { status, headers: Vec::new(), body: body.to_owned() };
    let url = |status, body: &str| pushed_url("https://x/auth?t=1", "spa", &answer(status, body));
    assert_eq!(
        url(201, r#"{"request_uri":"urn:x:1","expires_in":60}"#).expect("it is right"),
        "https://x/auth?t=1&client_id=spa&request_uri=urn%3Ax%3A1"
    );
    let refused = url(400, r#"{"error":"invalid_request","error_description":"no"}"#).expect_err("refused");
    assert_eq!((refused.code().as_str(), refused.provider().status), ("invalid_request", Some(400)));
    for (status, body) in [(201, "{}"), (200, "<p>"), (201, r#"{"request_uri":""}"#), (302, r#"{"request_uri":"u"}"#)] {
        assert_eq!(*url(status, body).expect_err(body).code(), Code::InvalidResponse);
    }
}

#[test]
fn debug_shows_neither_code_nor_state() {
    let url = "https://app.example.com/?state=sr-state&code=hush";
    let response = read(url).expect("it can be read");
    assert!(!format!("{response:?}").contains("hush"));
    assert!(!format!("{:?}", response.check(&transaction(), &metadata(false))).contains("hush"));
}

proptest! {
    #[test]
    fn no_url_makes_it_panic(url in ".*") {
        let _ = read(&url).map(|r| r.check(&transaction(), &metadata(false)));
    }

    #[test]
    fn no_message_makes_it_panic(message in ".*") {
        let _ = ReceivedAuthorizationResponse::from_web_message(&message);
    }

    #[test]
    fn a_code_survives_the_url(code in "[ -~]{1,64}") {
        let url = form::append_query("https://app.example.com/", &[("code", &code), ("state", "sr-state")]);
        let response = read(&url).expect("it can be read");
        let response = response.check(&transaction(), &metadata(false)).expect("it is right");
        prop_assert_eq!(response.code.expose(), code);
    }
}
