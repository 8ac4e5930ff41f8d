//! The messages between the page and the vault, defined once: `pkg-template/src/wire.ts` is generated from here.
//!
//! A message travels as the array `[message, attachment]`. The attachment is what only JavaScript can hold: a request
//! body on its way in, a `ReadableStream` or a `MessagePort` with the response body on its way out.
//!
//! Invariant: no message holds a token, a code verifier or a DPoP key, but for [`Reply::AccessToken`], which only a session
//! gets that was created with `dangerouslyExposeAccessToken`.

use std::rc::Rc;

use crate::message::*;

read_enum! {
    /// What the page sends. `id` is the page's, counted up from 1.
    pub enum ToVault {
        /// Do something and reply; [`FromVault::Reply`] carries the same `id`.
        Command { id: u32, command: Command },
        /// The caller of command `id` has given up.
        Cancel { id: u32 },
        /// What the page found out for the ask `id`.
        Answer { id: u32, answer: Answer },
    }

    /// What a page may want.
    #[derive(Default)]
    pub enum Command {
        /// The first command: what the session is configured with.
        Open(Rc<Options>),
        /// Answers the redirect that this page load is, if it is one, else signs in silently if that is wanted.
        Start(Start),
        /// Signs in at the provider.
        SignIn(SignIn),
        /// Asks the provider silently, in a hidden frame with `prompt=none` (OIDC Core 3.1.2.1).
        CheckSession(CheckSession),
        /// Makes an API request, with the access token of the API it matches. The attachment is the body.
        Fetch(FetchRequest),
        /// Asks the provider for the user's claims, or their sources (OIDC Core 5.3, 5.6.2).
        Userinfo(Userinfo),
        /// The page has come into view or out of it, is online again, or was woken.
        Awake { visible: bool },
        /// Hands an access token to the page, where an option has allowed that.
        AccessToken(TokenWish),
        /// Signs out.
        SignOut(SignOut),
        /// The provider says that a session has ended (OIDC Front-Channel Logout 2).
        LoggedOut(LoggedOut),
        /// Forgets everything and ends.
        #[default]
        Close,
    }

    /// What the page saw: facts, never a verdict.
    #[derive(Clone, Debug, Default)]
    pub enum Answer {
        /// The URL the frame or popup came to.
        Url(String),
        /// The `response` member of the web message, as JSON text.
        Message(String),
        /// The frame loaded something that is neither our callback nor a sender of our message.
        LoadedOther,
        /// The popup could not be opened.
        PopupBlocked,
        /// The popup was closed.
        PopupClosed,
        /// The page is gone: what the vault answers in its place.
        Gone,
        /// It is under way (a navigation).
        #[default]
        Done,
        /// It could not be tried, and why.
        Failed(String),
    }
}

write_enum! {
    /// What the vault sends.
    pub enum FromVault {
        /// The outcome of command `id`.
        Reply { id: u32, reply: Reply },
        /// Something only a document can do. `id` is the vault's.
        Ask { id: u32, ask: Ask },
        /// The ask `id` is no longer wanted: its frame or popup goes.
        Withdraw { id: u32 },
        /// The session is in another state now.
        State(SessionState),
        /// A token was renewed.
        Renewed(Renewed),
        /// A renewal has failed.
        RenewalFailed(RenewalFailed),
        /// What to ask the provider's session frame from now on (OIDC Session Management 3.1).
        Monitor(Monitor),
    }

    /// How a command ended.
    pub enum Reply {
        /// Done; nothing to tell.
        Done,
        /// [`Command::Start`] has ended.
        Started(Started),
        /// [`Command::CheckSession`] has succeeded.
        Checked(Granted),
        /// [`Command::SignOut`] has signed out here, and what it could not do.
        Warned(WireError),
        /// [`Command::Userinfo`] has succeeded: the user's claims, as JSON text.
        Claims(String),
        /// [`Command::AccessToken`] has succeeded. The one message with a token.
        AccessToken(String),
        /// [`Command::Fetch`] has a response. The attachment is its body: a `ReadableStream`, or a `MessagePort` that
        /// answers each `pull` with a chunk, or nothing.
        Response(ResponseHead),
        /// [`Command::Fetch`] was asked for a URL that is not one of `apis`: it goes out from the page, without a token.
        NotAnApi,
        /// It failed.
        Error(WireError),
    }

    /// What only a document can do.
    pub enum Ask {
        /// Load `url` in a hidden frame and tell what it answers.
        Frame { url: String, expect: FrameExpect },
        /// Load `url` in a popup and tell what it answers. `state` is that of the answer.
        Popup { url: String, expect: FrameExpect, state: String },
        /// Leave for `url`.
        Navigate { url: String },
    }

    /// Where the answer of a frame or popup shows.
    #[derive(Clone)]
    pub enum FrameExpect {
        /// In a message of type `authorization_response` from this origin (OAuth 2.0 Web Message Response Mode).
        WebMessage { origin: String },
        /// In the URL, once the frame has come to this redirect URI.
        Callback { redirect_uri: String },
    }
}

