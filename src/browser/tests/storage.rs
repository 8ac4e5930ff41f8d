//! What outlives a page load, but for keys.

use wasm_bindgen_test::wasm_bindgen_test;

use crate::browser::Browser;
use crate::platform::Platform;

#[wasm_bindgen_test]
async fn storage_replaces_in_one_step_and_outlives_its_user() {
    let (first, second) = (Browser::new(false), Browser::new(false));
    let key = || "storage test".to_owned();
    first.forget(vec![key()]).await.unwrap();
    assert_eq!(first.replace(key(), "one".to_owned()).await.unwrap(), None);
    assert_eq!(second.replace(key(), "two".to_owned()).await.unwrap().as_deref(), Some("one"));
    drop((first, second));
    let third = Browser::new(false);
    assert!(third.stored().await.unwrap().contains(&(key(), "two".to_owned())));
    third.forget(vec![key(), "never stored".to_owned()]).await.unwrap();
    assert!(third.stored().await.unwrap().iter().all(|(stored, _)| *stored != key()));
}

#[wasm_bindgen_test]
async fn of_two_who_take_one_entry_at_once_one_gets_it() {
    let (first, second) = (Browser::new(false), Browser::new(false));
    let key = || "race test".to_owned();
    first.replace(key(), "kept".to_owned()).await.unwrap();
    let both = (first.replace(key(), "taken".to_owned()), second.replace(key(), "taken".to_owned()));
    let (one, other) = (both.0.await.unwrap(), both.1.await.unwrap());
    assert_eq!((one.as_deref(), other.as_deref()), (Some("kept"), Some("taken")));
    first.forget(vec![key()]).await.unwrap();
}
