//! WebCrypto: digests and signatures.

use std::rc::Rc;

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{CryptoKey, SubtleCrypto};

use super::{CRYPTO, object};
use crate::error::{Code, Error, Result};
use crate::json::Json;
use crate::platform::{Boxed, SigningKey};
use crate::protocol::jws::{Alg, Hash};

/// The digest of `data`.
pub(super) async fn digest(hash: Hash, data: Vec<u8>) -> Result<Vec<u8>> {
    let promise = subtle()?.digest_with_str_and_u8_array(hash_name(hash), &data);
    let digest = JsFuture::from(promise.map_err(refused)?).await.map_err(refused)?;
    Ok(Uint8Array::new(&digest).to_vec())
}

/// Whether `signature` is that of `data` under the public key `jwk` for `alg` (RFC 7518 section 3.1, RFC 8037).
pub(super) async fn verify(alg: Alg, jwk: JsValue, signature: Vec<u8>, data: Vec<u8>) -> Result<bool> {
    let subtle = subtle()?;
    let parameters = parameters(alg);
    let usages = js_sys::Array::of1(&JsValue::from_str("verify"));
    let import = subtle.import_key_with_object("jwk", jwk.unchecked_ref(), &parameters, false, &usages);
    let key = match JsFuture::from(import.map_err(refused)?).await {
        Ok(key) => key,
        // No key at all, whatever the provider calls it: it has signed nothing.
        Err(error) if !is_unsupported(&error) => return Ok(false),
        Err(error) => return Err(refused(error)),
    };
    let verify =
        subtle.verify_with_object_and_u8_array_and_u8_array(&parameters, key.unchecked_ref(), &signature, &data);
    match JsFuture::from(verify.map_err(refused)?).await {
        Ok(verified) => Ok(verified == JsValue::TRUE),
        Err(error) if !is_unsupported(&error) => Ok(false),
        Err(error) => Err(refused(error)),
    }
}

/// A key pair that WebCrypto signs with.
struct KeyPair {
    alg: Alg,
    jwk: Json,
    private_key: CryptoKey,
}

/// A `CryptoKeyPair` whose private half WebCrypto never gives away; for ES256 where the browser has no `alg`.
pub(super) async fn generate_pair(alg: Alg) -> Result<JsValue> {
    let subtle = subtle()?;
    let usages = js_sys::Array::of2(&"sign".into(), &"verify".into());
    let generate = async |alg| {
        let pair = subtle.generate_key_with_object(&parameters(alg), false, &usages).map_err(refused)?;
        JsFuture::from(pair).await.map_err(refused)
    };
    match generate(alg).await {
        Err(_) if alg != Alg::ES256 => generate(Alg::ES256).await,
        made => made,
    }
}

/// The key in a `CryptoKeyPair`; an error if that is none of ours.
pub(super) async fn signing_key(pair: JsValue) -> Result<Rc<dyn SigningKey>> {
    let half = |name: &str| {
        let half = js_sys::Reflect::get(&pair, &name.into()).map_err(refused)?;
        half.dyn_into::<CryptoKey>().map_err(refused)
    };
    let (public_key, private_key) = (half("publicKey")?, half("privateKey")?);
    if private_key.extractable() {
        return Err(refused(JsValue::NULL));
    }
    let jwk = JsFuture::from(subtle()?.export_key("jwk", &public_key).map_err(refused)?).await.map_err(refused)?;
    let exported = Json::from_js(&jwk);
    let mut jwk = Json::object();
    for name in ["crv", "kty", "x", "y"] {
        jwk.add(name, exported.str(name).as_deref());
    }
    let alg = if jwk.str("kty").as_deref() == Some("OKP") { Alg::EdDSA } else { Alg::ES256 };
    Ok(Rc::new(KeyPair { alg, jwk, private_key }))
}

impl SigningKey for KeyPair {
    fn alg(&self) -> Alg {
        self.alg
    }

    fn jwk(&self) -> &Json {
        &self.jwk
    }

    fn sign(&self, data: Vec<u8>) -> Boxed<Result<Vec<u8>>> {
        let (alg, key) = (self.alg, self.private_key.clone());
        Box::pin(async move {
            let promise = subtle()?.sign_with_object_and_u8_array(&parameters(alg), &key, &data);
            let signature = JsFuture::from(promise.map_err(refused)?).await.map_err(refused)?;
            Ok(Uint8Array::new(&signature).to_vec())
        })
    }

    #[cfg(test)]
    fn is_extractable(&self) -> bool {
        self.private_key.extractable()
    }
}

fn is_unsupported(error: &JsValue) -> bool {
    js_sys::Reflect::get(error, &"name".into()).is_ok_and(|name| name == "NotSupportedError")
}

fn subtle() -> Result<SubtleCrypto> {
    let subtle = CRYPTO.with(|crypto| crypto.subtle());
    if subtle.is_undefined() {
        return Err(Error::new(Code::InsecureContext, "the platform offers no crypto.subtle here")
            .with_hint("serve the page over https, or from http://localhost while developing"));
    }
    Ok(subtle)
}

/// What WebCrypto wants to know for both `importKey` and `verify`.
fn parameters(alg: Alg) -> js_sys::Object {
    let (name, curve) = match alg {
        Alg::RS256 | Alg::RS384 | Alg::RS512 => ("RSASSA-PKCS1-v1_5", ""),
        Alg::PS256 | Alg::PS384 | Alg::PS512 => ("RSA-PSS", ""),
        Alg::ES256 => ("ECDSA", "P-256"),
        Alg::ES384 => ("ECDSA", "P-384"),
        Alg::ES512 => ("ECDSA", "P-521"),
        Alg::EdDSA => ("Ed25519", ""),
        Alg::HS256 | Alg::HS384 | Alg::HS512 => ("HMAC", ""),
    };
    let hash = alg.hash();
    let salt = match hash {
        Hash::Sha512 => 64,
        Hash::Sha384 => 48,
        Hash::Sha256 => 32,
    };
    object(&[
        ("name", name.into()),
        ("namedCurve", curve.into()),
        ("hash", hash_name(hash).into()),
        ("saltLength", salt.into()),
    ])
}

fn hash_name(hash: Hash) -> &'static str {
    match hash {
        Hash::Sha256 => "SHA-256",
        Hash::Sha384 => "SHA-384",
        Hash::Sha512 => "SHA-512",
    }
}

/// The platform's own words hold nothing secret here: keys are public, data is signed.
fn refused(_: JsValue) -> Error {
    Error::new(Code::Unsupported, "the platform's crypto refuses the key or the algorithm")
}
