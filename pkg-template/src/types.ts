import type { StrongroomError } from './errors.js';

/**
 * Where the tokens live: in a SharedWorker that all tabs share and that outlives a reload where the browser lets it, in a
 * Worker of this tab, or in a closure of the page.
 */
export type Placement = 'shared' | 'worker' | 'closure';

/** The `vault` option: a placement, or more about it. */
export type VaultOption = Placement | VaultOptions;

/** Where the tokens live, in detail. */
export interface VaultOptions {
  /** Default `shared`. */
  placement?: Placement;
  /** Whether another placement may take its place where the browser or a policy refuses it. Default true. */
  fallback?: boolean;
  /**
   * The folder of the package's files on an origin of their own, such as `https://auth.example.com/`: of the same site as
   * the page, which is listed there in `strongroom.json`. A script in the page then sees neither tokens nor codes.
   */
  origin?: string;
}

/** An API that tokens may go to. */
export interface ApiOptions {
  /** Scheme, host, port and path prefix, such as `https://api.example.com/v1`. */
  url: string;
  /** Sent as `audience` (Auth0's way). Excludes `resource`. */
  audience?: string;
  /** Sent as `resource` (RFC 8707). Excludes `audience`. */
  resource?: string;
  /** The scope its tokens need, space separated. */
  scope?: string;
}

/** Response modes with a signature (JARM): the answer is refused unless a key of the provider has signed it. */
export type SignedResponseMode = 'jwt' | 'query.jwt' | 'fragment.jwt';

/** How silent authentication works. */
export interface SilentOptions {
  /** Whether a page load tries it. Default true. */
  onLoad?: boolean;
  /** The redirect URI of the hidden frame; of the page's origin. Default: `redirectUri`. */
  redirectUri?: string;
  /** How the frame is answered. Default: `web_message` where the provider's metadata promises it, else its own default. */
  responseMode?: 'web_message' | 'query' | 'fragment' | SignedResponseMode;
  /** The longest wait, in milliseconds. Default 10 000. */
  timeoutMs?: number;
}

/** What a session is configured with. Copied when the session is created. */
export interface SessionOptions {
  /** The issuer identifier, exactly as in the provider's metadata. https, or http on loopback. */
  issuer: string;
  /** The client identifier of a public client (no secret). */
  clientId: string;
  /** Default `openid profile email`; `openid` is always sent. */
  scope?: string;
  /** Where the provider sends the user back to; of the page's origin. Default: the root of the origin. */
  redirectUri?: string;
  /** Where the provider sends the user after signing out; of the page's origin. Default: `redirectUri`. */
  postLogoutRedirectUri?: string;
  /** How a redirect is answered. Default: the provider's, usually the query. */
  responseMode?: 'query' | 'fragment' | SignedResponseMode;
  /** Extra parameters of every authorization request, by their names on the wire. */
  params?: Record<string, string>;
  /** The APIs that tokens may go to; to no other URL. */
  apis?: ApiOptions[];
  /** Silent authentication. */
  silent?: SilentOptions;
  /** The provider's metadata, which saves the discovery request. */
  metadata?: Record<string, unknown>;
  /** Where the tokens live. Default `shared`, falling back to `worker`, then to `closure`. */
  vault?: VaultOption;
  /** Whether a sign-in asks for userinfo (OIDC Core 5.3), so that `user` has its claims too. Default false. */
  userinfo?: boolean;
  /**
   * Whether `user` gets standard claims under their standard names and of their standard types, where the provider
   * has others: `firstName` becomes `given_name`, `"true"` becomes `true`, and so on. Default false.
   */
  normalizeClaims?: boolean;
  /** Whether authorization requests are pushed (RFC 9126). Default: where the provider's metadata demands it. */
  pushedAuthorizationRequests?: boolean;
  /**
   * Whether the provider's session is watched through its `check_session_iframe` (OIDC Session Management): when it
   * changes, the provider is asked silently who is signed in. Needs a provider of the same site, or cookies in frames.
   * Default false.
   */
  monitorSession?: boolean;
  /**
   * Whether access and refresh tokens are bound to a key of the vault that nobody can export (RFC 9449): `true` where the
   * provider's metadata promises it, `'required'` or there is no session. The APIs must know DPoP, and their CORS must
   * allow the header `DPoP`. Default false.
   */
  dpop?: boolean | 'required';
  /** The algorithm of DPoP proofs. `EdDSA` where browser and provider can, else ES256. Default `ES256`. */
  dpopSigningAlg?: 'ES256' | 'EdDSA';
  /**
   * Gives the page {@link Session.accessToken}. A script injected into the page can then take the token away. Only for what
   * cannot go through {@link Session.fetch}, such as a WebSocket. Default false.
   */
  dangerouslyExposeAccessToken?: boolean;
  /** `id_token_signed_response_alg` of the client's registration; ID tokens of another algorithm are refused. */
  idTokenSigningAlg?: string;
  /**
   * Takes ID tokens that are signed with HS256, HS384 or HS512 on the word of the token endpoint, over https
   * (OIDC Core 3.1.3.7 item 6): nobody checks their signature, since a public client shares no secret with the
   * provider. Only for a provider that signs no other way. Default false.
   */
  dangerouslyAcceptHmacIdTokens?: boolean;
  /** The longest wait for one answer of the provider, in milliseconds. Default 10 000. */
  requestTimeoutMs?: number;
  /** How `returnTo` is restored after a redirect. Default `history.replaceState`; give your router's replace function. */
  navigate?: (url: string) => void;
  /** The folder of `shared.js`, `worker.js` and `strongroom_bg.wasm`, where a bundler cannot find them by itself. */
  assetsUrl?: string | URL;
}