names! {
    /// How the provider is to answer an authorization request.
    pub enum ResponseMode {
        /// In the query of the redirect URI (OAuth 2.0 Multiple Response Types 2.1).
        Query = "query",
        /// In the fragment of the redirect URI (OAuth 2.0 Multiple Response Types 2.1).
        Fragment = "fragment",
        /// In a message to the window that asked (OAuth 2.0 Web Message Response Mode).
        WebMessage = "web_message",
        /// Signed, in the query (JARM 2.3.4).
        Jwt = "jwt",
        /// Signed, in the query (JARM 2.3.1).
        QueryJwt = "query.jwt",
        /// Signed, in the fragment (JARM 2.3.2).
        FragmentJwt = "fragment.jwt",
    }

    /// Whether access tokens are bound to a key of the vault (RFC 9449).
    pub enum Dpop {
        /// No.
        Off = "off",
        /// Where the provider's metadata promises it.
        Allowed = "allowed",
        /// Or there is no session.
        Required = "required",
    }

    /// The algorithm of DPoP proofs.
    pub enum ProofAlg {
        /// ECDSA on P-256 (RFC 7518 section 3.4).
        ES256 = "ES256",
        /// Ed25519 (RFC 8037 section 3.1), where browser and provider can; else ES256.
        EdDSA = "EdDSA",
    }

    /// Whether somebody is signed in.
    pub enum Status {
        /// Not known yet.
        Loading = "loading",
        /// Somebody is.
        SignedIn = "signedIn",
        /// Nobody is.
        SignedOut = "signedOut",
    }
}

