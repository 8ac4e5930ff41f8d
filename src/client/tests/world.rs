//! A simulated world: a clock that jumps, a network that does as told, a provider that issues, and a page that answers.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::rc::Rc;

use crate::protocol::base64url;
use futures::executor::{LocalPool, LocalSpawner};
use futures::task::LocalSpawnExt;
use sha2::Digest;

use crate::client::{Client, Flight};
use crate::error::Result;
use crate::json::Json;
use crate::platform::{Attachment, Boxed, NoAnswer, Page, Platform, SigningKey, Url};
use crate::protocol::jwk::Jwk;
use crate::protocol::jws::{Alg, Hash};
use crate::protocol::{Cache, HttpMethod, HttpRequest, HttpResponse, Moment, UnixTime};
use crate::wire::{
    Answer, ApiOptions, Ask, Command, Dpop, FetchRequest, FrameExpect, FromVault, Options, ProofAlg, Reply,
    ResponseHead, SilentOptions, Status, WireError,
};

pub(super) const ISSUER: &str = "https://login.example.com";
pub(super) const ORIGIN: &str = "https://app.example.com";
pub(super) const API: &str = "https://api.example.com/";
pub(super) const OTHER_API: &str = "https://pay.example.com/";

/// What the provider's token endpoint is to do next.
pub(super) type Fault = Box<dyn Fn(&HttpRequest) -> std::result::Result<HttpResponse, NoAnswer>>;

