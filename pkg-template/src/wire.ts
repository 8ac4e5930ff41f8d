// Generated from src/wire.rs and src/error.rs by `cargo xtask bindings`. Do not edit.

export type ToVault = { "command": { id: number, command: Command, } } | { "cancel": { id: number, } } | { "answer": { id: number, answer: Answer, } };
export type FromVault = { "reply": { id: number, reply: Reply, } } | { "ask": { id: number, ask: Ask, } } | { "withdraw": { id: number, } } | { "state": SessionState } | { "renewed": Renewed } | { "renewalFailed": RenewalFailed } | { "monitor": Monitor };
export type Command = { "open": Options } | { "start": Start } | { "signIn": SignIn } | { "checkSession": CheckSession } | { "fetch": FetchRequest } | { "userinfo": Userinfo } | { "awake": { visible: boolean, } } | { "accessToken": TokenWish } | { "signOut": SignOut } | { "loggedOut": LoggedOut } | "close";
export type Reply = "done" | { "started": Started } | { "checked": Granted } | { "warned": WireError } | { "claims": string } | { "accessToken": string } | { "response": ResponseHead } | "notAnApi" | { "error": WireError };
export type Ask = { "frame": { url: string, expect: FrameExpect, } } | { "popup": { url: string, expect: FrameExpect, state: string, } } | { "navigate": { url: string, } };
export type FrameExpect = { "webMessage": { origin: string, } } | { "callback": { redirectUri: string, } };
export type Answer = { "url": string } | { "message": string } | "loadedOther" | "popupBlocked" | "popupClosed" | "gone" | "done" | { "failed": string };
export type ResponseMode = "query" | "fragment" | "web_message" | "jwt" | "query.jwt" | "fragment.jwt";
export type Dpop = "off" | "allowed" | "required";
export type ProofAlg = "ES256" | "EdDSA";
export type Status = "loading" | "signedIn" | "signedOut";
export type Options = { 
/**
 * The issuer identifier, exactly as the provider's metadata has it.
 */
issuer: string, 
/**
 * The client identifier.
 */
clientId: string, 
/**
 * The wanted scope, space separated.
 */
scope: string, 
/**
 * Where the provider sends the user back to.
 */
redirectUri: string, 
/**
 * Where the provider sends the user after signing out.
 */
postLogoutRedirectUri?: string, 
/**
 * How a redirect is answered; the provider's default if absent.
 */
responseMode?: ResponseMode, 
/**
 * Extra parameters of every authorization request.
 */
params: Array<[string, string]>, 
/**
 * The APIs that tokens may go to.
 */
apis: Array<ApiOptions>, 
/**
 * Silent authentication.
 */
silent: SilentOptions, 
/**
 * The provider's metadata as JSON text, which saves the discovery request.
 */
metadata?: string, 
/**
 * The longest wait for one answer of the provider, in milliseconds.
 */
requestTimeoutMs: number, 
/**
 * Whether a sign-in asks for userinfo.
 */
userinfo: boolean, 
/**
 * Whether authorization requests are pushed (RFC 9126); where the provider demands it if absent.
 */
pushedAuthorizationRequests?: boolean, 
/**
 * `id_token_signed_response_alg` of the client's registration.
 */
idTokenSigningAlg?: string, 
/**
 * Whether access tokens are bound to a key of the vault.
 */
dpop: Dpop, 
/**
 * Whether the provider's session frame is watched.
 */
monitorSession: boolean, 
/**
 * The algorithm of its proofs.
 */
dpopSigningAlg: ProofAlg, 
/**
 * Whether ID tokens with an HMAC are taken on the word of the token endpoint.
 */
dangerouslyAcceptHmacIdTokens: boolean, 
/**
 * Whether the page may have access tokens.
 */
dangerouslyExposeAccessToken: boolean, 
/**
 * The origin of the page.
 */
origin: string, 
/**
 * The origin of the vault and of its redirect URIs, where that is not the page's.
 */
vaultOrigin?: string, 
/**
 * What the `state` of each of this session's requests begins with, by which the page knows its callbacks.
 */
statePrefix: string, };
export type ApiOptions = { 
/**
 * Scheme, host, port and path prefix.
 */
url: string, 
/**
 * The `audience` parameter (Auth0's way).
 */
audience?: string, 
/**
 * The `resource` parameter (RFC 8707).
 */
resource?: string, 
/**
 * The scope the API needs, space separated.
 */
scope: string, };
export type SilentOptions = { 
/**
 * Whether a page load without a callback tries it.
 */
onLoad: boolean, 
/**
 * The redirect URI of the hidden frame.
 */
redirectUri: string, 
/**
 * How the frame is answered; chosen from the metadata if absent.
 */
responseMode?: ResponseMode, 
/**
 * The longest wait for the frame's answer, in milliseconds.
 */
timeoutMs: number, };
export type Start = { 
/**
 * The URL of this page load, where its `state` is one of ours.
 */
callback?: string, };
export type SignIn = { 
/**
 * The URL to come back to; of the page's origin.
 */
returnTo?: string, 
/**
 * The application's own state, as JSON text.
 */
appState?: string, 
/**
 * More scope than the session's, space separated.
 */
scope?: string, 
/**
 * Parameters of this authorization request.
 */
params: Array<[string, string]>, 
/**
 * Whether in a popup.
 */
popup: boolean, };
export type CheckSession = { 
/**
 * More scope than the session's, space separated.
 */
scope?: string, 
/**
 * The `audience` parameter.
 */
audience?: string, 
/**
 * The `resource` parameter (RFC 8707).
 */
resource?: string, 
/**
 * Parameters of this authorization request.
 */
params: Array<[string, string]>, 
/**
 * Instead of the session's, in milliseconds.
 */
timeoutMs?: number, };
export type TokenWish = { 
/**
 * More scope than the session's, space separated.
 */
scope?: string, 
/**
 * The `audience` parameter.
 */
audience?: string, 
/**
 * The `resource` parameter (RFC 8707).
 */
resource?: string, };
export type Granted = { 
/**
 * The user's claims, as JSON text.
 */
claims: string, 
/**
 * The granted scope, space separated.
 */
scope: string, 
/**
 * When the access token expires, in milliseconds since 1970; absent when the provider does not say.
 */
expiresAt?: number, 
/**
 * The audience or resource it is for.
 */
audience?: string, 
/**
 * What `authorization_details` it grants, as JSON text (RFC 9396 section 7).
 */
authorizationDetails?: string, };
export type FetchRequest = { 
/**
 * The absolute URL.
 */
url: string, 
/**
 * The method.
 */
method: string, 
/**
 * Names and values.
 */
headers: Array<[string, string]>, 
/**
 * The members of `RequestInit` with a string value: `mode`, `credentials`, `cache`, `redirect`, `referrer`,
 * `referrerPolicy`, `integrity`, `priority`.
 */
init: Array<[string, string]>, 
/**
 * `RequestInit.keepalive`
 */
keepalive: boolean, };
export type ResponseHead = { 
/**
 * The status code.
 */
status: number, 
/**
 * The reason phrase.
 */
statusText: string, 
/**
 * The URL after redirects.
 */
url: string, 
/**
 * Whether there were redirects.
 */
redirected: boolean, 
/**
 * `Response.type`
 */
kind: string, 
/**
 * Whether the API refused the token of a body that can be sent once, and another token is there now.
 */
again: boolean, 
/**
 * Names and values.
 */
headers: Array<[string, string]>, };
export type Userinfo = { 
/**
 * Not the provider's userinfo, but the claims of the sources that the user's claims refer to.
 */
sources: boolean, };
export type SignOut = { 
/**
 * Only here: the provider's session stays.
 */
local: boolean, 
/**
 * Whether the tokens are revoked (RFC 7009).
 */
revoke: boolean, 
/**
 * Extra parameters for the provider's `end_session_endpoint`.
 */
params: Array<[string, string]>, 
/**
 * The URL to come back to; of the page's origin.
 */
returnTo?: string, };
export type LoggedOut = { 
/**
 * `iss`
 */
iss: string, 
/**
 * `sid`
 */
sid: string, };
export type Monitor = { 
/**
 * `check_session_iframe`
 */
url: string, 
/**
 * Its origin.
 */
origin: string, 
/**
 * What to post to it.
 */
message: string, };
export type Renewed = { 
/**
 * The audience or resource it is for.
 */
audience?: string, 
/**
 * The granted scope, space separated.
 */
scope: string, 
/**
 * When it expires, in milliseconds since 1970; absent when the provider does not say.
 */
expiresAt?: number, };
export type RenewalFailed = { 
/**
 * Why.
 */
error: WireError, 
/**
 * Whether the session lives on: the next use tries again.
 */
retry: boolean, };
export type Started = { 
/**
 * The URL to restore, of the page's origin, when this page load answered a sign-in or a sign-out.
 */
returnTo?: string, 
/**
 * The application's own state, as JSON text.
 */
appState?: string, };
export type SessionState = { 
/**
 * Whether somebody is signed in.
 */
status: Status, 
/**
 * The user's claims as JSON text, when signed in.
 */
claims?: string, 
/**
 * Why not, when signed out.
 */
reason?: WireError, };
export type WireError = { 
/**
 * The stable code.
 */
code: string, 
/**
 * For people.
 */
message: string, 
/**
 * What to do.
 */
hint?: string, 
/**
 * The claim of an ID token that failed.
 */
claim?: string, 
/**
 * The provider's `error`.
 */
error?: string, 
/**
 * The provider's `error_description`.
 */
errorDescription?: string, 
/**
 * The provider's `error_uri`.
 */
errorUri?: string, 
/**
 * The HTTP status of the provider's answer.
 */
status?: number, 
/**
 * Why the steps before the last one could not serve.
 */
reasons: Array<WireError>, };
/** Strongroom's own error codes. */
export type OwnErrorCode = 'invalid_option' | 'insecure_context' | 'unsupported' | 'discovery_failed' | 'issuer_mismatch' | 'missing_transaction' | 'state_mismatch' | 'already_handled' | 'invalid_response' | 'invalid_id_token' | 'invalid_userinfo' | 'userinfo_sub_mismatch' | 'invalid_claims' | 'timeout' | 'frame_blocked' | 'third_party_cookies_blocked' | 'popup_blocked' | 'popup_closed' | 'network' | 'provider_unavailable' | 'not_signed_in' | 'signed_out' | 'storage_unavailable' | 'aborted' | 'closed' | 'internal';
