//! Signatures, keys, digests and randomness.

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::browser::Browser;
use crate::platform::{Platform, SigningKey};
use crate::protocol::base64url;
use crate::protocol::jwk::{Jwk, Jwks};
use crate::protocol::jws::{Alg, Hash};

#[wasm_bindgen(inline_js = r#"
const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/[+]/g, '-').replace(/[/]/g, '_').replace(/=/g, '');

/** Signs `data` with a fresh key: the public key as JSON text, and the signature as base64url. */
export async function signed(name, hash, namedCurve, data) {
  const parameters = { name, hash, namedCurve, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
  const keys = await crypto.subtle.generateKey(parameters, true, ['sign', 'verify']);
  const saltLength = Number(hash?.slice(4)) / 8;
  const bytes = new TextEncoder().encode(data);
  const signature = await crypto.subtle.sign({ name, hash, saltLength }, keys.privateKey, bytes);
  const { kty, crv, x, y, n, e } = await crypto.subtle.exportKey('jwk', keys.publicKey);
  return [JSON.stringify({ keys: [{ kty, crv, x, y, n, e }] }), base64url(signature)];
}
"#)]
extern "C" {
    fn signed(name: &str, hash: JsValue, curve: JsValue, data: &str) -> Promise;
}

fn bytes(base64url: &str) -> Vec<u8> {
    base64url::decode(base64url).unwrap()
}

fn key(keys: &str, alg: Alg) -> Jwk {
    (*Jwks::parse(keys).unwrap().candidates(alg, None).first().unwrap()).clone()
}

async fn verifies(alg: Alg, key: &Jwk, signature: &str, data: &str) -> bool {
    Browser::new(false).verify(alg, key, bytes(signature), data.as_bytes().to_vec()).await.unwrap()
}

const PAYLOAD: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

#[wasm_bindgen_test]
async fn rs256_of_rfc_7515_appendix_a_2() {
    let keys = r#"{"keys":[{"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}]}"#;
    let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    let key = key(keys, Alg::RS256);
    let data = ["eyJhbGciOiJSUzI1NiJ9.", PAYLOAD].concat();
    assert!(verifies(Alg::RS256, &key, signature, &data).await);
    assert!(!verifies(Alg::RS256, &key, signature, &data.replace("eyJpc3", "eyJpc4")).await);
    assert!(!verifies(Alg::RS384, &key, signature, &data).await);
}

#[wasm_bindgen_test]
async fn es256_of_rfc_7515_appendix_a_3() {
    let keys = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;
    let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let key = key(keys, Alg::ES256);
    let data = ["eyJhbGciOiJFUzI1NiJ9.", PAYLOAD].concat();
    assert!(verifies(Alg::ES256, &key, signature, &data).await);
    assert!(!verifies(Alg::ES256, &key, signature, &data.replace("eyJpc3", "eyJpc4")).await);
    assert!(!verifies(Alg::ES256, &key, "AAAA", &data).await, "a signature of the wrong length");
}

#[wasm_bindgen_test]
async fn eddsa_of_rfc_8037_appendix_a_4() {
    let keys = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let data = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let key = key(keys, Alg::EdDSA);
    assert!(verifies(Alg::EdDSA, &key, signature, data).await);
    assert!(!verifies(Alg::EdDSA, &key, signature, &data.replace("RXh", "RXi")).await);
}

#[wasm_bindgen_test]
async fn every_algorithm_verifies_its_own_signature_and_no_other() {
    let algs = [
        (Alg::RS384, "RSASSA-PKCS1-v1_5", Some("SHA-384"), None),
        (Alg::RS512, "RSASSA-PKCS1-v1_5", Some("SHA-512"), None),
        (Alg::PS256, "RSA-PSS", Some("SHA-256"), None),
        (Alg::PS384, "RSA-PSS", Some("SHA-384"), None),
        (Alg::PS512, "RSA-PSS", Some("SHA-512"), None),
        (Alg::ES384, "ECDSA", Some("SHA-384"), Some("P-384")),
        (Alg::ES512, "ECDSA", Some("SHA-512"), Some("P-521")),
    ];
    for (alg, name, hash, curve) in algs {
        let js = |text: Option<&str>| text.map_or(JsValue::UNDEFINED, JsValue::from_str);
        let made = JsFuture::from(signed(name, js(hash), js(curve), "data")).await.unwrap();
        let made: Vec<String> = Array::from(&made).iter().filter_map(|text| text.as_string()).collect();
        let key = key(&made[0], alg);
        assert!(verifies(alg, &key, &made[1], "data").await, "{}", alg.as_str());
        assert!(!verifies(alg, &key, &made[1], "other data").await, "{}", alg.as_str());
    }
}

#[wasm_bindgen_test]
async fn a_key_that_is_none_fits_nothing() {
    let keys = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"eA","y":"eQ"}]}"#;
    assert!(!verifies(Alg::ES256, &key(keys, Alg::ES256), "AAAA", "").await);
}

