import { type ErrorCode, StrongroomError } from './errors.js';
import type {
  AccessTokenOptions,
  CheckSessionOptions,
  FetchInit,
  Granted,
  Placement,
  Renewal,
  Session,
  SessionEvents,
  SessionState,
  SignedOut,
  SignInOptions,
  SignOutOptions,
  User,
  UserinfoOptions,
} from './types.js';

/** Answers a request in place of an API. */
export type Answer = (request: Request) => Response | Promise<Response>;

/** {@link createTestSession} */
export interface TestSessionOptions {
  /** Who is signed in; the `sub` is made up if there is none. Default: nobody. */
  user?: Partial<User>;
  /** What the session begins with. Default: `signedIn` if there is a `user`, else `signedOut`. */
  status?: SessionState['status'];
  /** Answers what goes through `session.fetch`. Default: 404 to everything. */
  fetch?: Answer;
  /** The `apis` of the session: requests to others go out without a user. Default: every URL is of one. */
  apis?: readonly { readonly url: string }[];
  /** What `accessToken()` gives. Without it that rejects, as without `dangerouslyExposeAccessToken`. */
  accessToken?: string;
  /** The issuer that `initiateLogin` is for. */
  issuer?: string;
  /** Restores `returnTo` after a sign-in by redirect. Default: does nothing. */
  navigate?: (url: string) => void;
}

/** Which methods can be made to fail. */
export type Failing = 'signIn' | 'checkSession' | 'userinfo' | 'fetch' | 'signOut';

/** What a test does to a session. */
export interface Testing {
  /** What came to `session.fetch`, the first first. */
  readonly requests: readonly Request[];
  /** The options of each `session.signIn`. */
  readonly signIns: readonly SignInOptions[];
  /** The options of each `session.signOut`. */
  readonly signOuts: readonly SignOutOptions[];
  /** Answers what goes through `session.fetch` from now on. */
  answer(fetch: Answer): void;
  /** Signs `user` in: the first, another one, or the same with other claims. Ends the state `loading`. */
  becomeUser(user: Partial<User>): void;
  /** Nobody is signed in any more, here and at the provider. Ends the state `loading`. Default code: `login_required`. */
  expire(code?: ErrorCode): void;
  /** A token was renewed. */
  renew(renewal?: Partial<Renewal>): void;
  /** A token could not be renewed, and the session lives on. Default code: `network`. */
  failRenewal(code?: ErrorCode): void;
  /** The next call of `method` rejects. */
  failNext(method: Failing, code: ErrorCode): void;
}

/** A {@link Session} without a provider, and without wasm, workers and network. */
export interface TestSession extends Session {
  /** Everything that a test does to it. */
  readonly testing: Testing;
}

const error = (code: ErrorCode, message: string) => new StrongroomError({ code, message });
const plain = <T>(value: T): T => (value === undefined ? value : JSON.parse(JSON.stringify(value)));
const base = () => (typeof document === 'undefined' ? 'http://localhost/' : document.baseURI);

/** The user who signs in where a test names none. */
const TEST_USER: User = { sub: 'test-user', name: 'Test User' };

class FakeSession extends EventTarget implements TestSession {
  #state: SessionState = Object.freeze({ status: 'loading' });
  #closed = false;
  /** Who signs in. */
  #user: User;
  /** Whether the provider knows the user without asking. */
  #known = false;
  #answer: Answer;
  #settle!: (state: SessionState) => void;
  readonly #options: TestSessionOptions;
  readonly #failures = new Map<Failing, ErrorCode>();
  readonly #log = { requests: [] as Request[], signIns: [] as SignInOptions[], signOuts: [] as SignOutOptions[] };
  readonly placement: Placement = 'worker';
  readonly vaultOrigin: string = new URL(base()).origin;
  readonly ready = new Promise<SessionState>((resolve) => {
    this.#settle = resolve;
  });
  readonly testing: Testing;