/** Parameters of one authorization request (OIDC Core 3.1.2.1, and what Auth0 adds). */
export interface AuthorizationParameters {
  /** More scope than the session's, space separated. */
  scope?: string;
  /** `login_hint` */
  loginHint?: string;
  /** `max_age`, in seconds */
  maxAge?: number;
  /** `acr_values` */
  acrValues?: string;
  /** `ui_locales` */
  uiLocales?: string;
  /** `display` */
  display?: 'page' | 'popup' | 'touch' | 'wap';
  /** `device` */
  device?: string;
  /** `connection` */
  connection?: string;
  /** `connection_scope` */
  connectionScope?: string;
  /** `organization` */
  organization?: string;
  /** `claims` (OIDC Core 5.5) */
  claims?: Record<string, unknown>;
  /** `authorization_details` (RFC 9396) */
  authorizationDetails?: readonly Record<string, unknown>[];
  /** Any other parameter, by its name on the wire. */
  params?: Record<string, string>;
}

/** {@link Session.signIn} */
export interface SignInOptions extends AuthorizationParameters {
  /** `prompt`, such as `login`, `consent` or `select_account` */
  prompt?: string;
  /** The URL to come back to; of the page's origin. Default: the current one. */
  returnTo?: string;
  /** Anything JSON can hold; comes back in the `callback` event. */
  appState?: unknown;
  /** In a popup instead of by redirect. Call it in the handler of a click, before any `await`. */
  popup?: boolean;
  /** Gives up a popup. */
  signal?: AbortSignal;
}

/** {@link Session.checkSession} */
export interface CheckSessionOptions extends AuthorizationParameters {
  /** For another API: `audience` (Auth0's way). */
  audience?: string;
  /** For another API: `resource` (RFC 8707). */
  resource?: string;
  /** Instead of the session's, in milliseconds. */
  timeoutMs?: number;
  /** Gives up. */
  signal?: AbortSignal;
}

/** {@link Session.accessToken} */
export interface AccessTokenOptions {
  /** More scope than the session's, space separated. */
  scope?: string;
  /** For another API than the first: `audience` (Auth0's way). */
  audience?: string;
  /** For another API than the first: `resource` (RFC 8707). */
  resource?: string;
  /** Gives up. */
  signal?: AbortSignal;
}