read_struct! {
    /// What a session is configured with, defaults filled in by the page. Checked by `options::Config`.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Options {
        /// The issuer identifier, exactly as the provider's metadata has it.
        pub issuer: String,
        /// The client identifier.
        pub client_id: String,
        /// The wanted scope, space separated.
        pub scope: String,
        /// Where the provider sends the user back to.
        pub redirect_uri: String,
        /// Where the provider sends the user after signing out.
        pub post_logout_redirect_uri: Option<String>,
        /// How a redirect is answered; the provider's default if absent.
        pub response_mode: Option<ResponseMode>,
        /// Extra parameters of every authorization request.
        pub params: Vec<(String, String)>,
        /// The APIs that tokens may go to.
        pub apis: Vec<ApiOptions>,
        /// Silent authentication.
        pub silent: SilentOptions,
        /// The provider's metadata as JSON text, which saves the discovery request.
        pub metadata: Option<String>,
        /// The longest wait for one answer of the provider, in milliseconds.
        pub request_timeout_ms: u32,
        /// Whether a sign-in asks for userinfo.
        pub userinfo: bool,
        /// Whether authorization requests are pushed (RFC 9126); where the provider demands it if absent.
        pub pushed_authorization_requests: Option<bool>,
        /// `id_token_signed_response_alg` of the client's registration.
        pub id_token_signing_alg: Option<String>,
        /// Whether access tokens are bound to a key of the vault.
        pub dpop: Dpop,
        /// Whether the provider's session frame is watched.
        pub monitor_session: bool,
        /// The algorithm of its proofs.
        pub dpop_signing_alg: ProofAlg,
        /// Whether ID tokens with an HMAC are taken on the word of the token endpoint.
        pub dangerously_accept_hmac_id_tokens: bool,
        /// Whether the page may have access tokens.
        pub dangerously_expose_access_token: bool,
        /// The origin of the page.
        pub origin: String,
        /// The origin of the vault and of its redirect URIs, where that is not the page's.
        pub vault_origin: Option<String>,
        /// What the `state` of each of this session's requests begins with, by which the page knows its callbacks.
        pub state_prefix: String,
    }

    /// An API that tokens may go to.
    #[derive(Clone, Debug, PartialEq)]
    pub struct ApiOptions {
        /// Scheme, host, port and path prefix.
        pub url: String,
        /// The `audience` parameter (Auth0's way).
        pub audience: Option<String>,
        /// The `resource` parameter (RFC 8707).
        pub resource: Option<String>,
        /// The scope the API needs, space separated.
        pub scope: String,
    }

    /// How silent authentication works.
    #[derive(Clone, Debug, PartialEq)]
    pub struct SilentOptions {
        /// Whether a page load without a callback tries it.
        pub on_load: bool,
        /// The redirect URI of the hidden frame.
        pub redirect_uri: String,
        /// How the frame is answered; chosen from the metadata if absent.
        pub response_mode: Option<ResponseMode>,
        /// The longest wait for the frame's answer, in milliseconds.
        pub timeout_ms: u32,
    }

    /// [`Command::Start`].
    pub struct Start {
        /// The URL of this page load, where its `state` is one of ours.
        pub callback: Option<String>,
    }

    /// [`Command::SignIn`].
    pub struct SignIn {
        /// The URL to come back to; of the page's origin.
        pub return_to: Option<String>,
        /// The application's own state, as JSON text.
        pub app_state: Option<String>,
        /// More scope than the session's, space separated.
        pub scope: Option<String>,
        /// Parameters of this authorization request.
        pub params: Vec<(String, String)>,
        /// Whether in a popup.
        pub popup: bool,
    }

    /// [`Command::CheckSession`].
    pub struct CheckSession {
        /// More scope than the session's, space separated.
        pub scope: Option<String>,
        /// The `audience` parameter.
        pub audience: Option<String>,
        /// The `resource` parameter (RFC 8707).
        pub resource: Option<String>,
        /// Parameters of this authorization request.
        pub params: Vec<(String, String)>,
        /// Instead of the session's, in milliseconds.
        pub timeout_ms: Option<u32>,
    }

    /// [`Command::AccessToken`]: for the first API where nothing is named.
    pub struct TokenWish {
        /// More scope than the session's, space separated.
        pub scope: Option<String>,
        /// The `audience` parameter.
        pub audience: Option<String>,
        /// The `resource` parameter (RFC 8707).
        pub resource: Option<String>,
    }

    /// [`Command::Fetch`]: the members of a `Request`.
    #[derive(Clone)]
    pub struct FetchRequest {
        /// The absolute URL.
        pub url: String,
        /// The method.
        pub method: String,
        /// Names and values.
        pub headers: Vec<(String, String)>,
        /// The members of `RequestInit` with a string value: `mode`, `credentials`, `cache`, `redirect`, `referrer`,
        /// `referrerPolicy`, `integrity`, `priority`.
        pub init: Vec<(String, String)>,
        /// `RequestInit.keepalive`
        pub keepalive: bool,
    }

    /// [`Command::Userinfo`].
    pub struct Userinfo {
        /// Not the provider's userinfo, but the claims of the sources that the user's claims refer to.
        pub sources: bool,
    }

    /// [`Command::SignOut`].
    pub struct SignOut {
        /// Only here: the provider's session stays.
        pub local: bool,
        /// Whether the tokens are revoked (RFC 7009).
        pub revoke: bool,
        /// Extra parameters for the provider's `end_session_endpoint`.
        pub params: Vec<(String, String)>,
        /// The URL to come back to; of the page's origin.
        pub return_to: Option<String>,
    }

    /// [`Command::LoggedOut`]: what the provider added to the front-channel logout URL.
    pub struct LoggedOut {
        /// `iss`
        pub iss: String,
        /// `sid`
        pub sid: String,
    }
}

