//! What else is known about the user: userinfo (OIDC Core 5.3) and claims of other sources (OIDC Core 5.6.2).

use std::rc::Rc;

use super::Client;
use super::provider::Tries;
use crate::error::{Code, Error, Result};
use crate::json::{Json, decimal};
use crate::platform::*;
use crate::protocol::HttpResponse;
use crate::protocol::claims::{self, ClaimsSource, Source};
use crate::protocol::jws::{Kind, UnverifiedJws};
use crate::protocol::metadata::is_secure_url;
use crate::protocol::scope::Scope;
use crate::protocol::userinfo::{UncheckedUserinfo, check_subject, userinfo_request};
use crate::vault::Target;
use crate::wire::Userinfo;

impl Client {
    /// Completes a sign-in: with userinfo if that is configured. An answer that lies ends the session; an endpoint that
    /// cannot be asked does not.
    pub(super) async fn signed_in(&self, page: &Rc<dyn Page>) {
        if !self.config.userinfo {
            return;
        }
        if let Err(error) = self.ask_userinfo(page).await
            && matches!(error.code(), Code::UserinfoSubMismatch | Code::InvalidUserinfo)
        {
            self.end_session(error);
        }
    }

    /// The user's claims with those of the userinfo endpoint, or of the sources that they refer to.
    pub(super) async fn userinfo(&self, page: &Rc<dyn Page>, ask: Userinfo) -> Result<String> {
        match ask.sources {
            true => self.ask_sources().await?,
            false => self.ask_userinfo(page).await?,
        }
        let claims = self.vault.borrow().claims_text();
        claims.ok_or_else(|| Error::new(Code::NotSignedIn, "the session ended meanwhile"))
    }

    async fn ask_userinfo(&self, page: &Rc<dyn Page>) -> Result<()> {
        let epoch = self.epoch.get();
        let metadata = self.metadata().await?;
        let endpoint = metadata.userinfo_endpoint.as_deref();
        let endpoint = endpoint
            .ok_or_else(|| Error::new(Code::Unsupported, "the provider's metadata has no userinfo_endpoint"))?;
        // A token for an API is none for this endpoint.
        let authorization = self.authorization(page, Target::default(), &Scope::parse("openid")).await?;
        let mut response = self.fetch_userinfo(endpoint, &authorization).await?;
        // Where the provider wants a nonce in the proof, it is there now.
        if self.heed_nonce(endpoint, &response.headers) && response.status == 401 {
            response = self.fetch_userinfo(endpoint, &authorization).await?;
            self.heed_nonce(endpoint, &response.headers);
        }
        let claims = match UncheckedUserinfo::from_response(&response)? {
            UncheckedUserinfo::Plain(claims) => claims,
            UncheckedUserinfo::Signed(jws) => {
                let now = self.provider_now();
                self.verified(jws).await?.claims(&metadata.issuer, &self.config.client_id, now, false)?
            }
        };
        let subject = self.subject().ok_or_else(|| Error::new(Code::NotSignedIn, "the session ended meanwhile"))?;
        self.learn(epoch, &subject, check_subject(&claims, &subject)?)
    }

    async fn fetch_userinfo(&self, endpoint: &str, authorization: &str) -> Result<HttpResponse> {
        let credentials = self.credentials(authorization, "GET", endpoint).await?;
        self.request(&userinfo_request(endpoint, credentials), "userinfo", Tries::MANY).await
    }

    async fn ask_sources(&self) -> Result<()> {
        let epoch = self.epoch.get();
        let known = self.subject().zip(self.vault.borrow().claims());
        let (subject, known) = known.ok_or_else(|| Error::new(Code::NotSignedIn, "nobody is signed in"))?;
        for source in claims::sources(&known) {
            let claims = self.claims_of(source).await?;
            self.learn(epoch, &subject, claims)?;
        }
        Ok(())
    }

    /// The claims that `source` is named for, vouched for by their issuer's signature.
    async fn claims_of(&self, source: ClaimsSource) -> Result<Json> {
        let jwt = match source.source {
            Source::Aggregated(jwt) => jwt,
            Source::Distributed { endpoint, access_token } => {
                let request = claims::claims_request(&endpoint, access_token.as_ref());
                let response = self.request(&request, "claims of another source", Tries::MANY).await?;
                match response.status {
                    200 => response.body.trim().to_owned(),
                    status => {
                        let message = ["a source of claims answers with status ", &decimal(status.into())].concat();
                        return Err(Error::new(Code::InvalidClaims, message));
                    }
                }
            }
        };
        let kind = Kind::Claims;
        let jws = UnverifiedJws::parse(kind, &jwt, false)?;
        let issuer = jws.unverified_claim("iss").filter(|iss| is_secure_url(iss));
        let issuer = issuer.ok_or_else(|| kind.error("iss", kind.say(" names no issuer whose keys can be had")))?;
        let keys = self.keys_of(&issuer).await?;
        if !self.is_signed_with(&jws, &keys).await? {
            return Err(kind.error("signature", kind.say(" is signed with no key of its issuer")));
        }
        let now = self.provider_now();
        let claims = jws.assume_signature_verified().claims(&issuer, &self.config.client_id, now, false)?;
        let names = claims.members().iter().map(|claim| claim.0.as_str());
        let others = names.filter(|name| !source.claims.iter().any(|own| own == name));
        Ok(claims.without(&others.collect::<Vec<_>>()))
    }

    /// Adds `claims` of the user `subject` to what is known, unless that user has gone since `epoch`.
    fn learn(&self, epoch: u32, subject: &str, claims: Json) -> Result<()> {
        self.unless_gone_since(epoch, subject)?;
        self.vault.borrow_mut().add_claims(claims);
        self.stand_by_claims();
        Ok(())
    }
}
