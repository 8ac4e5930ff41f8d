//! Sign-in by redirect, popup and hidden frame: the way to the provider.

use std::rc::Rc;

use super::provider::Tries;
use super::{Client, Standing};
use crate::error::{Code, Error, Result};
use crate::json::decimal;
use crate::platform::*;
use crate::protocol::authorization::{
    AuthorizationRequest, AuthorizationResponse, ReceivedAuthorizationResponse, UncheckedAuthorizationResponse,
    check_parameters, pushed_url,
};
use crate::protocol::jws::Hash;
use crate::protocol::metadata::Metadata;
use crate::protocol::pkce;
use crate::protocol::scope::Scope;
use crate::protocol::transaction::Transaction;
use crate::vault::{Target, Token};
use crate::wire::{Answer, Ask, CheckSession, FrameExpect, Granted, ResponseMode, SignIn};

/// What a caller wants to be authorized for.
pub(super) struct Wish {
    pub(super) target: Target,
    pub(super) scope: Scope,
    pub(super) params: Vec<(String, String)>,
}

/// What a hidden frame has brought.
pub(super) struct SilentAnswer {
    epoch: u32,
    response: AuthorizationResponse,
    transaction: Transaction,
    metadata: Rc<Metadata>,
}

/// Who waits for an answer. A letter in the `state` tells it to the document that the answer arrives in.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Waiting {
    Redirect,
    Frame,
    Popup,
}

/// Where the answer is to go.
struct Return<'a> {
    redirect_uri: &'a str,
    mode: Option<ResponseMode>,
    waiting: Waiting,
    return_to: Option<String>,
    app_state: Option<String>,
}

impl Client {
    /// Signs in at the provider, by redirect (the page is leaving when this ends) or in a popup.
    pub(super) async fn sign_in(&self, page: &Rc<dyn Page>, sign_in: SignIn) -> Result<()> {
        check_parameters(&sign_in.params)?;
        let epoch = self.epoch.get();
        let return_to = sign_in.return_to.map(|url| self.own_url(&url)).transpose()?;
        let wish = Wish { params: sign_in.params, ..self.wish(sign_in.scope.as_deref(), None, None) };
        let metadata = self.metadata().await?;
        let mut back = Return {
            redirect_uri: &self.config.redirect_uri,
            mode: self.config.response_mode,
            waiting: if sign_in.popup { Waiting::Popup } else { Waiting::Redirect },
            return_to,
            app_state: sign_in.app_state,
        };
        if !sign_in.popup {
            let (url, transaction) = self.authorization_request(&metadata, &wish, back, None).await?;
            self.remember(&transaction.state, transaction.to_text()).await?;
            // Before the page leaves, and not while.
            self.sweep().await;
            return match page.ask(Ask::Navigate { url }).await {
                Answer::Done => Ok(()),
                answer => Err(unexpected(&answer)),
            };
        }
        let expect = self.expect(&metadata, &mut back);
        let (url, transaction) = self.authorization_request(&metadata, &wish, back, None).await?;
        let state = transaction.state.clone();
        let response = match page.ask(Ask::Popup { url, expect, state }).await {
            Answer::Url(url) => ReceivedAuthorizationResponse::from_callback_url(&url)?,
            Answer::Message(response) => ReceivedAuthorizationResponse::from_web_message(&response)?,
            Answer::PopupBlocked => {
                return Err(Error::new(Code::PopupBlocked, "the browser did not open the popup")
                    .with_hint("call signIn in the handler of a click, before any await; or sign in by redirect"));
            }
            Answer::PopupClosed => {
                return Err(Error::new(Code::PopupClosed, "the popup was closed before it answered"));
            }
            answer => return Err(unexpected(&answer)),
        };
        let response = self.opened(response, &transaction, &metadata).await?.check(&transaction, &metadata)?;
        self.redeem(epoch, response, &transaction, &metadata).await?;
        self.signed_in(page).await;
        Ok(())
    }

    /// A wish for a token for `audience` or `resource`, else for the first API, with `extra` scope.
    pub(super) fn wish(&self, extra: Option<&str>, audience: Option<String>, resource: Option<String>) -> Wish {
        let target = match (audience, resource) {
            (None, None) => self.config.default_target(),
            (audience, resource) => Target { audience, resource },
        };
        let scope = self.config.scope_for(&target).union(&Scope::parse(extra.unwrap_or("")));
        Wish { target, scope, params: Vec::new() }
    }

