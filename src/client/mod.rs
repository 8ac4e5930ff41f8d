//! Joins protocol, vault and platform into flows. One client serves one configuration.
//!
//! - `provider` asks the provider: metadata, keys, retries
//! - `authorize` sign-in by redirect, popup and hidden frame: the way to the provider
//! - `callback` the way back from a redirect
//! - `redeem` turns an authorization code or a refresh token into checked tokens
//! - `renewal` renews ahead of time
//! - `access` finds the access token for an API call, and makes the call
//! - `proof` proves possession of a key (DPoP)
//! - `sign_out` ends a session
//! - `userinfo` learns more about the user

mod access;
mod authorize;
mod callback;
mod flight;
mod proof;
mod provider;
mod redeem;
mod renewal;
mod sign_out;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
mod userinfo;

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::{Rc, Weak};

pub(crate) use flight::Flight;
#[cfg(all(test, not(target_arch = "wasm32")))]
pub(crate) use tests::world::{World, parse_url};

use crate::error::{Code, Error, Result};
use crate::options::Config;
use crate::platform::*;
use crate::table::Table;
use crate::vault::Vault;
use crate::wire::{Command, FromVault, Options, Reply, SessionState, Status};
use access::Renewal;
use provider::Provider;

/// A session's decisions and secrets.
pub(crate) struct Client {
    this: Weak<Client>,
    platform: Rc<Realm>,
    config: Config,
    provider: Provider,
    vault: RefCell<Vault>,
    standing: RefCell<Standing>,
    pages: RefCell<Vec<Attached>>,
    /// Landed once it is known whether somebody is signed in.
    started: Flight<()>,
    renewals: RefCell<Vec<Renewal>>,
    /// Whether the provider has signed the user in at top level, while this client was there to see it.
    seen_at_top_level: Cell<bool>,
    /// The key of DPoP proofs, once one was wanted.
    key: RefCell<Option<MakingKey>>,
    /// The nonces that servers want in DPoP proofs, by origin.
    nonces: RefCell<Table<String, String>>,
    /// The number of the timer that counts.
    alarm: Cell<u32>,
    /// The provider's clock less ours, in milliseconds, where it can be seen.
    clock_offset: Cell<i64>,
    /// Counts the sign-outs.
    epoch: Cell<u32>,
}

/// A page, and whether somebody looks at it.
struct Attached {
    page: Weak<dyn Page>,
    visible: Cell<bool>,
}

/// A key that is there or under way.
type MakingKey = Flight<Result<Rc<dyn SigningKey>>>;

/// Whether somebody is signed in.
#[derive(Clone, Debug, PartialEq)]
enum Standing {
    Unknown,
    SignedIn { claims: String },
    SignedOut { reason: Error },
}

impl Client {
    /// Opens a client, or says which option is wrong.
    pub(crate) fn open(options: Rc<Options>, platform: Rc<Realm>) -> Result<Rc<Client>> {
        let config = Config::new(options, platform.as_ref())?;
        Ok(Rc::new_cyclic(|this| Client {
            this: this.clone(),
            platform,
            config,
            provider: Provider::default(),
            vault: RefCell::default(),
            standing: RefCell::new(Standing::Unknown),
            pages: RefCell::default(),
            started: Flight::new(),
            renewals: RefCell::default(),
            seen_at_top_level: Cell::new(false),
            key: RefCell::default(),
            nonces: RefCell::default(),
            alarm: Cell::new(0),
            clock_offset: Cell::new(0),
            epoch: Cell::new(0),
        }))
    }

    /// Whether it was opened with `options`.
    pub(crate) fn is_configured_with(&self, options: &Options) -> bool {
        *self.config.options == *options
    }

    /// From now on `page` hears of every change, beginning with how things stand.
    pub(crate) fn attach(&self, page: &Rc<dyn Page>) {
        page.send(&FromVault::State(self.state()), None);
        let mut pages = self.pages.borrow_mut();
        pages.retain(|attached| attached.page.strong_count() > 0);
        pages.push(Attached { page: Rc::downgrade(page), visible: Cell::new(true) });
    }

    /// A page that is there, preferably one that somebody looks at.
    fn some_page(&self) -> Option<Rc<dyn Page>> {
        let pages = self.pages.borrow();
        let alive = |visible: bool| {
            pages
                .iter()
                .filter(move |attached| attached.visible.get() || !visible)
                .find_map(|attached| attached.page.upgrade())
        };
        alive(true).or_else(|| alive(false))
    }

