import { cleaned, handOver, heedLogouts, waitingFor } from './callback-url.js';
import { type Connection, connect, OPEN, START } from './connection.js';
import { fail, isStrongroomError, StrongroomError } from './errors.js';
import { fetchThrough, requestOf } from './fetch.js';
import { any, check, millis, ownUrl, pairs, read, text } from './options.js';
import { type Opened, openVault } from './placement.js';
import { joinTabs } from './tabs.js';
import type {
  AccessTokenOptions,
  CheckSessionOptions,
  FetchInit,
  Granted,
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
import { frame, openPopup, preconnect } from './window.js';
import type {
  Answer,
  Ask,
  Command,
  Monitor,
  Started,
  WireError,
  Granted as WireGranted,
  SessionState as WireState,
} from './wire.js';

const LOADING: SessionState = Object.freeze({ status: 'loading' });

const parameter = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value));
/** Readers of parameters that have an option of their own; their names on the wire are the same in snake case. */
const PARAMETERS: object = Object.fromEntries(
  'loginHint maxAge acrValues uiLocales display device connection connectionScope organization claims authorizationDetails'
    .split(' ')
    .map((name) => [name, parameter]),
);

/** The parameters that were read from `options`, by their names on the wire, after `params`. */
function parameters(params: [string, string][] = [], options: object): [string, string][] {
  const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return [...params, ...Object.entries(options).map(([name, value]): [string, string] => [snake(name), value])];
}

/** Readers of what a token is wanted for. */
const TARGET = { scope: text, audience: text, resource: text };

const closed = () => fail('closed', 'the session is closed');

