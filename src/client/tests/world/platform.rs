//! The simulated platform: clocks, network, storage and keys.

use std::rc::Rc;

use futures::task::LocalSpawnExt;
use sha2::Digest;

use super::World;
use crate::client::Flight;
use crate::error::Result;
use crate::json::Json;
use crate::platform::{Attachment, Boxed, NoAnswer, Platform, SigningKey, Url};
use crate::protocol::jwk::Jwk;
use crate::protocol::jws::{Alg, Hash};
use crate::protocol::{Cache, HttpMethod, HttpRequest, HttpResponse, Moment, UnixTime};
use crate::wire::{FetchRequest, ResponseHead};

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
        let mut dice = Dice(self.randomness.get());
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&dice.next().to_le_bytes()[..chunk.len()]);
        }
        self.randomness.set(dice.0);
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

/// A small generator, so that a run can be repeated from its seed (SplitMix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.next() % sides
    }
}
