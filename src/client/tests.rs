//! The flows in a simulated world: no browser, no network, no waiting.
#![allow(clippy::unwrap_used)]

mod access;
mod discovery;
mod keys;
mod renewal;
mod sign_in;
mod sign_out;
mod silent;
mod userinfo;
pub(super) mod world;
mod year;

use std::rc::Rc;

use super::Client;
use crate::platform::Page;
use crate::wire::{CheckSession, Command, FetchRequest, Reply, SignIn, SignOut, Start, Status, Userinfo, WireError};
use world::{FakePage, World, command};

struct Story {
    world: Rc<World>,
    client: Rc<Client>,
    page: Rc<FakePage>,
}

impl Story {
    fn new() -> Story {
        Story::with(World::new())
    }

    /// A page load in `world`: a vault and a page of its own.
    fn with(world: Rc<World>) -> Story {
        let client = world.client();
        let page = FakePage::new(&world);
        let dyn_page: Rc<dyn Page> = page.clone();
        client.attach(&dyn_page);
        Story { world, client, page }
    }

    fn does(&self, what: Command) -> Reply {
        let (client, page) = (self.client.clone(), self.page.clone());
        self.world.run(async move { command(&client, &page, what).await })
    }

    fn starts(&self, callback: Option<&str>) -> Reply {
        self.does(Command::Start(Start { callback: callback.map(str::to_owned) }))
    }

    /// Signs in by redirect, up to the moment where the provider sends the user back to the URL returned.
    fn leaves(&self, return_to: Option<&str>) -> String {
        assert!(matches!(self.does(sign_in(return_to)), Reply::Done));
        let url = self.page.went_to.borrow().clone().expect("the page left");
        self.world.authorize(&url)
    }

    fn fetches(&self, url: &str) -> Reply {
        self.does(get(url))
    }

    fn status_of(&self, url: &str) -> u16 {
        match self.fetches(url) {
            Reply::Response(head) => head.status,
            _ => panic!("no response came"),
        }
    }

    fn checks_session(&self) -> Reply {
        self.does(check_session())
    }

    fn asks_userinfo(&self, sources: bool) -> Reply {
        self.does(Command::Userinfo(Userinfo { sources }))
    }

    /// Grace signs in at the provider while the answer to a request to `url` is under way, and this session follows.
    fn grace_comes_during(&self, url: &str) {
        let (client, page, world) = (self.client.clone(), self.page.clone(), self.world.clone());
        let grace_comes = Box::pin(async move {
            *world.user.borrow_mut() = Some("grace".to_owned());
            assert!(matches!(command(&client, &page, check_session()).await, Reply::Checked(_)));
        });
        *self.world.meanwhile.borrow_mut() = Some((url.to_owned(), grace_comes));
    }

    fn signed_out_for(&self) -> WireError {
        match self.page.state() {
            (Status::SignedOut, Some(reason)) => reason,
            state => panic!("not signed out: {state:?}"),
        }
    }
}

/// A sign-in by redirect.
fn sign_in(return_to: Option<&str>) -> Command {
    Command::SignIn(SignIn {
        return_to: return_to.map(str::to_owned),
        app_state: Some(r#"{"cart":7}"#.to_owned()),
        scope: None,
        params: Vec::new(),
        popup: false,
    })
}

/// A sign-out that the provider does not hear of, unless it `revoke`s.
fn local_sign_out(revoke: bool) -> Command {
    Command::SignOut(SignOut { local: true, revoke, params: Vec::new(), return_to: None })
}

/// A sign-out at the provider.
fn sign_out(revoke: bool, return_to: Option<&str>) -> Command {
    Command::SignOut(SignOut { local: false, revoke, params: Vec::new(), return_to: return_to.map(str::to_owned) })
}

fn check_session() -> Command {
    Command::CheckSession(CheckSession {
        scope: None,
        audience: None,
        resource: None,
        params: Vec::new(),
        timeout_ms: None,
    })
}

/// A call of an API.
fn get(url: &str) -> Command {
    Command::Fetch(FetchRequest {
        url: url.to_owned(),
        method: "GET".to_owned(),
        headers: Vec::new(),
        init: Vec::new(),
        keepalive: false,
    })
}

fn error_of(reply: Reply) -> WireError {
    match reply {
        Reply::Error(error) => error,
        _ => panic!("no error came"),
    }
}
