//! The simulated provider: its endpoints, what they issue, and another issuer that vouches for claims.

use std::collections::BTreeMap;

use sha2::Digest;

use super::{ISSUER, World};
use crate::platform::NoAnswer;
use crate::protocol::{HttpRequest, HttpResponse, base64url};

pub(crate) const OTHER_ISSUER: &str = "https://claims.example";

/// A code that was issued, and what for.
pub(super) struct Issued {
    code: String,
    nonce: String,
    challenge: String,
    user: String,
}

impl World {
    /// Takes a refresh token in; one that came before is a theft, and ends them all.
    fn takes_back(&self, token: &str) -> bool {
        let mut valid = self.refresh_tokens.borrow_mut();
        match valid.iter().position(|known| known == token) {
            Some(at) => {
                valid.remove(at);
                true
            }
            None => {
                self.reuses.set(self.reuses.get() + 1);
                valid.clear();
                false
            }
        }
    }

    /// What the provider's authorization endpoint does with `url`: the callback URL.
    pub(crate) fn authorize(&self, url: &str) -> String {
        let url = url::Url::parse(url).expect("a URL");
        let mut query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        if let Some(number) = query.get("request_uri").and_then(|uri| uri.strip_prefix("urn:pushed:")) {
            let pushed = self.pushed.borrow()[number.parse::<usize>().expect("a number")].clone();
            query.extend(url::form_urlencoded::parse(pushed.as_bytes()).into_owned());
        }
        self.requests.borrow_mut().push(format!("authorize {}", url.as_str()));
        let user = self.user.borrow().clone();
        let state = &query["state"];
        match user {
            None => format!("{}?error=login_required&state={state}&iss={ISSUER}", query["redirect_uri"]),
            Some(user) => {
                let code = format!("code-{}", self.next());
                self.issued.borrow_mut().push(Issued {
                    code: code.clone(),
                    nonce: query["nonce"].clone(),
                    challenge: query["code_challenge"].clone(),
                    user,
                });
                if query.get("response_mode").is_some_and(|mode| mode == "jwt") {
                    let exp = self.now.get() / 1000 + 60;
                    let claims =
                        format!(r#"{{"iss":"{ISSUER}","aud":"spa","exp":{exp},"code":"{code}","state":"{state}"}}"#);
                    return format!("{}?response={}", query["redirect_uri"], jws("ES256", &claims, "good"));
                }
                format!("{}?code={code}&state={state}&iss={ISSUER}", query["redirect_uri"])
            }
        }
    }

    fn token_endpoint(&self, body: &str) -> HttpResponse {
        let form: BTreeMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        let issued = match form["grant_type"].as_str() {
            "authorization_code" => {
                let mut issued = self.issued.borrow_mut();
                let at = issued.iter().position(|issued| issued.code == form["code"]);
                at.map(|at| issued.remove(at))
            }
            _ if self.is_strict.get() && !self.takes_back(&form["refresh_token"]) => None,
            _ => Some(Issued {
                code: String::new(),
                nonce: String::new(),
                challenge: String::new(),
                user: self.user.borrow().clone().unwrap_or_default(),
            }),
        };
        let Some(issued) = issued else { return response(400, r#"{"error":"invalid_grant"}"#) };
        if let Some(verifier) = form.get("code_verifier") {
            let challenge = base64url::encode(&sha2::Sha256::digest(verifier));
            assert_eq!(challenge, issued.challenge, "the verifier must be that of the challenge");
        }
        let access_token = format!("access-{}", self.next());
        self.tokens.borrow_mut().insert(access_token.clone(), self.now.get());
        let id_token = self.id_token(&issued.user, &issued.nonce, &access_token);
        let refresh = match self.issues_refresh_tokens.get() {
            true => {
                let token = format!("refresh-{}", self.next());
                self.refresh_tokens.borrow_mut().push(token.clone());
                format!(r#","refresh_token":"{token}""#)
            }
            false => String::new(),
        };
        let (life, token_type) = (self.token_life.get(), self.token_type.get());
        let more = self.more_of_tokens.get();
        response(
            200,
            &format!(
                r#"{{"access_token":"{access_token}","token_type":"{token_type}","expires_in":{life},"id_token":"{id_token}"{refresh}{more}}}"#
            ),
        )
    }

    /// What the provider, or the other issuer, answers.
    pub(super) fn answer(&self, request: &HttpRequest) -> std::result::Result<HttpResponse, NoAnswer> {
        self.next();
        let body = request.body.as_deref().unwrap_or("");
        self.requests.borrow_mut().push(format!("{} {body}", request.url));
        let fault = self.faults.borrow().iter().position(|(url, _)| request.url.contains(url));
        if let Some(at) = fault {
            let (_, fault) = self.faults.borrow_mut().remove(at);
            if self.loses_answers.get() {
                drop(self.token_endpoint(body));
            }
            return fault(request);
        }
        if let Some(other) = request.url.strip_prefix(OTHER_ISSUER) {
            return Ok(other_issuer(other, request));
        }
        Ok(match request.url.strip_prefix(ISSUER).expect("a request to the provider") {
            "/.well-known/openid-configuration" => response(200, &metadata(self.proof_algs.get())),
            "/me" => {
                let (media_type, body) = self.userinfo.borrow().clone();
                HttpResponse {
                    headers: vec![("content-type".to_owned(), media_type.to_owned())],
                    ..response(200, &body)
                }
            }
            "/par" => {
                let mut pushed = self.pushed.borrow_mut();
                pushed.push(body.to_owned());
                response(201, &format!(r#"{{"request_uri":"urn:pushed:{}","expires_in":60}}"#, pushed.len() - 1))
            }
            "/jwks" => response(200, r#"{"keys":[{"kty":"EC","crv":"P-256","x":"eA","y":"eQ","kid":"1"}]}"#),
            "/token" => {
                let proof = request.headers.iter().find(|header| header.0 == "dpop").map(|header| header.1.clone());
                self.proofs.borrow_mut().extend(proof.clone());
                let has = |proof: String| decoded(&proof).contains(&format!(r#""nonce":"{}""#, self.nonce.get()));
                if !self.nonce.get().is_empty() && !proof.is_some_and(has) {
                    let headers = vec![("dpop-nonce".to_owned(), self.nonce.get().to_owned())];
                    return Ok(HttpResponse { headers, ..response(400, r#"{"error":"use_dpop_nonce"}"#) });
                }
                let headers = match self.shows_date.get() {
                    true => vec![("date".to_owned(), http_date(self.now.get() / 1000))],
                    false => Vec::new(),
                };
                HttpResponse { headers, ..self.token_endpoint(body) }
            }
            _ => response(404, ""),
        })
    }

    fn id_token(&self, user: &str, nonce: &str, access_token: &str) -> String {
        let now = self.now.get() / 1000;
        let at_hash = base64url::encode(&sha2::Sha256::digest(access_token)[..16]);
        let nonce = if nonce.is_empty() { String::new() } else { format!(r#","nonce":"{nonce}""#) };
        let (exp, more) = (now + 3600, self.more_claims.get());
        let claims = format!(
            r#"{{"iss":"{ISSUER}","sub":"{user}","aud":"spa","iat":{now},"exp":{exp},"name":"{user}","at_hash":"{at_hash}"{nonce}{more}}}"#
        );
        jws(self.alg.get(), &claims, "good")
    }
}

/// The moment of the simulated world as `Date` has it; it is always a Friday there.
fn http_date(seconds: i64) -> String {
    let of_day = seconds - 1_800_000_000 + 28_800;
    let (day, of_day) = (15 + of_day / 86_400, of_day % 86_400);
    format!("Fri, {day} Jan 2027 {:02}:{:02}:{:02} GMT", of_day / 3600, of_day / 60 % 60, of_day % 60)
}

/// The claims of a proof.
pub(crate) fn decoded(proof: &str) -> String {
    part_of(proof, 1)
}

/// The header (0) or the claims (1) of a JWT.
pub(crate) fn part_of(jwt: &str, number: usize) -> String {
    let part = base64url::decode(jwt.split('.').nth(number).unwrap_or("")).expect("base64url");
    String::from_utf8(part).expect("text")
}

/// A token whose signature is good if it says so.
pub(crate) fn jws(alg: &str, claims: &str, signature: &str) -> String {
    let header = format!(r#"{{"alg":"{alg}","kid":"1"}}"#);
    [header.as_str(), claims, signature].map(|part| base64url::encode(part.as_bytes())).join(".")
}

fn metadata(proof_algs: &str) -> String {
    format!(
        r#"{{"issuer":"{ISSUER}","authorization_endpoint":"{ISSUER}/authorize","token_endpoint":"{ISSUER}/token",
        "jwks_uri":"{ISSUER}/jwks","end_session_endpoint":"{ISSUER}/logout",
        "userinfo_endpoint":"{ISSUER}/me","revocation_endpoint":"{ISSUER}/revoke","pushed_authorization_request_endpoint":"{ISSUER}/par",
        "dpop_signing_alg_values_supported":{proof_algs},
        "authorization_response_iss_parameter_supported":true}}"#
    )
}

/// An issuer that vouches for claims of our provider's users.
fn other_issuer(path: &str, request: &HttpRequest) -> HttpResponse {
    let authorized = request.headers.contains(&("authorization", "Bearer source-token".to_owned()));
    match path {
        "/.well-known/openid-configuration" => {
            response(200, &metadata("[]").replace(ISSUER, OTHER_ISSUER).replace("login", "claims"))
        }
        "/jwks" => response(200, r#"{"keys":[{"kty":"EC","crv":"P-256","x":"eA","y":"eQ","kid":"1"}]}"#),
        "/claims" if authorized => {
            let claims = format!(r#"{{"iss":"{OTHER_ISSUER}","credit":"good","sub":"elsewhere"}}"#);
            response(200, &jws("ES256", &claims, "good"))
        }
        _ => response(401, ""),
    }
}

pub(crate) fn response(status: u16, body: &str) -> HttpResponse {
    HttpResponse { status, headers: Vec::new(), body: body.to_owned() }
}
