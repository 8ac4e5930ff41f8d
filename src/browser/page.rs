//! The page at the other end of a `MessagePort`.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::{Rc, Weak};
use std::task::Poll;

use js_sys::Array;
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, MessagePort, ReadableStream};

use super::{Browser, api};
use crate::client::{Client, Flight};
use crate::error::{Code, Error};
use crate::json::Json;
use crate::message::{self, Misfit, Write};
use crate::platform::{Attachment, Boxed, Page};
use crate::table::Table;
use crate::wire::{Answer, Ask, Command, FromVault, Reply, ToVault};

thread_local! {
    /// The sessions of a shared worker. There is one, unless somebody lies about the worker's name: what
    /// a page configures is what it gets, whoever was here before.
    static SHARED: RefCell<Vec<Rc<Client>>> = const { RefCell::new(Vec::new()) };
}

/// Serves the page behind `port` until it says `close`. With `shared`, its session is that of all such pages.
pub(crate) fn serve(port: MessagePort, shared: bool) {
    let page = Rc::new_cyclic(|this| PortPage {
        this: this.clone(),
        port,
        shared,
        client: RefCell::default(),
        asks: RefCell::default(),
        commands: RefCell::default(),
        next_ask: Cell::new(1),
        listener: RefCell::default(),
    });
    let listener = Listener::new({
        let page = page.clone();
        move |event: MessageEvent| page.receive(event.data())
    });
    // Setting `onmessage` also starts the port.
    page.port.set_onmessage(Some(listener.as_ref().unchecked_ref()));
    // The closure keeps the page alive, and the page the closure: `close` breaks the circle.
    *page.listener.borrow_mut() = Some(listener);
}

type Listener = Closure<dyn FnMut(MessageEvent)>;

struct PortPage {
    this: Weak<PortPage>,
    port: MessagePort,
    /// Whether its session outlives it.
    shared: bool,
    client: RefCell<Option<Rc<Client>>>,
    asks: RefCell<Table<u32, Flight<Answer>>>,
    /// The commands under way; landing a flight cancels one.
    commands: RefCell<Table<u32, Flight<()>>>,
    next_ask: Cell<u32>,
    listener: RefCell<Option<Listener>>,
}

impl PortPage {
    /// Takes a message in. The id is read first, so that even an unreadable command gets a reply.
    fn receive(&self, data: JsValue) {
        let parts: Array = match data.dyn_into() {
            Ok(parts) => parts,
            Err(_) => return,
        };
        match message::read(Json::from_js(&parts.get(0))) {
            Ok(ToVault::Command { id, command }) => {
                let attachment = parts.get(1);
                let attachment = (!attachment.is_undefined()).then(|| Rc::new(attachment) as Rc<dyn std::any::Any>);
                self.command(id, command, attachment);
            }
            Ok(ToVault::Cancel { id }) => {
                if let Some(cancel) = self.commands.borrow().get(&id) {
                    cancel.land(());
                }
            }
            Ok(ToVault::Answer { id, answer }) => {
                if let Some(ask) = self.asks.borrow_mut().remove(&id) {
                    ask.land(answer);
                }
            }
            Err(Misfit(name)) => {
                let error = Error::new(Code::Internal, ["the vault does not understand a message: ", name].concat())
                    .with_hint("are the page part and the vault of the same version?");
                self.send(&FromVault::Reply { id: 0, reply: Reply::Error(error.to_wire()) }, None);
            }
        }
    }

    fn command(&self, id: u32, command: Command, attachment: Attachment) {
        let Some(page) = self.this.upgrade() else { return };
        let cancel = Flight::new();
        self.commands.borrow_mut().insert(id, cancel.clone());
        wasm_bindgen_futures::spawn_local(async move {
            let closing = matches!(command, Command::Close);
            let (reply, attachment) = page.run(command, attachment, cancel).await;
            page.commands.borrow_mut().remove(&id);
            page.send(&FromVault::Reply { id, reply }, attachment);
            if closing {
                page.close();
            }
        });
    }

