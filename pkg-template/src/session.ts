import { cleaned, handOver, heedLogouts, waitingFor } from './callback-url.js';
import { type Connection, connect, type Replied } from './connection.js';
import { fail, isStrongroomError, StrongroomError } from './errors.js';
import { fetchMade, fetchThrough } from './fetch.js';
import { type Checked, check, millis, type Own, own, ownUrl, pairs, text } from './options.js';
import { type Opened, openVault } from './placement.js';
import { joinTabs } from './tabs.js';
import type {
  AccessTokenOptions,
  Callback,
  CheckSessionOptions,
  FetchInit,
  Granted,
  Placement,
  RenewalFailure,
  Session,
  SessionEvents,
  SessionOptions,
  SessionState,
  SignedOut,
  SignInOptions,
  SignOutOptions,
  User,
  UserinfoOptions,
} from './types.js';
import { frame, openPopup } from './window.js';
import type {
  Answer,
  Ask,
  Monitor,
  SignIn,
  Started,
  TokenWish,
  Granted as WireGranted,
  SessionState as WireState,
} from './wire.js';

/** A sign-out that another tab has begun. */
const LOCALLY = { local: true, revoke: false, params: [] };
const LOADING: SessionState = Object.freeze({ status: 'loading' });

/** Parameters that have an option of their own; their names on the wire are the same in snake case. */
const SILENT_PARAMETERS =
  'loginHint maxAge acrValues uiLocales display device connection connectionScope organization claims authorizationDetails';
const PARAMETERS = `prompt ${SILENT_PARAMETERS}`;

/** What a token is wanted for. */
function target(options: Own): TokenWish {
  const names = ['scope', 'audience', 'resource'].filter((name) => text(options, name));
  return Object.fromEntries(names.map((name) => [name, options.is[name]]));
}

/** The parameters among `options`, by their names on the wire. */
function parameters({ is }: Own): [string, string][] {
  const found = pairs('params', is.params);
  for (const name of PARAMETERS.split(' ')) {
    const value = is[name];
    if (value === undefined) continue;
    const wireName = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    found.push([wireName, typeof value === 'object' ? JSON.stringify(value) : String(value)]);
  }
  return found;
}

function stateOf({ status, claims, reason }: WireState, userOf: (claims: string) => User): SessionState {
  if (status === 'signedIn') return Object.freeze({ status, user: userOf(claims as string) });
  if (status === 'signedOut')
    return Object.freeze({ status, reason: new StrongroomError(reason ?? { code: '', message: '' }) });
  return LOADING;
}

class BrowserSession extends EventTarget implements Session {
  #state = LOADING;
  #opened: Opened | undefined;
  #connection: Promise<Connection>;
  #started: Promise<Replied> | undefined;
  #settle: ((state: SessionState) => void) | undefined;
  /** That nobody is signed in: not to be told before this page load has tried its own way in. */
  #provisional: SessionState | undefined;
  #watch: ((monitor?: Monitor) => void) | undefined;
  #logouts: BroadcastChannel | undefined;
  /** Where each tab has a vault of its own. */
  #tabs: ReturnType<typeof joinTabs> | undefined;
  /** Aborted when the session is closed. */
  readonly #end = new AbortController();
  #popup: Window | null | undefined;
  #popupEnd: AbortController | undefined;
  readonly #prefix: string;
  readonly #navigate: (url: string) => void;
  readonly #apis: readonly URL[];
  readonly #issuer: string;
  readonly #signedOutUri: string | undefined;
  #normalized = (user: User): User => user;
  readonly #userOf = (claims: string): User => Object.freeze(this.#normalized(JSON.parse(claims)));
  readonly vaultOrigin: string;
  readonly ready = new Promise<SessionState>((resolve) => {
    this.#settle = resolve;
  });

