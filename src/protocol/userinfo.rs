//! Userinfo (OIDC Core 5.3).

use super::id_token::OF_TOKEN;
use super::jws::{Kind, UnverifiedJws};
use super::{HttpRequest, HttpResponse};
use crate::error::{Code, Error, Result};
use crate::json::{Json, decimal};

/// The request for the claims of the user whose token `credentials` carry, in the header (OIDC Core 5.3.1).
pub fn userinfo_request(userinfo_endpoint: &str, credentials: Vec<(&'static str, String)>) -> HttpRequest {
    let mut request = HttpRequest::get(userinfo_endpoint);
    request.headers = vec![("accept", "application/json, application/jwt".to_owned())];
    request.headers.extend(credentials);
    request
}

/// A userinfo response, before any check.
pub enum UncheckedUserinfo {
    /// Claims as JSON: they are as good as the connection they came over.
    Plain(Json),
    /// Claims as a signed JWT.
    Signed(UnverifiedJws),
}

impl UncheckedUserinfo {
    /// Reads an answer of the userinfo endpoint.
    pub fn from_response(response: &HttpResponse) -> Result<UncheckedUserinfo> {
        if response.status != 200 {
            let message = ["the userinfo endpoint answers with status ", &decimal(response.status.into())].concat();
            return Err(Error::new(Code::InvalidUserinfo, message).with_status(response.status));
        }
        let media_type = response.header("content-type").unwrap_or("").split(';').next().unwrap_or("").trim();
        if media_type.eq_ignore_ascii_case("application/jwt") {
            return Ok(UncheckedUserinfo::Signed(UnverifiedJws::parse(Kind::Userinfo, response.body.trim(), false)?));
        }
        let claims = Json::parse(&response.body).filter(Json::is_object);
        Ok(UncheckedUserinfo::Plain(
            claims.ok_or_else(|| Error::new(Code::InvalidUserinfo, "the userinfo response is no JSON object"))?,
        ))
    }
}

/// The claims about the user, if they are about `subject` (OIDC Core 5.3.2).
pub fn check_subject(claims: &Json, subject: &str) -> Result<Json> {
    match claims.str("sub") {
        Some(sub) if sub == subject => {
            let not_the_users = [OF_TOKEN.as_slice(), &["iss"]].concat();
            Ok(claims.without(&not_the_users))
        }
        Some(_) => Err(Error::new(Code::UserinfoSubMismatch, "the userinfo response speaks of another user")),
        None => Err(Error::new(Code::UserinfoSubMismatch, "the userinfo response has no sub")),
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn response(status: u16, content_type: &str, body: &str) -> HttpResponse {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        HttpResponse { status, headers, body: body.to_owned() }
    }

    fn plain(body: &str) -> Json {
        match UncheckedUserinfo::from_response(&response(200, "application/json; charset=utf-8", body)).unwrap() {
            UncheckedUserinfo::Plain(claims) => claims,
            UncheckedUserinfo::Signed(_) => panic!("it is not signed"),
        }
    }

    #[test]
    fn oidcc_client_test_userinfo_bearer_header() {
        let request = userinfo_request("https://x/me", vec![("authorization", "Bearer hush".to_owned())]);
        assert_eq!((request.url.as_str(), request.body.as_deref()), ("https://x/me", None));
        assert!(request.headers.contains(&("authorization", "Bearer hush".to_owned())));
    }

    #[test]
    fn oidcc_client_test_userinfo_invalid_sub() {
        let claims = plain(r#"{"sub":"ada","name":"Ada","iss":"x","aud":"y"}"#);
        assert_eq!(check_subject(&claims, "ada").unwrap().to_text(), r#"{"name":"Ada","sub":"ada"}"#);
        assert_eq!(*check_subject(&claims, "grace").err().unwrap().code(), Code::UserinfoSubMismatch);
        for body in ["{}", r#"{"sub":7}"#] {
            assert_eq!(*check_subject(&plain(body), "7").err().unwrap().code(), Code::UserinfoSubMismatch);
        }
    }

    #[test]
    fn what_is_no_userinfo_is_refused() {
        for (status, content_type, body) in [
            (401, "application/json", r#"{"sub":"ada"}"#),
            (200, "text/html", "<p>"),
            (200, "application/json", "[]"),
            (200, "application/jwt", "no.jwt"),
            (200, "application/jwt", "eyJhbGciOiJub25lIn0.e30."),
        ] {
            let error = UncheckedUserinfo::from_response(&response(status, content_type, body)).err().unwrap();
            assert_eq!(*error.code(), Code::InvalidUserinfo, "{body}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_answer_makes_it_panic(content_type in ".*", body in ".*") {
            let _ = UncheckedUserinfo::from_response(&response(200, &content_type, &body));
            let _ = UncheckedUserinfo::from_response(&response(200, "application/jwt", &body));
        }
    }
}