    /// Asks the provider for the session, in a hidden frame (OIDC Core 3.1.2.1, `prompt=none`).
    pub(super) async fn check_session(&self, page: &Rc<dyn Page>, check: CheckSession) -> Result<Granted> {
        check_parameters(&check.params)?;
        let wish = Wish { params: check.params, ..self.wish(check.scope.as_deref(), check.audience, check.resource) };
        let outcome = self.authorize_silently(page, &wish, check.timeout_ms).await;
        if let Err(error) = outcome {
            // Across sites this may mean no more than that the browser keeps the provider's cookies from the frame.
            let certain = *error.code() == login_required() && !self.is_cross_site().await;
            if certain || !self.is_signed_in() {
                self.end_session(error.clone());
            }
            return Err(error);
        }
        self.granted(&wish)
    }

    /// The hidden frame: the ladder's third step. What comes of it is in the vault.
    pub(super) async fn authorize_silently(
        &self,
        page: &Rc<dyn Page>,
        wish: &Wish,
        timeout_ms: Option<u32>,
    ) -> Result<()> {
        let answer = self.ask_frame(page, wish, timeout_ms).await?;
        self.redeem_answer(answer).await
    }

    /// Redeems the code that a frame has brought.
    pub(super) async fn redeem_answer(&self, answer: SilentAnswer) -> Result<()> {
        self.redeem(answer.epoch, answer.response, &answer.transaction, &answer.metadata).await
    }

    /// Asks in the hidden frame: the provider's checked answer.
    pub(super) async fn ask_frame(
        &self,
        page: &Rc<dyn Page>,
        wish: &Wish,
        timeout_ms: Option<u32>,
    ) -> Result<SilentAnswer> {
        let silent = &self.config.silent;
        let epoch = self.epoch.get();
        let metadata = self.metadata().await?;
        // Needed for the answer in a moment: fetched while the frame loads. A failure shows when they are asked for.
        if let Ok(client) = self.share() {
            self.platform.spawn(Box::pin(async move { drop(client.keys(false).await) }));
        }
        let mut back = Return {
            redirect_uri: &silent.redirect_uri,
            mode: silent.response_mode,
            waiting: Waiting::Frame,
            return_to: None,
            app_state: None,
        };
        let expect = self.expect(&metadata, &mut back);
        let (url, transaction) = self.authorization_request(&metadata, wish, back, Some("none")).await?;
        let timeout = timeout_ms.unwrap_or(silent.timeout_ms);
        let mut page = page.clone();
        let answer = loop {
            let ask = page.ask(Ask::Frame { url: url.clone(), expect: expect.clone() });
            let answer = within(self.platform.as_ref(), timeout, ask).await;
            // A page that died meanwhile has left nothing behind at the provider: another may load the same frame.
            match (&answer, self.some_page()) {
                (Some(Answer::Gone), Some(other)) => page = other,
                _ => break answer,
            }
        };
        let response = match answer {
            Some(Answer::Url(url)) => ReceivedAuthorizationResponse::from_callback_url(&url)?,
            Some(Answer::Message(response)) => ReceivedAuthorizationResponse::from_web_message(&response)?,
            Some(Answer::LoadedOther) => return Err(frame_blocked()),
            Some(answer) => return Err(unexpected(&answer)),
            None => {
                return Err(Error::new(
                    Code::Timeout,
                    ["the hidden frame gave no answer within ", &decimal(timeout.into()), " ms"].concat(),
                )
                .with_hint("is the provider slow, or does it refuse to be framed?"));
            }
        };
        let response = self.opened(response, &transaction, &metadata).await?;
        let response = response.check(&transaction, &metadata).map_err(|error| self.explain(error, &metadata))?;
        Ok(SilentAnswer { epoch, response, transaction, metadata })
    }