    /// Runs `command`, dropping it when `cancel` lands first.
    async fn run(&self, command: Command, attachment: Attachment, cancel: Flight<()>) -> (Reply, Attachment) {
        let mut running = pin!(self.execute(command, attachment));
        let mut cancelled = pin!(cancel.landed());
        poll_fn(|context| {
            if let Poll::Ready(output) = running.as_mut().poll(context) {
                return Poll::Ready(output);
            }
            cancelled.as_mut().poll(context).map(|()| {
                let error = Error::new(Code::Aborted, "the caller gave up");
                (Reply::Error(error.to_wire()), None)
            })
        })
        .await
    }

    async fn execute(&self, command: Command, attachment: Attachment) -> (Reply, Attachment) {
        let page: Rc<dyn Page> = match self.this.upgrade() {
            Some(page) => page,
            None => return (Reply::Done, None),
        };
        let client = self.client.borrow().clone();
        if let (Command::Open(options), None) = (&command, &client) {
            let options = options.clone();
            let platform = Rc::new(Browser::new(self.shared));
            let known = match self.shared {
                true => SHARED
                    .with_borrow(|known| Some(known.iter().find(|known| known.is_configured_with(&options))?.clone())),
                false => None,
            };
            let is_new = self.shared && known.is_none();
            return match known.map_or_else(|| Client::open(options, platform), Ok) {
                Ok(client) => {
                    if is_new {
                        SHARED.with_borrow_mut(|known| known.push(client.clone()));
                    }
                    client.attach(&page);
                    *self.client.borrow_mut() = Some(client);
                    (Reply::Done, None)
                }
                Err(error) => (Reply::Error(error.to_wire()), None),
            };
        }
        match client {
            // The other pages go on.
            Some(_) if self.shared && matches!(command, Command::Close) => (Reply::Done, None),
            Some(client) => client.handle(&page, command, attachment).await,
            None => (Reply::Error(Error::new(Code::Closed, "the session is closed").to_wire()), None),
        }
    }

    /// Ends everything: what is under way is cancelled, the port closes, the tokens go with the client.
    fn close(&self) {
        self.port.set_onmessage(None);
        self.port.close();
        let commands = self.commands.borrow_mut().take();
        commands.into_iter().for_each(|(_, cancel)| cancel.land(()));
        let asks = self.asks.borrow_mut().take();
        asks.into_iter().for_each(|(_, ask)| ask.land(Answer::Gone));
        self.client.borrow_mut().take();
        if let Some(listener) = self.listener.borrow_mut().take() {
            // It may be running right now: it is freed when this turn of the event loop has ended.
            wasm_bindgen_futures::spawn_local(async move { drop(listener) });
        }
    }
}

impl Page for PortPage {
    fn send(&self, message: &FromVault, attachment: Attachment) {
        let message = message.write().to_js();
        let attached = attachment.as_deref().and_then(|attachment| attachment.downcast_ref::<JsValue>());
        let Some(attached) = attached else {
            let _ = self.port.post_message(&Array::of1(&message));
            return;
        };
        let posted = self.port.post_message_with_transferable(&Array::of2(&message, attached), &Array::of1(attached));
        if posted.is_ok() {
            return;
        }
        let _ = match attached.dyn_ref::<ReadableStream>().map(|body| api::pull_port(body.clone())) {
            // This engine cannot transfer a stream.
            Some(Ok(port)) => {
                self.port.post_message_with_transferable(&Array::of2(&message, &port), &Array::of1(&port))
            }
            // Not every body is transferable: a Blob is not.
            _ => self.port.post_message(&Array::of2(&message, attached)),
        };
    }

    fn ask(&self, ask: Ask) -> Boxed<Answer> {
        let id = self.next_ask.replace(self.next_ask.get() + 1);
        let flight = Flight::new();
        self.asks.borrow_mut().insert(id, flight.clone());
        self.send(&FromVault::Ask { id, ask }, None);
        let withdraw = Withdraw { page: self.this.clone(), id };
        Box::pin(async move {
            let answer = flight.landed().await;
            drop(withdraw);
            answer
        })
    }
}

/// Tells the page that an ask is no longer wanted, if nobody has answered it by then.
struct Withdraw {
    page: Weak<PortPage>,
    id: u32,
}

impl Drop for Withdraw {
    fn drop(&mut self) {
        if let Some(page) = self.page.upgrade()
            && page.asks.borrow_mut().remove(&self.id).is_some()
        {
            page.send(&FromVault::Withdraw { id: self.id }, None);
        }
    }
}