/// Whether `key` signs for the one whose public key it names.
async fn signs(key: &dyn SigningKey) -> bool {
    let signature = key.sign(b"data".to_vec()).await.unwrap();
    let public = self::key(&format!(r#"{{"keys":[{}]}}"#, key.jwk().to_text()), key.alg());
    let browser = Browser::new(false);
    browser.verify(key.alg(), &public, signature.clone(), b"data".to_vec()).await.unwrap()
        && !browser.verify(key.alg(), &public, signature, b"other".to_vec()).await.unwrap()
}

#[wasm_bindgen_test]
async fn a_key_of_the_vault_signs_and_cannot_be_exported() {
    for (alg, begins) in
        [(Alg::ES256, r#"{"crv":"P-256","kty":"EC","x":""#), (Alg::EdDSA, r#"{"crv":"Ed25519","kty":"OKP","x":""#)]
    {
        let made = Browser::new(true).key("in memory".to_owned(), alg).await.unwrap();
        let jwk = made.jwk().to_text();
        assert!(jwk.starts_with(begins), "{jwk}");
        assert_eq!(made.alg(), alg);
        assert!(signs(&*made).await && !made.is_extractable());
    }
}

#[wasm_bindgen_test]
async fn a_key_outlives_its_realm_until_it_is_forgotten() {
    let name = || "key test".to_owned();
    let key = async |shared| Browser::new(shared).key(name(), Alg::ES256).await.unwrap();
    Browser::new(false).forget_key(name()).await;
    let made = key(false).await;
    let kept = key(false).await;
    assert!(kept.jwk() == made.jwk());
    assert!(signs(&*kept).await && !kept.is_extractable());
    assert!(key(true).await.jwk() != made.jwk(), "what outlives its pages keeps its key to itself");
    assert!(key(false).await.jwk() == made.jwk());
    Browser::new(false).forget_key(name()).await;
    assert!(key(false).await.jwk() != made.jwk());
    Browser::new(false).forget_key(name()).await;
}

#[wasm_bindgen_test]
async fn two_who_make_a_key_at_once_have_the_same() {
    let name = || "key race".to_owned();
    Browser::new(false).forget_key(name()).await;
    let make = || {
        wasm_bindgen_futures::future_to_promise(async move {
            let key = Browser::new(false).key(name(), Alg::ES256).await;
            Ok(key.unwrap().jwk().to_text().into())
        })
    };
    let both = Array::of2(&make(), &make());
    let made = Array::from(&JsFuture::from(js_sys::Promise::all(&both)).await.unwrap());
    assert!(made.get(0).is_string() && made.get(0) == made.get(1));
    Browser::new(false).forget_key(name()).await;
}

#[wasm_bindgen_test]
async fn digests_are_those_of_fips_180() {
    let browser = Browser::new(false);
    for (hash, begins) in
        [(Hash::Sha256, "ungWv48Bz-pBQUDe"), (Hash::Sha384, "ywB1P0WjXou1oD1p"), (Hash::Sha512, "3a81oZNherrMQXNJ")]
    {
        let digest = base64url::encode(&browser.digest(hash, b"abc".to_vec()).await.unwrap());
        assert!(digest.starts_with(begins), "{digest}");
    }
}

#[wasm_bindgen_test]
fn randomness_differs() {
    let (browser, mut first, mut second) = (Browser::new(false), [0; 32], [0; 32]);
    browser.random(&mut first);
    browser.random(&mut second);
    assert!(first != second && first != [0; 32]);
}
