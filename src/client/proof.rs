//! DPoP (RFC 9449): the vault's key, and its proofs on token requests and API calls.

use std::rc::Rc;

use super::Client;
use super::provider::Tries;
use crate::error::Result;
use crate::options::Dpop;
use crate::platform::*;
use crate::protocol::dpop::{self, Proof};
use crate::protocol::jws::{Alg, Hash};
use crate::protocol::metadata::Metadata;
use crate::protocol::{HttpRequest, HttpResponse, UnixTime, pkce};
use crate::wire::ProofAlg;

impl Client {
    /// The key, where the option and the provider's metadata allow proofs. It is made when it is first wanted.
    pub(super) async fn proof_key(&self, metadata: &Metadata) -> Result<Option<Rc<dyn SigningKey>>> {
        let promised = |alg: Alg| metadata.dpop_signing_alg_values_supported.iter().any(|name| name == alg.as_str());
        let alg = match self.config.dpop_signing_alg {
            ProofAlg::EdDSA if promised(Alg::EdDSA) => Alg::EdDSA,
            _ => Alg::ES256,
        };
        match (self.config.dpop, promised(alg)) {
            (Dpop::Off, _) | (Dpop::Allowed, false) => return Ok(None),
            (Dpop::Required, false) => {
                return Err(dpop::unsupported("the provider's metadata promises no DPoP with ES256"));
            }
            _ => {}
        }
        let known = self.key.borrow().clone();
        let making = match known {
            Some(making) => making,
            None => {
                let making = self.launch(self.platform.key(self.key_name(), alg));
                *self.key.borrow_mut() = Some(making.clone());
                making
            }
        };
        making.landed().await.map(Some)
    }

    /// Forgets the key with the session it was for: the next one has a key of its own.
    pub(super) fn forget_key(&self) {
        if self.key.borrow_mut().take().is_some() {
            self.platform.spawn(self.platform.forget_key(self.key_name()));
        }
    }

    /// The name under which the key is kept: that of issuer and client, and of the algorithm that is wanted.
    fn key_name(&self) -> String {
        ["dpop ", self.config.dpop_signing_alg.as_str(), " ", self.config.state_prefix.as_str()].concat()
    }

    /// The thumbprint of the key (RFC 7638), to which an authorization code can be bound (RFC 9449 section 10).
    pub(super) async fn thumbprint(&self, key: &dyn SigningKey) -> Result<String> {
        let digest = self.platform.digest(Hash::Sha256, key.jwk().to_text().into_bytes()).await?;
        Ok(pkce::random_token(&digest))
    }

    /// A request to the token endpoint, with a proof where there is a key; a second time where the provider wants a nonce
    /// in it.
    pub(super) async fn token_request(
        &self,
        request: HttpRequest,
        what: &str,
        metadata: &Metadata,
    ) -> Result<HttpResponse> {
        let key = self.proof_key(metadata).await?;
        let response = self.send_token_request(&request, what, key.as_deref()).await?;
        if key.is_none() || !dpop::wants_nonce(&response) {
            return Ok(response);
        }
        self.send_token_request(&request, what, key.as_deref()).await
    }

    async fn send_token_request(
        &self,
        request: &HttpRequest,
        what: &str,
        key: Option<&dyn SigningKey>,
    ) -> Result<HttpResponse> {
        let mut request = request.clone();
        if let Some(key) = key {
            request.headers.push(("dpop", self.proof(key, "POST", &request.url, None).await?));
        }
        let response = self.request(&request, what, Tries::UNLESS_LOST).await?;
        self.heed_date(&response);
        self.heed_nonce(&request.url, &response.headers);
        Ok(response)
    }

    /// Takes note of the provider's clock, where CORS shows it.
    fn heed_date(&self, response: &HttpResponse) {
        if let Some(date) = response.header("date").and_then(UnixTime::from_http_date) {
            self.clock_offset.set(date.saturating_sub(self.platform.now()));
        }
    }

    /// The headers that carry `authorization`: itself, and a proof if it is of the DPoP scheme.
    pub(super) async fn credentials(
        &self,
        authorization: &str,
        method: &str,
        url: &str,
    ) -> Result<Vec<(&'static str, String)>> {
        let mut headers = vec![("authorization", authorization.to_owned())];
        let key = self.key.borrow().clone();
        if let (true, Some(key)) = (authorization.starts_with("DPoP "), key) {
            headers.push(("dpop", self.proof(&*key.landed().await?, method, url, Some(authorization)).await?));
        }
        Ok(headers)
    }

    async fn proof(
        &self,
        key: &dyn SigningKey,
        method: &str,
        url: &str,
        authorization: Option<&str>,
    ) -> Result<String> {
        let token = authorization.and_then(|header| header.split_once(' ')).map(|(_, token)| token.as_bytes().to_vec());
        let digest = match token {
            Some(token) => Some(self.platform.digest(Hash::Sha256, token).await?),
            None => None,
        };
        let nonce = self.origin_of(url).and_then(|origin| self.nonces.borrow().get(&origin));
        let proof = Proof {
            alg: key.alg(),
            jwk: key.jwk(),
            jti: &pkce::random_token(&self.random()),
            method,
            url,
            now: self.platform.now(),
            access_token_digest: digest.as_deref(),
            nonce: nonce.as_deref(),
        };
        let input = proof.signing_input();
        let signature = key.sign(input.clone().into_bytes()).await?;
        Ok(dpop::signed(input, &signature))
    }

    /// Keeps the nonce that the server at `url` wants next, if it says one. Tells whether it did.
    pub(super) fn heed_nonce(&self, url: &str, headers: &[(String, String)]) -> bool {
        let Some((origin, nonce)) = self.origin_of(url).zip(dpop::nonce_of(headers)) else { return false };
        self.nonces.borrow_mut().insert(origin, nonce.to_owned());
        true
    }

    fn origin_of(&self, url: &str) -> Option<String> {
        self.platform.parse_url(url).map(|url| url.origin)
    }
}