/** {@link Session.userinfo} */
export interface UserinfoOptions {
  /** Instead of the userinfo endpoint, asks the sources that the user's claims refer to (OIDC Core 5.6.2). */
  sources?: boolean;
  /** Gives up. */
  signal?: AbortSignal;
}

/** {@link Session.signOut} */
export interface SignOutOptions {
  /** Only here: the provider's session stays. Default false. */
  local?: boolean;
  /** Whether the provider signs the user out at the identity provider behind it too (Auth0's `federated`). Default false. */
  federated?: boolean;
  /** Whether refresh and access tokens are revoked, where the provider can (RFC 7009). Default true. */
  revoke?: boolean;
  /** Extra parameters for the provider, such as `federated`. */
  params?: Record<string, string>;
  /** The URL to come back to from the provider; of the page's origin. Default: `postLogoutRedirectUri`. */
  returnTo?: string;
}

/**
 * The claims of the ID token (OIDC Core 5.1), but for those about the token itself, such as `aud` and `exp`. Which ones
 * are there depends on the scope and the provider.
 */
export interface User {
  readonly sub: string;
  readonly name?: string;
  readonly given_name?: string;
  readonly family_name?: string;
  readonly middle_name?: string;
  readonly nickname?: string;
  readonly preferred_username?: string;
  readonly profile?: string;
  readonly picture?: string;
  readonly website?: string;
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly gender?: string;
  readonly birthdate?: string;
  readonly zoneinfo?: string;
  readonly locale?: string;
  readonly phone_number?: string;
  readonly phone_number_verified?: boolean;
  readonly address?: Readonly<Record<string, string>>;
  readonly updated_at?: number;
  readonly [claim: string]: unknown;
}

/** Whether somebody is signed in. A new object for each change. */
export type SessionState =
  | { readonly status: 'loading' }
  | { readonly status: 'signedIn'; readonly user: User }
  | { readonly status: 'signedOut'; readonly reason: StrongroomError };

/** What {@link Session.checkSession} got: everything about a token but the token. */
export interface Granted {
  /** The user's claims. */
  readonly user: User;
  /** The granted scope, space separated. */
  readonly scope: string;
  /** When the access token expires, in milliseconds since 1970; absent when the provider does not say. */
  readonly expiresAt?: number;
  /** The audience or resource it is for. */
  readonly audience?: string;
  /** What `authorization_details` it grants (RFC 9396 section 7). */
  readonly authorizationDetails?: unknown;
}

/** What {@link Session.signOut} could not do. */
export interface SignedOut {
  /** The user is signed out here, and this kept the page from signing out at the provider. */
  readonly warning?: StrongroomError;
}

/** `RequestInit`, and bodies that are made anew for each try. */
export interface FetchInit extends Omit<RequestInit, 'body'> {
  /** A body, or a function that makes it: that of a stream, so that the request can be sent again with a new token. */
  body?: BodyInit | null | (() => BodyInit | null);
}

/** A renewal that failed. */
export interface RenewalFailure {
  /** Why. */
  readonly error: StrongroomError;
  /** `retry`: the session lives on, and the next use tries again. `signedOut`: it has ended. */
  readonly next: 'retry' | 'signedOut';
}

/** A token that was renewed: everything about it but the token. */
export interface Renewal {
  /** The granted scope, space separated. */
  readonly scope: string;
  /** When it expires, in milliseconds since 1970; absent when the provider does not say. */
  readonly expiresAt?: number;
  /** The audience or resource it is for. */
  readonly audience?: string;
}

/** Another user has signed in. */
export interface UserChange {
  readonly from: User;
  readonly to: User;
}

/** What a page load that answers a redirect brings back. */
export interface Callback {
  /** The URL to restore, if there was one. */
  readonly returnTo?: string;
  /** What `signIn` was given. */
  readonly appState?: unknown;
}