write_struct! {
    /// What was granted: everything about a token but the token.
    pub struct Granted {
        /// The user's claims, as JSON text.
        pub claims: String,
        /// The granted scope, space separated.
        pub scope: String,
        /// When the access token expires, in milliseconds since 1970; absent when the provider does not say.
        pub expires_at: Option<f64>,
        /// The audience or resource it is for.
        pub audience: Option<String>,
        /// What `authorization_details` it grants, as JSON text (RFC 9396 section 7).
        pub authorization_details: Option<String>,
    }

    /// A response without its body.
    pub struct ResponseHead {
        /// The status code.
        pub status: u16,
        /// The reason phrase.
        pub status_text: String,
        /// The URL after redirects.
        pub url: String,
        /// Whether there were redirects.
        pub redirected: bool,
        /// `Response.type`
        pub kind: String,
        /// Whether the API refused the token of a body that can be sent once, and another token is there now.
        pub again: bool,
        /// Names and values.
        pub headers: Vec<(String, String)>,
    }

    /// [`FromVault::Renewed`]: everything about a token but the token.
    pub struct Renewed {
        /// The audience or resource it is for.
        pub audience: Option<String>,
        /// The granted scope, space separated.
        pub scope: String,
        /// When it expires, in milliseconds since 1970; absent when the provider does not say.
        pub expires_at: Option<f64>,
    }

    /// [`FromVault::RenewalFailed`].
    pub struct RenewalFailed {
        /// Why.
        pub error: WireError,
        /// Whether the session lives on: the next use tries again.
        pub retry: bool,
    }

    /// [`FromVault::Monitor`].
    pub struct Monitor {
        /// `check_session_iframe`
        pub url: String,
        /// Its origin.
        pub origin: String,
        /// What to post to it.
        pub message: String,
    }

    /// What [`Command::Start`] found.
    #[derive(Default)]
    pub struct Started {
        /// The URL to restore, of the page's origin, when this page load answered a sign-in or a sign-out.
        pub return_to: Option<String>,
        /// The application's own state, as JSON text.
        pub app_state: Option<String>,
    }

    /// The state of the session.
    pub struct SessionState {
        /// Whether somebody is signed in.
        pub status: Status,
        /// The user's claims as JSON text, when signed in.
        pub claims: Option<String>,
        /// Why not, when signed out.
        pub reason: Option<WireError>,
    }

    /// An error on its way to the page.
    #[derive(Clone, Debug, PartialEq)]
    pub struct WireError {
        /// The stable code.
        pub code: String,
        /// For people.
        pub message: String,
        /// What to do.
        pub hint: Option<String>,
        /// The claim of an ID token that failed.
        pub claim: Option<String>,
        /// The provider's `error`.
        pub error: Option<String>,
        /// The provider's `error_description`.
        pub error_description: Option<String>,
        /// The provider's `error_uri`.
        pub error_uri: Option<String>,
        /// The HTTP status of the provider's answer.
        pub status: Option<u16>,
        /// Why the steps before the last one could not serve.
        pub reasons: Vec<WireError>,
    }
}

impl Default for ToVault {
    fn default() -> Self {
        ToVault::Cancel { id: 0 }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