    /// Where the answer of a frame or popup will show. A web message where the provider promises it or the option says so;
    /// but not to a page of another origin than the vault's, to which nobody would send it.
    fn expect(&self, metadata: &Metadata, back: &mut Return<'_>) -> FrameExpect {
        let web_message = match back.mode {
            _ if self.config.own_origin && back.waiting == Waiting::Popup => false,
            Some(mode) => mode == ResponseMode::WebMessage,
            None => metadata.supports_response_mode("web_message"),
        };
        let endpoint = self.platform.parse_url(&metadata.authorization_endpoint);
        match endpoint {
            Some(endpoint) if web_message => {
                back.mode = Some(ResponseMode::WebMessage);
                FrameExpect::WebMessage { origin: endpoint.origin }
            }
            _ => FrameExpect::Callback { redirect_uri: back.redirect_uri.to_owned() },
        }
    }

    /// The URL of an authorization request, and the transaction that its answer will be matched with.
    async fn authorization_request(
        &self,
        metadata: &Metadata,
        wish: &Wish,
        back: Return<'_>,
        prompt: Option<&str>,
    ) -> Result<(String, Transaction)> {
        let mut params = self.config.params.clone();
        params.extend(wish.params.iter().cloned());
        let parameter = |name: &str| params.iter().rev().find(|param| param.0 == name).map(|param| param.1.clone());
        let verifier = pkce::code_verifier(&self.random());
        let digest = self.platform.digest(Hash::Sha256, verifier.expose().as_bytes().to_vec()).await?;
        let transaction = Transaction {
            state: self.new_state(back.waiting),
            nonce: pkce::random_token(&self.random()),
            code_verifier: verifier,
            redirect_uri: back.redirect_uri.to_owned(),
            issuer: self.config.issuer.clone(),
            client_id: self.config.client_id.clone(),
            scope: wish.scope.as_string(),
            audience: wish.target.audience.clone(),
            resource: wish.target.resource.clone(),
            return_to: back.return_to,
            app_state: back.app_state,
            max_age: parameter("max_age").and_then(|seconds| seconds.parse().ok()),
            acr_values: parameter("acr_values"),
            created_at: self.platform.now(),
            silent: back.waiting == Waiting::Frame,
            signed_response: back.mode.is_some_and(ResponseMode::is_signed),
        };
        // A redirect is answered in another page load: with another key, unless that is kept.
        if (back.waiting != Waiting::Redirect || !self.platform.outlives_pages())
            && let Some(key) = self.proof_key(metadata).await?
        {
            params.push(("dpop_jkt".to_owned(), self.thumbprint(&*key).await?));
        }
        let request = AuthorizationRequest {
            client_id: &self.config.client_id,
            redirect_uri: back.redirect_uri,
            scope: &transaction.scope,
            state: &transaction.state,
            nonce: &transaction.nonce,
            code_challenge: &pkce::code_challenge_from_digest(&digest),
            response_mode: back.mode,
            prompt,
            audience: wish.target.audience.as_deref(),
            resources: wish.target.resource.as_slice(),
            params: &params,
        };
        let endpoint = &metadata.authorization_endpoint;
        let wanted = self.config.pushed_authorization_requests;
        if !wanted.unwrap_or(metadata.require_pushed_authorization_requests) {
            return Ok((request.url(endpoint), transaction));
        }
        let Some(pushed_endpoint) = &metadata.pushed_authorization_request_endpoint else {
            return Err(Error::new(
                Code::Unsupported,
                "the provider's metadata has no pushed_authorization_request_endpoint",
            )
            .with_hint("leave the option pushedAuthorizationRequests out: the metadata decides then"));
        };
        let answer =
            self.request(&request.pushed(pushed_endpoint), "a pushed authorization request", Tries::MANY).await?;
        Ok((pushed_url(endpoint, &self.config.client_id, &answer)?, transaction))
    }

    /// The parameters of a response, once its signature is right if it has one.
    pub(super) async fn opened(
        &self,
        received: ReceivedAuthorizationResponse,
        transaction: &Transaction,
        metadata: &Metadata,
    ) -> Result<UncheckedAuthorizationResponse> {
        match received {
            ReceivedAuthorizationResponse::Plain(response) => response.unless_signed_was_asked(transaction),
            ReceivedAuthorizationResponse::Signed(jws) => {
                let jws = self.verified(jws).await?;
                UncheckedAuthorizationResponse::from_signed(jws, metadata, &self.config.client_id, self.provider_now())
            }
        }
    }