/** A session in a browser. What it knows is in variables of this function: its object has what the page may see. */
function browserSession(given: SessionOptions): Session {
  const options = check(given);
  const { wire, vault } = options;
  const prefix = wire.statePrefix;
  const apis = wire.apis.map(({ url }) => new URL(url));
  const navigate = options.navigate ?? ((url) => history.replaceState(history.state, '', url));
  /** Aborted when the session is closed. */
  const end = new AbortController();
  let state = LOADING;
  /** That nobody is signed in: not to be told before this page load has tried its own way in. */
  let provisional: SessionState | undefined;
  let settle: ((state: SessionState) => void) | undefined;
  const ready = new Promise<SessionState>((resolve) => {
    settle = resolve;
  });
  let connection: Promise<Connection>;
  let opened: Opened | undefined;
  let normalized = (user: User) => user;
  let watch: ((monitor?: Monitor) => void) | undefined;
  let logouts: BroadcastChannel | undefined;
  /** Where each tab has a vault of its own. */
  let tabs: ReturnType<typeof joinTabs> | undefined;
  let popup: Window | null | undefined;
  let popupEnd: AbortController | undefined;

  const session = Object.defineProperties(
    new EventTarget(),
    Object.getOwnPropertyDescriptors(
      // Frozen, so that the session's properties are.
      Object.freeze({
        get state() {
          return state;
        },
        get placement() {
          return opened?.placement;
        },
        vaultOrigin: wire.vaultOrigin ?? wire.origin,
        ready,
        signIn,
        checkSession,
        userinfo,
        accessToken,
        initiateLogin,
        fetch: fetchAsUser,
        signOut,
        subscribe,
        getSnapshot: () => state,
        close,
      }),
    ),
  ) as Session;

  const waiting = waitingFor(location, prefix);
  if (handOver(waiting)) {
    // This document is only the messenger of another one's sign-in: it stays in the state 'loading'.
    connection = new Promise(() => {});
    return session;
  }
  const callback = waiting && location.href;
  if (callback) history.replaceState(history.state, '', cleaned(location, prefix));
  let started: Promise<{ started: Started }>;
  connection = open();
  // While the vault starts.
  if (wire.silent.onLoad || callback) preconnect(wire.issuer);
  void start();
  return session;

  async function open(): Promise<Connection> {
    const { base } = vault;
    // Behind a frame, that watches.
    const wanted = Promise.all([
      options.normalizeClaims && import('./claims.js'),
      wire.monitorSession && !base && import('./monitor.js'),
    ]);
    // The vault may fail before they do, and is to be awaited first: it must be disposed of.
    wanted.catch(() => {});
    const greeting = [
      { command: { id: OPEN, command: { open: wire } } },
      { command: { id: START, command: { start: { callback } } } },
    ];
    const found = await (base
      ? import('./own-origin.js').then(({ openBehindFrame }) => openBehindFrame(vault, base, wire, greeting))
      : openVault(vault, options.assetsUrl, wire, greeting));
    opened = found;
    const [claims, monitor] = await wanted;
    if (end.signal.aborted) throw closed();
    if (claims) normalized = claims.normalized;
    // Whether somebody is still signed in is for the provider to say, and for the state to tell.
    if (monitor) watch = monitor.watcher(() => void checkSession().catch(() => {}));
    const wired = connect(found.port, {
      state: (state) => become(stateOf(state)),
      ask: answer,
      renewed: (detail) => tell('renewed', detail),
      renewalFailed: ({ error, retry }) =>
        tell('renewalfailed', { error: new StrongroomError(error), next: retry ? 'retry' : 'signedOut' }),
      monitor: (monitor) => watch?.(monitor),
    });
    const opening = wired.replyTo(OPEN);
    started = wired.replyTo(START).then(([reply]) => reply as { started: Started });
    started.catch(() => {});
    await opening;
    return wired;
  }

  /** Sends a command whose reply is of no interest. */
  function say(what: Command) {
    void reply(what).catch(() => {});
  }

  /** Listens to the world around the session. */
  function listen() {
    if (opened?.placement !== 'shared') {
      tabs = joinTabs(prefix, {
        state: () => state,
        signOut: () => say({ signOut: { local: true, revoke: false, params: [] } }),
        check: checkSession,
      });
    }
    logouts = heedLogouts((loggedOut) => say({ loggedOut }));
    // Lets the vault know when the page may have missed something. One that is restored as it was when the user left it may
    // have missed a sign-in or sign-out too, and in WebKit a shared worker that lost its last page is gone: it begins anew.
    const awake = (event: Event) => {
      if ((event as PageTransitionEvent).persisted) exchange(open);
      else say({ awake: { visible: !document.hidden } });
    };
    for (const type of ['visibilitychange', 'resume', 'pageshow', 'online']) {
      // Those of the document come by here as well.
      addEventListener(type, awake, { capture: true, signal: end.signal });
    }
  }

  /** Lets go of the vault, or of the one that is being opened: what is under way rejects. Then the connection is the `next` one. */
  function exchange(next: () => Promise<Connection>) {
    connection
      .then(({ command, close }) => {
        const closing = command('close');
        close(closed());
        return closing;
      })
      .catch(() => {})
      // Before another one is open: that takes messages.
      .finally(() => opened?.dispose());
    connection = next();
    connection.catch(() => {});
  }

  async function start() {
    try {
      await connection;
      listen();
      const { returnTo, appState } = (await started).started;
      if (callback !== undefined || returnTo) {
        tell('callback', {
          ...(returnTo && { returnTo }),
          ...(appState && { appState: JSON.parse(appState) as unknown }),
        });
        if (returnTo) navigate(ownUrl(returnTo, 'returnTo'));
      }
    } catch (error) {
      const reason = isStrongroomError(error) ? error : fail('internal', String(error), undefined, error);
      become(Object.freeze({ status: 'signedOut', reason }));
    }
    const settled = settle;
    settle = undefined;
    if (provisional) become(provisional);
    settled?.(state);
  }

  function userOf(claims: string): User {
    return Object.freeze(normalized(JSON.parse(claims)));
  }

  function stateOf({ status, claims, reason }: WireState): SessionState {
    if (status === 'signedIn') return Object.freeze({ status, user: userOf(claims as string) });
    if (status === 'signedOut') return Object.freeze({ status, reason: new StrongroomError(reason as WireError) });
    return LOADING;
  }

  function become(next: SessionState) {
    if (end.signal.aborted || next === state) return;
    const signedOut = next.status === 'signedOut';
    provisional = signedOut && settle ? next : undefined;
    if (provisional) return;
    const before = state;
    state = next;
    if (signedOut) watch?.();
    tabs?.tell(before, state);
    tell('statechange', state);
    if (before.status === 'signedIn' && next.status === 'signedIn' && before.user.sub !== next.user.sub) {
      tell('userchange', { from: before.user, to: next.user });
    }
  }

  function tell<K extends keyof SessionEvents>(type: K, detail: SessionEvents[K]['detail']) {
    session.dispatchEvent(new CustomEvent(type, { detail }));
  }

  async function answer(ask: Ask, signal: AbortSignal): Promise<Answer | undefined> {
    if ('frame' in ask) return frame(ask.frame.url, ask.frame.expect, prefix, signal);
    if ('popup' in ask) return (await import('./popup.js')).popup(popup, ask.popup, signal);
    if (!navigator.onLine) return { failed: 'the browser is offline' };
    location.assign(ask.navigate.url);
    return 'done';
  }

  /** What the vault replies to `command`, which `R` names. */
  async function reply<R>(command: Command, signal?: AbortSignal): Promise<R> {
    const [reply] = await (await connection).command(command, signal);
    return reply as R;
  }

  async function signIn(given: SignInOptions = {}): Promise<void> {
    const {
      scope,
      params,
      returnTo = location.href,
      appState,
      popup: inPopup = false,
      signal,
      ...more
    } = read('signIn', given, {
      scope: text,
      params: pairs,
      returnTo: ownUrl,
      appState: (value) => JSON.stringify(value),
      popup: Boolean,
      signal: any<AbortSignal>,
      prompt: parameter,
      ...PARAMETERS,
    });
    const command = { signIn: { scope, params: parameters(params, more), returnTo, appState, popup: inPopup } };
    if (inPopup) return signInByPopup(command, signal);
    await reply(command, signal);
    // The page is leaving; if it comes back from the cache of the back button, the caller hears of it.
    await new Promise((_, reject) => {
      addEventListener('pageshow', ({ persisted }) => {
        if (persisted) reject(fail('aborted', 'the user came back without signing in'));
      });
    });
  }

  async function signInByPopup(command: Command, given: AbortSignal | undefined) {
    if (popup && !popup.closed) {
      popup.focus();
      throw fail('popup_blocked', 'a popup is open already', 'wait for it, or give it up with an AbortSignal');
    }
    // One that seems closed was closed, if the user asks for another.
    popupEnd?.abort(fail('popup_closed', 'the popup was closed before it answered'));
    const [opened, end] = [openPopup(), new AbortController()];
    [popup, popupEnd] = [opened, end];
    const abort = () => end.abort(given?.reason);
    given?.addEventListener('abort', abort, { signal: end.signal });
    if (given?.aborted) abort();
    try {
      await reply(command, end.signal);
    } finally {
      opened?.close();
      if (popup === opened) popup = undefined;
      end.abort();
    }
  }

  async function checkSession(given: CheckSessionOptions = {}): Promise<Granted> {
    const { scope, audience, resource, params, timeoutMs, signal, ...more } = read('checkSession', given, {
      ...TARGET,
      params: pairs,
      timeoutMs: millis,
      signal: any<AbortSignal>,
      ...PARAMETERS,
    });
    const command = { scope, audience, resource, params: parameters(params, more), timeoutMs };
    const { checked } = await reply<{ checked: WireGranted }>({ checkSession: command }, signal);
    const { claims, authorizationDetails, ...granted } = checked;
    return {
      user: userOf(claims),
      ...granted,
      ...(authorizationDetails && { authorizationDetails: JSON.parse(authorizationDetails) as unknown }),
    };
  }

  async function userinfo(given: UserinfoOptions = {}): Promise<User> {
    const { sources = false, signal } = read('userinfo', given, { sources: Boolean, signal: any<AbortSignal> });
    return userOf((await reply<{ claims: string }>({ userinfo: { sources } }, signal)).claims);
  }

  async function accessToken(given: AccessTokenOptions = {}): Promise<string> {
    const { signal, ...target } = read('accessToken', given, { ...TARGET, signal: any<AbortSignal> });
    return (await reply<{ accessToken: string }>({ accessToken: target }, signal)).accessToken;
  }

  async function initiateLogin(given: string | URL = location.href, options: SignInOptions = {}): Promise<void> {
    const { initiated } = await import('./initiate-login.js');
    return signIn({ ...initiated(given, wire.issuer), ...options });
  }

  async function fetchAsUser(input: RequestInfo | URL, given?: FetchInit): Promise<Response> {
    const { origin, pathname } = new URL(input instanceof Request ? input.url : input, document.baseURI);
    const near = apis.some((api) => api.origin === origin && pathname.startsWith(api.pathname));
    return near ? fetchThrough(connection, input, given) : fetch(requestOf(input, given)[0]);
  }

  async function signOut(given: SignOutOptions = {}): Promise<SignedOut> {
    const {
      local,
      federated,
      revoke,
      params = [],
      returnTo = options.signedOutUri,
    } = read('signOut', given, {
      local: any<boolean>,
      federated: Boolean,
      revoke: any<boolean>,
      params: pairs,
      returnTo: ownUrl,
    });
    if (federated) params.push(['federated', '']);
    const command = { local: local === true, revoke: revoke !== false, params, returnTo };
    const { warned } = await reply<{ warned?: WireError }>({ signOut: command });
    return warned ? { warning: new StrongroomError(warned) } : {};
  }

  function subscribe(listener: () => void): () => void {
    session.addEventListener('statechange', listener);
    return () => session.removeEventListener('statechange', listener);
  }

  function close(): void {
    if (end.signal.aborted) return;
    end.abort();
    watch?.();
    tabs?.close();
    logouts?.close();
    settle?.(state);
    exchange(() => Promise.reject(closed()));
  }
}

/** A session where there is no browser, as on a server or under jsdom: it stays 'loading', and has no placement. */
function inert(): Session {
  const refuse = () => Promise.reject(fail('unsupported', 'there is no browser here', 'call this in the browser only'));
  return Object.assign(new EventTarget() as Session, {
    state: LOADING,
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
  return browser ? browserSession(options) : inert();
}