    /// Does what `page` commands.
    pub(crate) async fn handle(
        &self,
        page: &Rc<dyn Page>,
        command: Command,
        attachment: Attachment,
    ) -> (Reply, Attachment) {
        let result = match command {
            Command::Start(start) => self.start(page, start).await.map(Reply::Started),
            Command::SignIn(sign_in) => self.sign_in(page, sign_in).await.map(|()| Reply::Done),
            Command::CheckSession(check) => self.check_session(page, check).await.map(Reply::Checked),
            Command::Userinfo(ask) => self.userinfo(page, ask).await.map(Reply::Claims),
            Command::AccessToken(wish) => self.access_token(page, wish).await.map(Reply::AccessToken),
            Command::Awake { visible } => {
                self.awake(page, visible);
                Ok(Reply::Done)
            }
            Command::SignOut(sign_out) => self.sign_out(page, sign_out).await,
            Command::LoggedOut(logged_out) => {
                self.logged_out(&logged_out);
                Ok(Reply::Done)
            }
            Command::Fetch(request) => match self.fetch(page, request, attachment).await {
                Ok(response) => return response,
                Err(error) => Err(error),
            },
            Command::Close => {
                self.vault.borrow_mut().clear();
                Ok(Reply::Done)
            }
            Command::Open(_) => Err(Error::new(Code::Internal, "the session is open already")),
        };
        (result.unwrap_or_else(|error| Reply::Error(error.to_wire())), None)
    }

    fn state(&self) -> SessionState {
        let (status, claims, reason) = match &*self.standing.borrow() {
            Standing::Unknown => (Status::Loading, None, None),
            Standing::SignedIn { claims } => (Status::SignedIn, Some(claims.clone()), None),
            Standing::SignedOut { reason } => (Status::SignedOut, None, Some(reason.to_wire())),
        };
        SessionState { status, claims, reason }
    }

    /// Takes note of how things stand now, and tells every page if that is news.
    fn stand(&self, standing: Standing) {
        if *self.standing.borrow() == standing {
            return;
        }
        *self.standing.borrow_mut() = standing;
        self.started.land(());
        self.tell(&FromVault::State(self.state()));
    }

    /// Sends `message` to every page.
    fn tell(&self, message: &FromVault) {
        let pages: Vec<_> = self.pages.borrow().iter().filter_map(|attached| attached.page.upgrade()).collect();
        for page in pages {
            page.send(message, None);
        }
    }

    /// The session has ended, or there was none: nothing of it is kept.
    fn end_session(&self, reason: Error) {
        self.vault.borrow_mut().clear();
        self.stand(Standing::SignedOut { reason });
    }

    /// Says who is signed in, by what the vault holds.
    fn stand_by_claims(&self) {
        let claims = self.vault.borrow().claims_text();
        if let Some(claims) = claims {
            self.stand(Standing::SignedIn { claims });
        }
    }

    /// Refuses to go on with what was begun in `epoch` if the user has signed out since.
    fn unless_signed_out_since(&self, epoch: u32) -> Result<()> {
        match epoch == self.epoch.get() {
            true => Ok(()),
            false => Err(Error::new(Code::SignedOut, "the user signed out meanwhile")),
        }
    }

    /// Who is signed in.
    fn subject(&self) -> Option<String> {
        self.vault.borrow().id_token().map(|id_token| id_token.subject.clone())
    }

    /// Refuses to go on with what was begun in `epoch` for the user `subject` if that user has gone since.
    fn unless_gone_since(&self, epoch: u32, subject: &str) -> Result<()> {
        self.unless_signed_out_since(epoch)?;
        match self.subject().as_deref() == Some(subject) {
            true => Ok(()),
            false => Err(Error::new(Code::SignedOut, "another user has signed in meanwhile")),
        }
    }

    fn is_signed_in(&self) -> bool {
        matches!(*self.standing.borrow(), Standing::SignedIn { .. })
    }

    /// Runs `task` to its end, also when the caller that started it has given up.
    fn launch<T: Clone + 'static>(&self, task: impl Future<Output = T> + 'static) -> Flight<T> {
        let flight = Flight::new();
        let landing = flight.clone();
        self.platform.spawn(Box::pin(async move { landing.land(task.await) }));
        flight
    }

    /// This client, for a task that outlives the call. It is there while a method of it runs.
    fn share(&self) -> Result<Rc<Client>> {
        self.this.upgrade().ok_or_else(|| Error::new(Code::Closed, "the session is closed"))
    }

    /// A number of 0 to `below` - 1, evenly enough for spreading load.
    fn jitter(&self, below: u32) -> u32 {
        let mut bytes = [0; 4];
        self.platform.random(&mut bytes);
        u32::from_le_bytes(bytes) % below
    }
}
