//! A simulated world: a clock that jumps, a network that does as told, a provider that issues, and a page that answers.

mod page;
mod platform;
mod provider;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::rc::Rc;

use futures::executor::{LocalPool, LocalSpawner};

pub(super) use page::{FakePage, command};
pub(super) use platform::Dice;
pub(crate) use platform::parse_url;
pub(super) use provider::{OTHER_ISSUER, decoded, jws, part_of, response};

use crate::client::{Client, Flight};
use crate::platform::{Boxed, NoAnswer, Platform};
use crate::protocol::jws::Alg;
use crate::protocol::{HttpRequest, HttpResponse};
use crate::wire::{ApiOptions, Dpop, Options, ProofAlg, SilentOptions};
use provider::Issued;

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

    fn next(&self) -> u32 {
        self.counter.set(self.counter.get() + 1);
        self.counter.get()
    }
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