/** The events of a session, and their `detail`. */
export interface SessionEvents {
  /** The state has changed. */
  statechange: CustomEvent<SessionState>;
  /** Another user has signed in, here or in another tab. `statechange` comes too. */
  userchange: CustomEvent<UserChange>;
  /** A token was renewed. */
  renewed: CustomEvent<Renewal>;
  /** A renewal has failed. */
  renewalfailed: CustomEvent<RenewalFailure>;
  /** A redirect was answered; `navigate(returnTo)` follows. */
  callback: CustomEvent<Callback>;
}

/** A user's session with a provider, and the APIs it opens. */
export interface Session extends EventTarget {
  /** Whether somebody is signed in. */
  readonly state: SessionState;
  /** Where the tokens live; undefined until that is known. */
  readonly placement: Placement | undefined;
  /** The origin where the tokens live: the page's, unless `vault.origin` names another. */
  readonly vaultOrigin: string;
  /** Resolves once it is known whether somebody is signed in. Never rejects. */
  readonly ready: Promise<SessionState>;
  /**
   * Signs in at the provider. By redirect the page leaves, and the promise stays pending; it rejects if that cannot
   * begin, or with `aborted` if the user comes back by the back button. In a popup it resolves when the user is signed in.
   */
  signIn(options?: SignInOptions): Promise<void>;
  /**
   * Asks the provider, in a hidden frame with `prompt=none`, who is signed in there. Rejects with `login_required`,
   * `consent_required`, `interaction_required`, `timeout`, `frame_blocked`, `third_party_cookies_blocked` and the like.
   */
  checkSession(options?: CheckSessionOptions): Promise<Granted>;
  /**
   * Asks the userinfo endpoint, or the sources that the user's claims refer to. What it says joins `state.user`.
   * Rejects with `userinfo_sub_mismatch`, `invalid_userinfo`, `invalid_claims` and the like, and leaves the session as it is.
   */
  userinfo(options?: UserinfoOptions): Promise<User>;
  /**
   * An access token that is fresh, for what cannot go through {@link Session.fetch}. Rejects with `unsupported` unless the
   * session was created with `dangerouslyExposeAccessToken`, and for tokens that are bound to a key (DPoP).
   */
  accessToken(options?: AccessTokenOptions): Promise<string>;
  /**
   * Signs in because somebody else asks for it: for the page at the client's `initiate_login_uri` (OIDC Core 4).
   * Rejects with `issuer_mismatch` if it asks for another issuer, and with `invalid_option` if it wants to return to
   * another origin.
   * @param url the URL with `iss`, `login_hint` and `target_link_uri`. Default: the current one
   */
  initiateLogin(url?: string | URL, options?: SignInOptions): Promise<void>;
  /**
   * `fetch`. A request to one of `apis` goes out with its access token (an `Authorization` header of the caller's is
   * replaced); any other goes out as it is. Rejects with a {@link StrongroomError} when no token can be had.
   *
   * Where the API refuses the token (401 `invalid_token`, or 401 without a reason for a token that is older than a
   * minute), or wants more scope (`insufficient_scope`), the request is sent once more with another token. A stream
   * cannot be sent twice: give a function that makes it.
   */
  fetch(input: RequestInfo | URL, init?: FetchInit): Promise<Response>;
  /**
   * Forgets the tokens and has them revoked, then leaves for the provider's sign-out unless `local`. Every tab follows.
   * Resolves with a warning if the provider cannot be asked: here the user is signed out all the same.
   */
  signOut(options?: SignOutOptions): Promise<SignedOut>;
  /** Calls `listener` after each change; returns what ends that. With `getSnapshot`, the form of `useSyncExternalStore`. */
  subscribe(listener: () => void): () => void;
  /** The current state; the same object until it changes. */
  getSnapshot(): SessionState;
  /** Ends everything: tokens, worker, frames, listeners. */
  close(): void;
  addEventListener<K extends keyof SessionEvents>(
    type: K,
    listener: (event: SessionEvents[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<K extends keyof SessionEvents>(
    type: K,
    listener: (event: SessionEvents[K]) => void,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void;
}
