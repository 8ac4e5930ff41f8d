//! The simulated page.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::World;
use crate::client::Client;
use crate::platform::{Attachment, Boxed, Page};
use crate::wire::{Answer, Ask, Command, FrameExpect, FromVault, Reply, Status, WireError};

/// A page whose frames and popups reach the simulated provider.
pub(crate) struct FakePage {
    world: Rc<World>,
    pub(crate) states: RefCell<Vec<(Status, Option<WireError>)>>,
    claims: RefCell<String>,
    renewed: Cell<u32>,
    failures: RefCell<Vec<(String, bool)>>,
    pub(crate) asked: RefCell<Vec<String>>,
    /// Instead of what the provider would answer a frame; `None` never answers.
    pub(crate) frame: RefCell<Option<Option<Answer>>>,
    pub(crate) went_to: RefCell<Option<String>>,
}

impl FakePage {
    pub(crate) fn new(world: &Rc<World>) -> Rc<FakePage> {
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
    pub(crate) fn told(&self) -> (u32, Vec<(String, bool)>) {
        (self.renewed.get(), self.failures.borrow().clone())
    }

    /// The user's claims, as JSON text.
    pub(crate) fn claims(&self) -> String {
        self.claims.borrow().clone()
    }

    pub(crate) fn state(&self) -> (Status, Option<WireError>) {
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
pub(crate) async fn command(client: &Client, page: &Rc<FakePage>, command: Command) -> Reply {
    let page: Rc<dyn Page> = page.clone();
    client.handle(&page, command, None).await.0
}