    /// What the vault now holds for `wish`.
    fn granted(&self, wish: &Wish) -> Result<Granted> {
        let claims = match &*self.standing.borrow() {
            Standing::SignedIn { claims } => claims.clone(),
            _ => return Err(Error::new(Code::Closed, "the session ended meanwhile")),
        };
        let vault = self.vault.borrow();
        let token = vault.last_resort(&wish.target, &wish.scope, self.platform.moment());
        Ok(Granted {
            claims,
            scope: token.map(|token| token.granted.as_string()).unwrap_or_default(),
            expires_at: token.and_then(Token::expires_at_millis),
            audience: wish.target.name(),
            authorization_details: token.and_then(|token| token.authorization_details.clone()),
        })
    }

    /// A URL of the page's own origin, in full; anything else is refused (an open redirect otherwise).
    pub(super) fn own_url(&self, url: &str) -> Result<String> {
        match self.platform.parse_url(url) {
            Some(parsed) if parsed.origin == self.config.origin => Ok(parsed.href),
            _ => Err(Error::new(Code::InvalidOption, "returnTo must be a URL of the page's own origin")),
        }
    }

    /// A `state` of 256 random bits, by which the page knows it as this session's.
    pub(super) fn new_state(&self, waiting: Waiting) -> String {
        let letter = match waiting {
            Waiting::Redirect => "r",
            Waiting::Frame => "s",
            Waiting::Popup => "p",
        };
        [self.config.state_prefix.as_str(), letter, &pkce::random_token(&self.random())].concat()
    }

    /// 256 random bits.
    pub(super) fn random(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.platform.random(&mut bytes);
        bytes
    }

    async fn is_cross_site(&self) -> bool {
        let metadata = self.metadata().await;
        metadata.is_ok_and(|metadata| self.is_cross_site_with(&metadata))
    }

    /// Whether a frame of the provider is a third party here, as far as can be told without the public suffix list:
    /// two hosts are the same site if they share their last two labels.
    fn is_cross_site_with(&self, metadata: &Metadata) -> bool {
        let Some(endpoint) = self.platform.parse_url(&metadata.authorization_endpoint) else { return false };
        endpoint.host != self.config.host && site(&endpoint.host) != site(&self.config.host)
    }

    /// Says what a refusal in a frame means: from another site it may be about cookies, not about the user.
    fn explain(&self, error: Error, metadata: &Metadata) -> Error {
        if *error.code() != login_required() || !self.is_cross_site_with(metadata) {
            return error;
        }
        let error = if self.seen_at_top_level.get() {
            error.meaning(
                Code::ThirdPartyCookiesBlocked,
                "the provider has just signed the user in, and does not know the user in a frame on this site",
            )
        } else {
            error
        };
        error.with_hint(
            "the provider is on another site, and the browser may keep its cookies from frames: ask for offline_access \
             (a refresh token), or give the provider a custom domain of this site",
        )
    }
}

/// The last two labels of a host name as the platform writes it; all of an IP address.
fn site(host: &str) -> &str {
    // An IPv6 address is in brackets, and only an IPv4 address ends in a digit after a dot (URL Standard 3.5).
    if host.starts_with('[') || host.rsplit('.').next().is_some_and(|last| last.ends_with(|c: char| c.is_ascii_digit()))
    {
        return host;
    }
    host.rmatch_indices('.').nth(1).map_or(host, |(dot, _)| &host[dot + 1..])
}

/// The provider's code for a user it does not know (OIDC Core 3.1.2.6).
pub(super) fn login_required() -> Code {
    Code::Provider("login_required".to_owned())
}

fn frame_blocked() -> Error {
    Error::new(Code::FrameBlocked, "the hidden frame loaded something that is no answer").with_hint(
        "the provider showed a page of its own (an error or a login page) or refuses to be framed: check that the \
         silent redirect URI and this page's origin are registered for the client, and that frame-src allows the provider",
    )
}

fn unexpected(answer: &Answer) -> Error {
    let why = match answer {
        Answer::Failed(why) => why.as_str(),
        _ => "it answered out of turn",
    };
    Error::new(Code::Internal, ["the page could not do what the vault asked: ", why].concat())
}