/// Everything around the client.
pub(crate) struct World {
    this: std::rc::Weak<World>,
    pool: RefCell<LocalPool>,
    spawner: LocalSpawner,
    now: Cell<i64>,
    /// How far ahead the device's wall clock is, in milliseconds.
    pub(super) clock_ahead: Cell<i64>,
    /// Whether CORS shows the provider's `Date`.
    pub(super) shows_date: Cell<bool>,
    /// The steady clock.
    pub(super) steady: Cell<i64>,
    /// The locks that were asked for.
    pub(super) locked: RefCell<Vec<String>>,
    timers: RefCell<Vec<(i64, Flight<()>)>>,
    randomness: Cell<u64>,
    /// When each access token was issued.
    tokens: RefCell<BTreeMap<String, i64>>,
    /// How often an API was called with a token that had expired.
    pub(super) expired_calls: Cell<u32>,
    /// Whether refresh tokens are good for one use, and a second use revokes all.
    pub(super) is_strict: Cell<bool>,
    /// Whether faults at the token endpoint come after the provider has done its part.
    pub(super) loses_answers: Cell<bool>,
    /// How often a refresh token came a second time.
    pub(super) reuses: Cell<u32>,
    refresh_tokens: RefCell<Vec<String>>,
    pub(super) stored: RefCell<BTreeMap<String, String>>,
    /// The provider's session: who is signed in there.
    pub(super) user: RefCell<Option<String>>,
    pub(super) issues_refresh_tokens: Cell<bool>,
    pub(super) token_life: Cell<i64>,
    /// The origin of the page.
    pub(super) origin: Cell<&'static str>,
    issued: RefCell<Vec<Issued>>,
    counter: Cell<u32>,
    /// Instead of the provider's answer, for requests whose URL contains the text.
    pub(super) faults: RefCell<Vec<(String, Fault)>>,
    /// What happens while the answer to a request whose URL contains the text is under way.
    pub(super) meanwhile: RefCell<Option<(String, Boxed<()>)>>,
    pub(super) requests: RefCell<Vec<String>>,
    pub(super) api_calls: RefCell<Vec<(String, String)>>,
    /// What the APIs answer next: status and `WWW-Authenticate`.
    pub(super) refusals: RefCell<Vec<(u16, &'static str)>>,
    /// The browser's HTTP cache.
    cached: RefCell<BTreeMap<String, HttpResponse>>,
    /// Changes the options of the next page load.
    pub(super) configure: Cell<fn(&mut Options)>,
    /// What the userinfo endpoint answers: media type and body.
    pub(super) userinfo: RefCell<(&'static str, String)>,
    /// More claims of ID tokens, as JSON members with a leading comma.
    pub(super) more_claims: Cell<&'static str>,
    /// More members of token responses, as JSON members with a leading comma.
    pub(super) more_of_tokens: Cell<&'static str>,
    /// The algorithm that ID tokens are signed with.
    pub(super) alg: Cell<&'static str>,
    /// The parameters of pushed requests, by their number.
    pushed: RefCell<Vec<String>>,
    /// The DPoP proofs that arrived.
    pub(super) proofs: RefCell<Vec<String>>,
    /// The type of access tokens.
    pub(super) token_type: Cell<&'static str>,
    /// The nonce that proofs must have, at provider and API.
    pub(super) nonce: Cell<&'static str>,
    /// The algorithms of proofs that the provider's metadata promises, as JSON text.
    pub(super) proof_algs: Cell<&'static str>,
    /// Whether vaults outlive their pages.
    pub(super) shared: Cell<bool>,
    /// The keys that are kept across page loads, by name, each by its number.
    pub(super) keys: RefCell<BTreeMap<String, (Alg, u32)>>,
}

struct Issued {
    code: String,
    nonce: String,
    challenge: String,
    user: String,
}

impl World {
    pub(crate) fn new() -> Rc<World> {
        let pool = LocalPool::new();
        Rc::new_cyclic(|this| World {
            this: this.clone(),
            spawner: pool.spawner(),
            pool: RefCell::new(pool),
            now: Cell::new(1_800_000_000_000),
            clock_ahead: Cell::new(0),
            shows_date: Cell::new(false),
            steady: Cell::new(0),
            locked: RefCell::default(),
            timers: RefCell::default(),
            randomness: Cell::new(0),
            tokens: RefCell::default(),
            expired_calls: Cell::new(0),
            is_strict: Cell::new(false),
            loses_answers: Cell::new(false),
            reuses: Cell::new(0),
            refresh_tokens: RefCell::default(),
            stored: RefCell::default(),
            user: RefCell::new(Some("ada".to_owned())),
            issues_refresh_tokens: Cell::new(false),
            token_life: Cell::new(3600),
            origin: Cell::new(ORIGIN),
            issued: RefCell::default(),
            counter: Cell::new(0),
            faults: RefCell::default(),
            meanwhile: RefCell::default(),
            requests: RefCell::default(),
            api_calls: RefCell::default(),
            refusals: RefCell::default(),
            cached: RefCell::default(),
            configure: Cell::new(|_| {}),
            userinfo: RefCell::new(("application/json", r#"{"sub":"ada","email":"ada@example.com"}"#.to_owned())),
            more_claims: Cell::new(""),
            more_of_tokens: Cell::new(""),
            alg: Cell::new("ES256"),
            pushed: RefCell::default(),
            proofs: RefCell::default(),
            token_type: Cell::new("bearer"),
            nonce: Cell::new(""),
            proof_algs: Cell::new(r#"["ES256"]"#),
            shared: Cell::new(false),
            keys: RefCell::default(),
        })
    }

    pub(super) fn client(self: &Rc<Self>) -> Rc<Client> {
        let mut options = options(self.origin.get());
        self.configure.get()(&mut options);
        Client::open(Rc::new(options), self.clone()).expect("the options are right")
    }

    /// Runs `future` to its end, letting time pass when nothing else can happen.
    pub(super) fn run<T: 'static>(&self, future: impl Future<Output = T> + 'static) -> T {
        let output = Rc::new(RefCell::new(None));
        let slot = output.clone();
        self.spawn(Box::pin(async move { *slot.borrow_mut() = Some(future.await) }));
        loop {
            self.pool.borrow_mut().run_until_stalled();
            if let Some(output) = output.borrow_mut().take() {
                return output;
            }
            assert!(self.fire_next_timer(), "nothing can ever happen again");
        }
    }

    fn fire_next_timer(&self) -> bool {
        let next = {
            let mut timers = self.timers.borrow_mut();
            timers.sort_by_key(|timer| timer.0);
            if timers.is_empty() { None } else { Some(timers.remove(0)) }
        };
        let Some((at, flight)) = next else { return false };
        let passed = (at - self.now.get()).max(0);
        self.pass(passed);
        flight.land(());
        true
    }

    pub(super) fn pass(&self, ms: i64) {
        self.now.set(self.now.get() + ms);
        self.steady.set(self.steady.get() + ms);
    }

    pub(super) fn fault(&self, url: &str, fault: Fault) {
        self.faults.borrow_mut().push((url.to_owned(), fault));
    }

    pub(super) fn count(&self, text: &str) -> usize {
        self.requests.borrow().iter().filter(|request| request.contains(text)).count()
    }

    /// The refresh token that was issued last.
    pub(super) fn issued_last(&self) -> String {
        self.refresh_tokens.borrow().last().cloned().expect("there is one")
    }

    /// Begins another sequence of random numbers.
    pub(super) fn seed(&self, seed: u64) {
        self.randomness.set(seed);
    }

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

    fn next(&self) -> u32 {
        self.counter.set(self.counter.get() + 1);
        self.counter.get()
    }

    /// What the provider's authorization endpoint does with `url`: the callback URL.
    pub(super) fn authorize(&self, url: &str) -> String {
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

    fn answer(&self, request: &HttpRequest) -> std::result::Result<HttpResponse, NoAnswer> {
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
}

impl World {
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
pub(super) fn decoded(proof: &str) -> String {
    part_of(proof, 1)
}

/// The header (0) or the claims (1) of a JWT.
pub(super) fn part_of(jwt: &str, number: usize) -> String {
    let part = base64url::decode(jwt.split('.').nth(number).unwrap_or("")).expect("base64url");
    String::from_utf8(part).expect("text")
}

/// A token whose signature is good if it says so.
pub(super) fn jws(alg: &str, claims: &str, signature: &str) -> String {
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

pub(super) const OTHER_ISSUER: &str = "https://claims.example";

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

pub(super) fn response(status: u16, body: &str) -> HttpResponse {
    HttpResponse { status, headers: Vec::new(), body: body.to_owned() }
}

pub(super) fn options(origin: &str) -> Options {
    Options {
        issuer: ISSUER.to_owned(),
        client_id: "spa".to_owned(),
        scope: "openid profile email".to_owned(),
        redirect_uri: format!("{origin}/"),
        post_logout_redirect_uri: Some(format!("{origin}/")),
        response_mode: None,
        params: Vec::new(),
        apis: [(API, "read:orders"), (OTHER_API, "write:payments offline_access")]
            .map(|(url, scope)| ApiOptions {
                url: url.to_owned(),
                audience: None,
                resource: Some(url.to_owned()),
                scope: scope.to_owned(),
            })
            .to_vec(),
        silent: SilentOptions {
            on_load: true,
            redirect_uri: format!("{origin}/callback.html"),
            response_mode: None,
            timeout_ms: 10_000,
        },
        metadata: None,
        request_timeout_ms: 10_000,
        userinfo: false,
        pushed_authorization_requests: None,
        id_token_signing_alg: None,
        dangerously_accept_hmac_id_tokens: false,
        dpop: Dpop::Off,
        dpop_signing_alg: ProofAlg::ES256,
        dangerously_expose_access_token: false,
        monitor_session: false,
        origin: origin.to_owned(),
        vault_origin: None,
        state_prefix: "srtest-".to_owned(),
    }
}

impl Platform for World {
    fn now(&self) -> UnixTime {
        UnixTime::from_millis(self.now.get() + self.clock_ahead.get())
    }

    fn moment(&self) -> Moment {
        Moment { wall: self.now(), steady: self.steady.get() }
    }

    fn lock(&self, name: String) -> Boxed<Box<dyn std::any::Any>> {
        self.locked.borrow_mut().push(name);
        Box::pin(async { Box::new(()) as Box<dyn std::any::Any> })
    }

    fn random(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            // SplitMix64
            let state = self.randomness.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
            self.randomness.set(state);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }

    fn sleep(&self, ms: u32) -> Boxed<()> {
        let flight = Flight::new();
        self.timers.borrow_mut().push((self.now.get() + i64::from(ms), flight.clone()));
        Box::pin(async move { flight.landed().await })
    }

    fn spawn(&self, task: Boxed<()>) {
        self.spawner.spawn_local(task).expect("the pool lives as long as the world");
    }

    fn digest(&self, hash: Hash, data: Vec<u8>) -> Boxed<Result<Vec<u8>>> {
        let digest = match hash {
            Hash::Sha256 => sha2::Sha256::digest(data).to_vec(),
            Hash::Sha384 => sha2::Sha384::digest(data).to_vec(),
            Hash::Sha512 => sha2::Sha512::digest(data).to_vec(),
        };
        Box::pin(async move { Ok(digest) })
    }

    fn verify(&self, _: Alg, _: &Jwk, signature: Vec<u8>, _: Vec<u8>) -> Boxed<Result<bool>> {
        Box::pin(async move { Ok(signature == b"good") })
    }

    fn outlives_pages(&self) -> bool {
        self.shared.get()
    }

    fn key(&self, name: String, alg: Alg) -> Boxed<Result<Rc<dyn SigningKey>>> {
        let made = (alg, self.next());
        let (alg, number) = match self.shared.get() {
            true => made,
            false => *self.keys.borrow_mut().entry(name).or_insert(made),
        };
        let jwk = format!(r#"{{"crv":"P-256","kty":"EC","x":"eA","y":"{number}"}}"#);
        let jwk = Json::parse(&jwk).expect("it is JSON");
        let key: Rc<dyn SigningKey> = Rc::new(FakeKey { alg, jwk });
        Box::pin(async move { Ok(key) })
    }

    fn forget_key(&self, name: String) -> Boxed<()> {
        self.keys.borrow_mut().remove(&name);
        Box::pin(async {})
    }

    fn http(&self, request: HttpRequest) -> Boxed<std::result::Result<HttpResponse, NoAnswer>> {
        let world = self.this.upgrade().expect("the world exists");
        Box::pin(async move {
            let held = world.cached.borrow().get(&request.url).cloned();
            if let (Cache::Stored, Some(held)) = (request.cache, held) {
                return Ok(held);
            }
            let answer = world.answer(&request);
            let meanwhile = world.meanwhile.borrow_mut().take_if(|(url, _)| request.url.contains(url.as_str()));
            if let Some((_, task)) = meanwhile {
                task.await;
            }
            if let (HttpMethod::Get, Ok(answer)) = (request.method, &answer) {
                world.cached.borrow_mut().insert(request.url.clone(), answer.clone());
            }
            // What was spawned meanwhile comes first.
            world.sleep(0).await;
            answer
        })
    }

    fn fetch(
        &self,
        request: FetchRequest,
        _: Attachment,
        credentials: Vec<(&'static str, String)>,
    ) -> Boxed<std::result::Result<(ResponseHead, Attachment), NoAnswer>> {
        let header = |name| credentials.iter().find(|header| header.0 == name).map(|header| header.1.clone());
        self.api_calls.borrow_mut().push((request.url.clone(), header("authorization").unwrap_or_default()));
        self.proofs.borrow_mut().extend(header("dpop"));
        let token = header("authorization").unwrap_or_default();
        let issued_at = self.tokens.borrow().get(token.rsplit(' ').next().unwrap_or("")).copied();
        if issued_at.is_none_or(|at| self.now.get() >= at + self.token_life.get() * 1000) {
            self.expired_calls.set(self.expired_calls.get() + 1);
        }
        let refusal = self.refusals.borrow_mut().pop();
        let (status, challenge) = refusal.unwrap_or((200, ""));
        let head = ResponseHead {
            status,
            status_text: "OK".to_owned(),
            url: request.url,
            redirected: false,
            kind: "cors".to_owned(),
            again: false,
            headers: vec![("www-authenticate".to_owned(), challenge.to_owned())],
        };
        Box::pin(async move { Ok((head, None)) })
    }

    fn can_send_again(&self, _: &Attachment) -> bool {
        true
    }

    fn discard(&self, _: Attachment) {}

    fn parse_url(&self, url: &str) -> Option<Url> {
        parse_url(url)
    }

    fn replace(&self, key: String, text: String) -> Boxed<Result<Option<String>>> {
        let before = self.stored.borrow_mut().insert(key, text);
        Box::pin(async move { Ok(before) })
    }

    fn stored(&self) -> Boxed<Result<Vec<(String, String)>>> {
        let stored = self.stored.borrow().clone().into_iter().collect();
        Box::pin(async move { Ok(stored) })
    }

    fn forget(&self, keys: Vec<String>) -> Boxed<Result<()>> {
        keys.iter().for_each(|key| drop(self.stored.borrow_mut().remove(key)));
        Box::pin(async move { Ok(()) })
    }
}

struct FakeKey {
    alg: Alg,
    jwk: Json,
}

impl SigningKey for FakeKey {
    fn alg(&self) -> Alg {
        self.alg
    }

    fn jwk(&self) -> &Json {
        &self.jwk
    }

    fn sign(&self, _: Vec<u8>) -> Boxed<Result<Vec<u8>>> {
        Box::pin(async { Ok(b"good".to_vec()) })
    }

    fn is_extractable(&self) -> bool {
        false
    }
}

pub(crate) fn parse_url(url: &str) -> Option<Url> {
    let url = url::Url::parse(url).ok()?;
    Some(Url {
        origin: url.origin().ascii_serialization(),
        host: url.host_str().unwrap_or("").to_owned(),
        path: url.path().to_owned(),
        href: url.as_str().to_owned(),
        has_credentials: !url.username().is_empty() || url.password().is_some(),
    })
}

/// A page whose frames and popups reach the simulated provider.
pub(super) struct FakePage {
    world: Rc<World>,
    pub(super) states: RefCell<Vec<(Status, Option<WireError>)>>,
    claims: RefCell<String>,
    renewed: Cell<u32>,
    failures: RefCell<Vec<(String, bool)>>,
    pub(super) asked: RefCell<Vec<String>>,
    /// Instead of what the provider would answer a frame; `None` never answers.
    pub(super) frame: RefCell<Option<Option<Answer>>>,
    pub(super) went_to: RefCell<Option<String>>,
}

impl FakePage {
    pub(super) fn new(world: &Rc<World>) -> Rc<FakePage> {
        Rc::new(FakePage {
            world: world.clone(),
            states: RefCell::default(),
            claims: RefCell::default(),
            renewed: Cell::new(0),
            failures: RefCell::default(),
            asked: RefCell::default(),
            frame: RefCell::default(),
            went_to: RefCell::default(),
        })
    }

    /// How many renewals were told, and which failures, with whether the session lives on.
    pub(super) fn told(&self) -> (u32, Vec<(String, bool)>) {
        (self.renewed.get(), self.failures.borrow().clone())
    }

    /// The user's claims, as JSON text.
    pub(super) fn claims(&self) -> String {
        self.claims.borrow().clone()
    }

    pub(super) fn state(&self) -> (Status, Option<WireError>) {
        self.states.borrow().last().cloned().expect("a state was sent")
    }
}

impl Page for FakePage {
    fn send(&self, message: &FromVault, _: Attachment) {
        match message {
            FromVault::State(state) => {
                self.states.borrow_mut().push((state.status, state.reason.clone()));
                *self.claims.borrow_mut() = state.claims.clone().unwrap_or_default();
            }
            FromVault::Renewed(_) => self.renewed.set(self.renewed.get() + 1),
            FromVault::RenewalFailed(failed) => {
                self.failures.borrow_mut().push((failed.error.code.clone(), failed.retry));
            }
            _ => {}
        }
    }

    fn ask(&self, ask: Ask) -> Boxed<Answer> {
        let answer = match &ask {
            Ask::Navigate { url } => {
                *self.went_to.borrow_mut() = Some(url.clone());
                Some(Answer::Done)
            }
            Ask::Frame { url, expect } | Ask::Popup { url, expect, .. } => {
                assert!(matches!(expect, FrameExpect::Callback { .. }), "the metadata promises no web_message");
                self.asked.borrow_mut().push(url.clone());
                match self.frame.borrow().clone() {
                    Some(instead) => instead,
                    None => Some(Answer::Url(self.world.authorize(url))),
                }
            }
        };
        self.world.next();
        Box::pin(async move {
            match answer {
                Some(answer) => answer,
                None => std::future::pending().await,
            }
        })
    }
}

/// Sends `command` and gives back its reply.
pub(super) async fn command(client: &Client, page: &Rc<FakePage>, command: Command) -> Reply {
    let page: Rc<dyn Page> = page.clone();
    client.handle(&page, command, None).await.0
}