  constructor(options: TestSessionOptions) {
    super();
    this.#options = options;
    this.#user = { ...TEST_USER, ...plain(options.user) };
    this.#answer = options.fetch ?? (() => new Response(null, { status: 404 }));
    this.testing = {
      ...this.#log,
      answer: (fetch) => {
        this.#answer = fetch;
      },
      becomeUser: (user) => this.#signIn({ ...TEST_USER, ...plain(user) }),
      expire: (code = 'login_required') => {
        const before = this.#state;
        this.#known = false;
        this.#signOut(code);
        if (before.status !== 'signedIn') return;
        this.#tell('renewalfailed', { error: error(code, 'the provider knows nobody'), next: 'signedOut' });
      },
      renew: (renewal) => this.#tell('renewed', { scope: 'openid profile email', ...renewal }),
      failRenewal: (code = 'network') => {
        this.#tell('renewalfailed', { error: error(code, 'a token cannot be renewed'), next: 'retry' });
      },
      failNext: (method, code) => this.#failures.set(method, code),
    };
    // They work without `this`.
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(FakeSession.prototype))) {
      if (value && name !== 'constructor')
        Object.defineProperty(this, name, { value: value.bind(this), configurable: true });
    }
    const status = options.status ?? (options.user ? 'signedIn' : 'signedOut');
    if (status === 'signedIn') this.#signIn(this.#user);
    if (status === 'signedOut') this.#signOut('login_required');
  }

  get state(): SessionState {
    return this.#state;
  }

  async signIn(options: SignInOptions = {}): Promise<void> {
    this.#log.signIns.push(options);
    this.#begin('signIn');
    const { popup, signal, returnTo = base(), appState } = options;
    const [came, url] = [plain(appState), new URL(returnTo, base()).href];
    await this.#turn(signal);
    this.#signIn(this.#user);
    if (popup) return;
    this.#tell('callback', { returnTo: url, ...(came !== undefined && { appState: came }) });
    this.#options.navigate?.(url);
    // The page that called this has gone.
    await new Promise(() => {});
  }

  async checkSession({ scope, audience, resource, signal }: CheckSessionOptions = {}): Promise<Granted> {
    this.#begin('checkSession');
    await this.#turn(signal);
    if (!this.#known) {
      this.#signOut('login_required');
      throw error('login_required', 'the provider knows nobody');
    }
    const user = this.#signIn(this.#user);
    const target = audience ?? resource;
    return {
      user,
      scope: ['openid profile email', scope].filter(Boolean).join(' '),
      expiresAt: Date.now() + 3_600_000,
      ...(target && { audience: target }),
    };
  }

  async userinfo({ signal }: UserinfoOptions = {}): Promise<User> {
    this.#begin('userinfo');
    await this.#turn(signal);
    return this.#signedIn();
  }

  async accessToken({ signal }: AccessTokenOptions = {}): Promise<string> {
    await this.#turn(signal);
    const { accessToken } = this.#options;
    if (accessToken === undefined) throw error('unsupported', 'the page may not have the access token');
    this.#signedIn();
    return accessToken;
  }

  async initiateLogin(url: string | URL = base(), options: SignInOptions = {}): Promise<void> {
    const { searchParams } = new URL(url, base());
    const [iss, hint, target] = ['iss', 'login_hint', 'target_link_uri'].map((name) => searchParams.get(name));
    if (iss !== this.#options.issuer) {
      throw error('issuer_mismatch', `somebody asks for a sign-in at ${iss ?? 'no issuer'}`);
    }
    const returnTo = target || new URL('/', base()).href;
    return this.signIn({ returnTo, ...(hint && { loginHint: hint }), ...options });
  }

  async fetch(input: RequestInfo | URL, { body, signal, ...init }: FetchInit = {}): Promise<Response> {
    // Under a DOM that is not Node's own, its signals are no signals to Node's Request.
    const given = input instanceof Request ? input : new URL(input, base());
    const made = typeof body === 'function' ? body() : body;
    const request = new Request(given, { ...init, ...(made !== undefined && { body: made, duplex: 'half' }) });
    this.#log.requests.push(request.clone());
    this.#begin('fetch');
    await this.#turn(signal ?? request.signal);
    const { apis } = this.#options;
    if (!apis || apis.some(({ url }) => covers(new URL(url), new URL(request.url)))) {
      if (this.#state.status === 'loading') await this.ready;
      this.#signedIn();
    }
    return until(signal ?? request.signal, Promise.resolve(this.#answer(request)));
  }

  async signOut(options: SignOutOptions = {}): Promise<SignedOut> {
    this.#log.signOuts.push(options);
    this.#begin('signOut');
    await this.#turn();
    if (!options.local) this.#known = false;
    this.#signOut('signed_out');
    return {};
  }

  subscribe(listener: () => void): () => void {
    this.addEventListener('statechange', listener);
    return () => this.removeEventListener('statechange', listener);
  }

  getSnapshot(): SessionState {
    return this.#state;
  }

  close(): void {
    this.#closed = true;
    this.#settle(this.#state);
  }

  /** Rejects what cannot be, or what a test wants to fail. */
  #begin(method: Failing) {
    if (this.#closed) throw error('closed', 'the session is closed');
    const code = this.#failures.get(method);
    this.#failures.delete(method);
    if (code) throw error(code, `a test made ${method} fail`);
  }

  /** As in a browser, nothing happens before the caller goes on. */
  async #turn(signal?: AbortSignal | null) {
    await until(signal, Promise.resolve());
    if (this.#closed) throw error('closed', 'the session is closed');
  }

  #signedIn(): User {
    if (this.#state.status !== 'signedIn') throw error('not_signed_in', 'nobody is signed in');
    return this.#state.user;
  }

  #signIn(claims: User): User {
    this.#user = claims;
    this.#known = true;
    const before = this.#state;
    // The same claims again are no change.
    if (before.status === 'signedIn' && JSON.stringify(before.user) === JSON.stringify(claims)) return before.user;
    const user = Object.freeze({ ...claims });
    this.#become(Object.freeze({ status: 'signedIn', user }));
    if (before.status === 'signedIn' && before.user.sub !== user.sub) {
      this.#tell('userchange', { from: before.user, to: user });
    }
    return user;
  }

  #signOut(code: ErrorCode) {
    const reason = error(code, code === 'signed_out' ? 'the user has signed out' : 'the provider knows nobody');
    const before = this.#state;
    if (before.status !== 'signedOut' || before.reason.code !== code) {
      this.#become(Object.freeze({ status: 'signedOut', reason }));
    }
  }

  #become(state: SessionState) {
    if (this.#closed) return;
    this.#state = state;
    this.#tell('statechange', state);
    this.#settle(state);
  }

  #tell<K extends keyof SessionEvents>(type: K, detail: SessionEvents[K]['detail']) {
    if (!this.#closed) this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** Whether a token for the API at `api` goes to `url`. */
function covers(api: URL, url: URL): boolean {
  const folder = api.pathname.replace(/\/?$/, '/');
  return api.origin === url.origin && `${url.pathname}/`.startsWith(folder);
}

/** `promise`, unless `signal` aborts first. */
function until<T>(signal: AbortSignal | null | undefined, promise: Promise<T>): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/**
 * A session for the tests of an app. It behaves as one of `createSession`, but that a test decides who is signed in and what
 * the APIs answer; a sign-in succeeds at once, by redirect too: the `callback` event comes without the page having left.
 */
export function createTestSession(options: TestSessionOptions = {}): TestSession {
  return new FakeSession(options);
}
