//! IndexedDB: what outlives a page load. Transactions, and keys that sign and cannot be exported; nothing else.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;
use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{IdbDatabase, IdbObjectStore, IdbRequest, IdbTransactionMode};

use super::INDEXED_DB;
use crate::error::{Code, Error, Result};
use crate::platform::before_end;

const DATABASE: &str = "strongroom";
const TRANSACTIONS: &str = "transactions";
const KEYS: &str = "keys";
const STORES: [&str; 2] = [TRANSACTIONS, KEYS];

type Database = Rc<RefCell<Option<IdbDatabase>>>;

/// Puts `text` under `key` and gives back what was there, in one database transaction.
pub(super) async fn replace(database: Database, key: String, text: String) -> Result<Option<String>> {
    let store = store(&database, TRANSACTIONS, IdbTransactionMode::Readwrite).await?;
    let key = JsValue::from_str(&key);
    let before = completed(store.get(&key)).await?;
    completed(store.put_with_key(&text.into(), &key)).await?;
    written(&store).await?;
    Ok(before.as_string())
}

/// Every key with its text.
pub(super) async fn stored(database: Database) -> Result<Vec<(String, String)>> {
    let store = store(&database, TRANSACTIONS, IdbTransactionMode::Readonly).await?;
    let (keys, texts) = (completed(store.get_all_keys()), completed(store.get_all()));
    let (keys, texts) = (Array::from(&keys.await?), Array::from(&texts.await?));
    let pairs = keys.iter().zip(texts.iter());
    Ok(pairs.filter_map(|(key, text)| Some((key.as_string()?, text.as_string()?))).collect())
}

/// Deletes what is under `keys`.
pub(super) async fn forget(database: Database, keys: Vec<String>) -> Result<()> {
    let store = store(&database, TRANSACTIONS, IdbTransactionMode::Readwrite).await?;
    for key in keys {
        completed(store.delete(&key.into())).await?;
    }
    written(&store).await
}

/// The `CryptoKeyPair` under `name`, if there is one.
pub(super) async fn kept_key(database: &Database, name: &str) -> Result<Option<JsValue>> {
    let store = store(database, KEYS, IdbTransactionMode::Readonly).await?;
    let kept = completed(store.get(&name.into())).await?;
    Ok((!kept.is_undefined()).then_some(kept))
}

/// Keeps `pair` under `name` and gives it back, or the one that another tab has put there meanwhile.
pub(super) async fn keep_key(database: &Database, name: &str, pair: &JsValue) -> Result<JsValue> {
    let store = store(database, KEYS, IdbTransactionMode::Readwrite).await?;
    let kept = completed(store.get(&name.into())).await?;
    if !kept.is_undefined() {
        return Ok(kept);
    }
    completed(store.put_with_key(pair, &name.into())).await?;
    Ok(pair.clone())
}

/// Deletes the key under `name`, as well as it goes.
pub(super) async fn forget_key(database: &Database, name: &str) {
    if let Ok(store) = store(database, KEYS, IdbTransactionMode::Readwrite).await {
        drop(completed(store.delete(&name.into())).await);
    }
}

async fn store(database: &Database, name: &str, mode: IdbTransactionMode) -> Result<IdbObjectStore> {
    open(database).await?;
    let database = database.borrow();
    let transaction =
        database.as_ref().ok_or(JsValue::NULL).and_then(|db| db.transaction_with_str_and_mode(name, mode));
    transaction.and_then(|transaction| transaction.object_store(name)).map_err(unavailable)
}

async fn open(database: &Database) -> Result<()> {
    if database.borrow().is_some() {
        return Ok(());
    }
    let factory = INDEXED_DB.with(Clone::clone).ok_or_else(|| unavailable(JsValue::NULL))?;
    let request = factory.open_with_u32(DATABASE, 2).map_err(unavailable)?;
    let upgrade = Closure::once_into_js({
        let request = request.clone();
        move || {
            let Ok(database) = request.result() else { return };
            let database: IdbDatabase = database.unchecked_into();
            for store in STORES {
                // One that is there already stays as it is.
                let _ = database.create_object_store(store);
            }
        }
    });
    request.set_onupgradeneeded(Some(upgrade.unchecked_ref()));
    let opened: IdbDatabase = completed(Ok(request.unchecked_into())).await?.unchecked_into();
    // Lets another tab delete or upgrade the database; the next use opens it again.
    let on_version_change = Closure::once_into_js({
        let database = Rc::downgrade(database);
        move || {
            if let Some(database) = database.upgrade().and_then(|database| database.borrow_mut().take()) {
                database.close();
            }
        }
    });
    opened.set_onversionchange(Some(on_version_change.unchecked_ref()));
    *database.borrow_mut() = Some(opened);
    Ok(())
}

/// Waits until the transaction of `store` is complete. A page that leaves before may take its worker along in the midst
/// of it, and in WebKit such a transaction bars the way to all that come after.
async fn written(store: &IdbObjectStore) -> Result<()> {
    let transaction = store.transaction();
    let complete = Promise::new(&mut |resolve, reject| {
        transaction.set_oncomplete(Some(&resolve));
        transaction.set_onabort(Some(&reject));
    });
    in_time(complete).await
}

/// The result of `request`, once it is there. Listens from the call on, not from the first poll: an answer waits for
/// nobody.
fn completed(request: std::result::Result<IdbRequest, JsValue>) -> impl Future<Output = Result<JsValue>> {
    let listening = request.map(|request| {
        let promise = Promise::new(&mut |resolve, reject| {
            request.set_onsuccess(Some(&resolve));
            request.set_onerror(Some(&reject));
        });
        (request, promise)
    });
    async move {
        let (request, promise) = listening.map_err(unavailable)?;
        in_time(promise).await?;
        request.result().map_err(unavailable)
    }
}

/// How long the database may take for one answer, in milliseconds. Where a transaction of a page that is gone bars the
/// way, none would ever come.
const PATIENCE: u32 = 3000;

/// Waits for `promise`, but not for ever.
async fn in_time(promise: Promise) -> Result<()> {
    let end = Box::pin(TimeoutFuture::new(PATIENCE));
    let answer = before_end(end, Box::pin(JsFuture::from(promise))).await;
    answer.unwrap_or(Err(JsValue::NULL)).map(drop).map_err(unavailable)
}

fn unavailable(_: JsValue) -> Error {
    Error::new(Code::StorageUnavailable, "the browser does not let this page use IndexedDB").with_hint(
        "a sign-in by redirect must be remembered across the redirect: allow site data, or sign in with a popup",
    )
}