  constructor(given: SessionOptions) {
    super();
    const options = check(given);
    const { wire } = options;
    this.#prefix = wire.statePrefix;
    this.#issuer = wire.issuer;
    this.#signedOutUri = options.signedOutUri;
    this.vaultOrigin = wire.vaultOrigin ?? wire.origin;
    this.#apis = wire.apis.map(({ url }) => new URL(url));
    this.#navigate = options.navigate ?? ((url) => history.replaceState(history.state, '', url));
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(BrowserSession.prototype))) {
      if (value && name !== 'constructor') Object.defineProperty(this, name, { value: value.bind(this) });
    }
    const waiting = waitingFor(location, this.#prefix);
    if (handOver(waiting)) {
      // This document is only the messenger of another one's sign-in: it stays in the state 'loading'.
      this.#connection = new Promise(() => {});
      return;
    }
    const callback = waiting && location.href;
    if (callback) history.replaceState(history.state, '', cleaned(location, this.#prefix));
    this.#connection = this.#open(options, callback);
    this.#start(callback);
  }

  get state() {
    return this.#state;
  }

  get placement(): Placement | undefined {
    return this.#opened?.placement;
  }

  async #open({ wire, vault, assetsUrl, normalizeClaims }: Checked, callback: string | undefined): Promise<Connection> {
    const { base } = vault;
    // Behind a frame, that watches.
    const wanted = Promise.all([
      normalizeClaims && import('./claims.js'),
      wire.monitorSession && !base && import('./monitor.js'),
    ]);
    const opened = await (base
      ? import('./own-origin.js')
          .then(({ openBehindFrame }) => openBehindFrame(vault, base, wire))
          .catch((error) => {
            throw error.code ? new StrongroomError(error) : error;
          })
      : openVault(vault, assetsUrl, wire));
    const [claims, monitor] = await wanted;
    if (claims) this.#normalized = claims.normalized;
    // Whether somebody is still signed in is for the provider to say, and for the state to tell.
    if (monitor) this.#watch = monitor.watcher(() => void this.checkSession().catch(() => {}));
    if (this.#end.signal.aborted) {
      opened.dispose();
      throw fail('closed', 'the session is closed');
    }
    this.#opened = opened;
    const connection = connect(opened.port, {
      state: (state) => this.#become(stateOf(state, this.#userOf)),
      ask: (ask, signal) => this.#answer(ask, signal),
      renewed: (detail) => this.dispatchEvent(new CustomEvent('renewed', { detail })),
      renewalFailed: ({ error, retry }) => {
        const detail: RenewalFailure = { error: new StrongroomError(error), next: retry ? 'retry' : 'signedOut' };
        this.dispatchEvent(new CustomEvent('renewalfailed', { detail }));
      },
      monitor: (monitor) => this.#watch?.(monitor),
    });
    this.#listen(connection);
    if (opened.placement !== 'shared') {
      this.#tabs = joinTabs(this.#prefix, {
        state: () => this.#state,
        signOut: () => void connection.command({ signOut: LOCALLY }).catch(() => {}),
        check: () => this.checkSession(),
      });
    }
    this.#logouts = heedLogouts((loggedOut) => void connection.command({ loggedOut }).catch(() => {}));
    const open = connection.command({ open: wire });
    // Right behind it, without waiting for its reply.
    this.#started = connection.command({ start: callback === undefined ? {} : { callback } });
    this.#started.catch(() => {});
    await open;
    return connection;
  }

  /** Lets the vault know when the page may have missed something. */
  #listen(connection: Connection) {
    const { signal } = this.#end;
    const awake = () => {
      connection.command({ awake: { visible: document.visibilityState === 'visible' } }).catch(() => {});
    };
    document.addEventListener('visibilitychange', awake, { signal });
    document.addEventListener('resume', awake, { signal });
    addEventListener('pageshow', awake, { signal });
    addEventListener('online', awake, { signal });
  }

  async #start(callback: string | undefined) {
    try {
      await this.#connection;
      const [reply] = (await this.#started) as Replied;
      const { started } = reply as { started: Started };
      if (callback !== undefined || started.returnTo) this.#returned(started);
    } catch (error) {
      const reason = isStrongroomError(error) ? error : fail('internal', String(error), undefined, error);
      this.#become(Object.freeze({ status: 'signedOut', reason }));
    }
    const settle = this.#settle;
    this.#settle = undefined;
    if (this.#provisional) this.#become(this.#provisional);
    settle?.(this.#state);
  }

  #returned({ returnTo, appState }: Started) {
    const detail: Callback = {
      ...(returnTo && { returnTo }),
      ...(appState && { appState: JSON.parse(appState) as unknown }),
    };
    this.dispatchEvent(new CustomEvent('callback', { detail }));
    if (returnTo) this.#navigate(ownUrl('returnTo', returnTo));
  }

  #become(state: SessionState) {
    if (this.#end.signal.aborted || (state.status === 'loading' && this.#state.status === 'loading')) return;
    const signedOut = state.status === 'signedOut';
    this.#provisional = signedOut && this.#settle ? state : undefined;
    if (this.#provisional) return;
    const before = this.#state;
    this.#state = state;
    if (signedOut) this.#watch?.();
    this.#tabs?.tell(before, state);
    this.dispatchEvent(new CustomEvent('statechange', { detail: state }) satisfies SessionEvents['statechange']);
    if (before.status === 'signedIn' && state.status === 'signedIn' && before.user.sub !== state.user.sub) {
      this.dispatchEvent(new CustomEvent('userchange', { detail: { from: before.user, to: state.user } }));
    }
  }

  #answer(ask: Ask, signal: AbortSignal): Promise<Answer | undefined> {
    if ('frame' in ask) return frame(ask.frame.url, ask.frame.expect, this.#prefix, signal);
    if ('popup' in ask) return import('./popup.js').then(({ popup }) => popup(this.#popup, ask.popup, signal));
    if (!navigator.onLine) return Promise.resolve({ failed: 'the browser is offline' });
    location.assign(ask.navigate.url);
    return Promise.resolve('done');
  }

  async signIn(given: SignInOptions = {}): Promise<void> {
    const options = own('signIn', given, `scope params returnTo appState popup signal ${PARAMETERS}`);
    const { appState, popup = false, signal } = options.is as Pick<SignInOptions, 'appState' | 'popup' | 'signal'>;
    const scope = text(options, 'scope');
    const returnTo = ownUrl('returnTo', text(options, 'returnTo') ?? location.href);
    const command = {
      returnTo,
      ...(appState !== undefined && { appState: JSON.stringify(appState) }),
      ...(scope && { scope }),
      params: parameters(options),
      popup,
    };
    if (popup) return this.#signInByPopup(command, signal);
    await (await this.#connection).command({ signIn: command }, signal);
    // The page is leaving; if it comes back from the cache of the back button, the caller hears of it.
    await new Promise((_, reject) => {
      addEventListener('pageshow', ({ persisted }) => {
        if (persisted) reject(fail('aborted', 'the user came back without signing in'));
      });
    });
  }

  async #signInByPopup(command: SignIn, given: AbortSignal | undefined) {
    if (this.#popup && !this.#popup.closed) {
      this.#popup.focus();
      throw fail('popup_blocked', 'a popup is open already', 'wait for its outcome, or give it up with an AbortSignal');
    }
    // One that seems closed was closed, if the user asks for another.
    this.#popupEnd?.abort(fail('popup_closed', 'the popup was closed before it answered'));
    const [opened, end] = [openPopup(), new AbortController()];
    [this.#popup, this.#popupEnd] = [opened, end];
    given?.addEventListener('abort', () => end.abort(given.reason), { once: true, signal: end.signal });
    if (given?.aborted) end.abort(given.reason);
    try {
      await (await this.#connection).command({ signIn: command }, end.signal);
    } finally {
      opened?.close();
      if (this.#popup === opened) this.#popup = undefined;
      end.abort();
    }
  }

  async checkSession(given: CheckSessionOptions = {}): Promise<Granted> {
    const options = own('checkSession', given, `scope audience resource params timeoutMs signal ${SILENT_PARAMETERS}`);
    const command = {
      ...target(options),
      params: parameters(options),
      ...(options.is.timeoutMs !== undefined && { timeoutMs: millis(options, 'timeoutMs', 0) }),
    };
    const [reply] = await (await this.#connection).command({ checkSession: command }, given.signal);
    const { claims, authorizationDetails, ...granted } = (reply as { checked: WireGranted }).checked;
    return {
      user: this.#userOf(claims),
      ...granted,
      ...(authorizationDetails && { authorizationDetails: JSON.parse(authorizationDetails) as unknown }),
    };
  }

  async userinfo(given: UserinfoOptions = {}): Promise<User> {
    const { sources = false } = own('userinfo', given, 'sources signal').is as UserinfoOptions;
    const [reply] = await (await this.#connection).command({ userinfo: { sources } }, given.signal);
    return this.#userOf((reply as { claims: string }).claims);
  }

  async accessToken(given: AccessTokenOptions = {}): Promise<string> {
    const options = own('accessToken', given, 'scope audience resource signal');
    const [reply] = await (await this.#connection).command({ accessToken: target(options) }, given.signal);
    return (reply as { accessToken: string }).accessToken;
  }

  async initiateLogin(given: string | URL = location.href, options: SignInOptions = {}): Promise<void> {
    const { searchParams } = new URL(given, document.baseURI);
    const [iss, hint, target] = ['iss', 'login_hint', 'target_link_uri'].map((name) => searchParams.get(name));
    if (iss !== this.#issuer) {
      throw fail('issuer_mismatch', `somebody asks for a sign-in at ${iss ?? 'no issuer'}, and not at ${this.#issuer}`);
    }
    const returnTo = target ? ownUrl('target_link_uri', target) : `${location.origin}/`;
    return this.signIn({ returnTo, ...(hint && { loginHint: hint }), ...options });
  }

  async fetch(input: RequestInfo | URL, given?: FetchInit): Promise<Response> {
    const { body, ...init } = given ?? {};
    const { origin, pathname } = new URL(input instanceof Request ? input.url : input, document.baseURI);
    const near = this.#apis.some((api) => api.origin === origin && pathname.startsWith(api.pathname));
    if (typeof body === 'function') {
      return near ? fetchMade(this.#connection, input, init, body) : fetch(input, { ...init, body: body() });
    }
    const request = new Request(input, given as RequestInit | undefined);
    return near ? fetchThrough(this.#connection, request, given as RequestInit | undefined) : fetch(request);
  }

  async signOut(given: SignOutOptions = {}): Promise<SignedOut> {
    const options = own('signOut', given, 'local federated revoke params returnTo');
    const { local, federated, revoke, params: more } = options.is as SignOutOptions;
    const params = pairs('params', more);
    if (federated) params.push(['federated', '']);
    const returnTo = text(options, 'returnTo') ?? this.#signedOutUri;
    const command = {
      local: local === true,
      revoke: revoke !== false,
      params,
      ...(returnTo && { returnTo: ownUrl('returnTo', returnTo) }),
    };
    const [reply] = await (await this.#connection).command({ signOut: command });
    return typeof reply === 'object' && 'warned' in reply ? { warning: new StrongroomError(reply.warned) } : {};
  }

  subscribe(listener: () => void): () => void {
    this.addEventListener('statechange', listener);
    return () => this.removeEventListener('statechange', listener);
  }

  getSnapshot(): SessionState {
    return this.#state;
  }

  close(): void {
    if (this.#end.signal.aborted) return;
    this.#end.abort();
    this.#watch?.();
    this.#tabs?.close();
    this.#logouts?.close();
    this.#settle?.(this.#state);
    this.#connection
      .then((connection) => {
        const closing = connection.command('close');
        connection.close();
        return closing;
      })
      .catch(() => {})
      .finally(() => this.#opened?.dispose());
    this.#connection = Promise.reject(fail('closed', 'the session is closed'));
    this.#connection.catch(() => {});
  }
}

/** A session where there is no browser, as on a server or under jsdom: it stays 'loading'. */
function inert(): Session {
  const refuse = () => Promise.reject(fail('unsupported', 'there is no browser here', 'call this in the browser only'));
  return Object.assign(new EventTarget(), {
    state: LOADING,
    placement: undefined,
    vaultOrigin: '',
    ready: new Promise<SessionState>(() => {}),
    signIn: refuse,
    checkSession: refuse,
    userinfo: refuse,
    initiateLogin: refuse,
    accessToken: refuse,
    fetch: refuse,
    signOut: refuse,
    subscribe: () => () => {},
    getSnapshot: () => LOADING,
    close() {},
  });
}

/**
 * Creates a session. Throws `invalid_option` for a wrong option and `insecure_context` where the page is neither https
 * nor on loopback. If this page load is the provider's answer to a sign-in, the URL is cleaned before this returns.
 */
export function createSession(options: SessionOptions): Session {
  const browser = typeof document !== 'undefined' && typeof isSecureContext === 'boolean';
  return browser ? new BrowserSession(options) : inert();
}
