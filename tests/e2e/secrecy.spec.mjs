// What a script in the page can find.
import { expect, open, requests, settled, signIn, test } from './harness.mjs';

/** Everything a script can read by walking the page's objects and storages, as one text. */
async function everythingReadable() {
  const found = [];
  const seen = new Set();
  const walk = (value, depth) => {
    if (typeof value === 'string') return void found.push(value);
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || depth > 12 || seen.has(value))
      return;
    seen.add(value);
    // Of getters that want another receiver.
    if (value instanceof Promise) value.catch(() => {});
    if (value instanceof Map || value instanceof Set) for (const item of value) walk(item, depth + 1);
    for (const key of Reflect.ownKeys(value)) {
      found.push(String(key));
      try {
        walk(value[key], depth + 1);
      } catch {
        // A getter that wants another receiver.
      }
    }
    walk(Object.getPrototypeOf(value), depth + 1);
  };
  walk(window, 0);
  walk(window.session, 0);
  walk(window.told, 0);
  for (const storage of [localStorage, sessionStorage]) found.push(JSON.stringify({ ...storage }));
  for (const { name } of await indexedDB.databases()) {
    const database = await new Promise((resolve, reject) => {
      const request = indexedDB.open(name);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    for (const store of database.objectStoreNames) {
      const all = await new Promise((resolve) => {
        const request = database.transaction(store).objectStore(store).getAll();
        request.onsuccess = () => resolve(request.result);
      });
      found.push(`database ${name}.${store}`, JSON.stringify(all));
    }
    database.close();
  }
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys())
      found.push(await cache.match(request).then((response) => response.text()));
  }
  found.push(document.cookie, document.documentElement.outerHTML, document.referrer, location.href, window.name);
  found.push(JSON.stringify(history.state), JSON.stringify(performance.getEntries()));
  return found.join('\n');
}

/** The strings of the page's whole heap, also those no script can reach. */
async function heap(page) {
  const devtools = await page.context().newCDPSession(page);
  const chunks = [];
  devtools.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk));
  await devtools.send('HeapProfiler.collectGarbage');
  await devtools.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  await devtools.detach();
  return JSON.parse(chunks.join('')).strings.join('\n');
}

// What the provider issued, by its middle: beginnings are alike, and a snapshot cuts long strings.
const core = ({ kind, value }) => [kind, value.length > 300 ? value.slice(150, 300) : value];

for (const [placement, offline] of [
  ['worker', false],
  ['worker', true],
  ['shared', true],
]) {
  test(`no token is in the page realm with the vault in '${placement}'${offline ? ', with refresh tokens' : ''}`, async ({
    page,
    world,
  }) => {
    world.options.vault = { placement, fallback: false };
    world.options.scope = offline ? 'openid profile email offline_access' : undefined;
    await open(page, world);
    await signIn(page, world);
    await page.evaluate((url) => session.fetch(`${url}orders`).then((response) => response.json()), world.api.url);
    await page.evaluate(() => session.checkSession());
    const issued = world.provider.issued.map(core);
    expect(new Set(issued.map(([kind]) => kind))).toEqual(
      new Set(['code', 'access_token', 'id_token', ...(offline ? ['refresh_token'] : [])]),
    );

    const readable = await page.evaluate(everythingReadable);
    expect(readable, 'the walk sees what there is').toContain('Ada Lovelace');
    expect(readable).toContain('database strongroom.transactions');
    const strings = await heap(page);
    expect(strings, 'the heap has what there is').toContain('Ada Lovelace');
    for (const [kind, value] of issued.filter(([kind]) => kind !== 'code')) {
      expect.soft(readable.includes(value), `${kind} can be read`).toBe(false);
      expect.soft(strings.includes(value), `${kind} is in the heap`).toBe(false);
    }
    // The redirect's own code was in the URL that the page was loaded with; it is used, and nothing keeps it.
    for (const { value } of world.provider.issued.filter(({ kind }) => kind === 'code')) {
      const kept = await page.evaluate(
        () => location.href + JSON.stringify([history.state, { ...localStorage }, { ...sessionStorage }]),
      );
      expect(kept).not.toContain(value);
    }
  });
}

test('no token is in what a script can reach, with the vault in a closure', async ({ page, world }) => {
  Object.assign(world.options, { vault: 'closure', scope: 'openid profile email offline_access' });
  await open(page, world);
  await signIn(page, world);
  await page.evaluate((url) => session.fetch(`${url}orders`).then((response) => response.json()), world.api.url);
  const readable = await page.evaluate(everythingReadable);
  expect(readable).toContain('Ada Lovelace');
  for (const { kind, value } of world.provider.issued.filter(({ kind }) => kind !== 'code')) {
    expect.soft(readable.includes(core({ kind, value })[1]), `${kind} can be read`).toBe(false);
  }
});

test('a token that is in the page is found: the search above is no empty one', async ({ page, world }) => {
  await open(page, world);
  await signIn(page, world);
  const { value } = world.provider.issued.find(({ kind }) => kind === 'access_token');
  await page.evaluate((value) => {
    window.hidden = { deep: new Map([['leak', [value]]]) };
  }, value);
  const [, part] = core({ value });
  expect(await page.evaluate(everythingReadable)).toContain(part);
  expect(await heap(page)).toContain(part);
});

test('a script that replaces built-ins of the page sees no token, with the vault in a worker', async ({
  page,
  world,
}) => {
  await open(page, world);
  await signIn(page, world);
  await page.evaluate(() => {
    window.recorded = [];
    const { stringify } = JSON;
    const record = (...values) => {
      for (const value of values) {
        if (typeof value === 'function' || value instanceof Promise || value === undefined) continue;
        try {
          recorded[recorded.length] = typeof value === 'string' ? value : stringify(value);
        } catch {
          recorded[recorded.length] = `${value}`;
        }
      }
    };
    for (const [owner, name] of [
      [window, 'fetch'],
      [JSON, 'parse'],
      [JSON, 'stringify'],
      [Headers.prototype, 'set'],
      [Headers.prototype, 'append'],
      [TextDecoder.prototype, 'decode'],
      [MessagePort.prototype, 'postMessage'],
      [Worker.prototype, 'postMessage'],
      [String.prototype, 'split'],
      [String.prototype, 'concat'],
      [Promise.prototype, 'then'],
    ]) {
      const original = owner[name];
      owner[name] = function (...args) {
        record(...args);
        const result = original.apply(this, args);
        record(result);
        return result;
      };
    }
    const { set } = Object.getOwnPropertyDescriptor(MessagePort.prototype, 'onmessage');
    Object.defineProperty(MessagePort.prototype, 'onmessage', {
      set(listener) {
        set.call(this, (event) => {
          record(event.data);
          return listener(event);
        });
      },
    });
  });
  await page.evaluate(async (url) => {
    await session.fetch(`${url}orders`).then((response) => response.json());
    await session.checkSession();
    await session.fetch(`${url}orders`, { method: 'POST', body: '{}' });
  }, world.api.url);
  const recorded = await page.evaluate(() => recorded.join('\n'));
  expect(recorded, 'the script was there').toContain('orders');
  for (const { kind, value } of world.provider.issued.filter(({ kind }) => kind !== 'code')) {
    expect.soft(recorded.includes(value), `${kind} was seen`).toBe(false);
  }
});

test('what the vault keeps across a redirect is gone with its use', async ({ page, world }) => {
  await open(page, world);
  await signIn(page, world);
  const { state, nonce } = requests(world, '/auth').find(({ dest }) => dest === 'document').query;
  const stored = await page.evaluate(everythingReadable);
  expect(stored).toContain('database strongroom.transactions');
  const database = stored.slice(stored.indexOf('database strongroom'), stored.indexOf('<html'));
  expect(database).not.toContain('code_verifier');
  for (const value of [state, nonce]) expect(database).not.toContain(value);
  expect(await settled(page)).toMatchObject({ status: 'signedIn' });
});

test('errors and the console say no secret', async ({ page, world }) => {
  const said = [];
  page.on('console', (message) => said.push(message.text()));
  world.divert = ({ searchParams }) => searchParams.set('iss', 'https://evil.example');
  await open(page, world);
  const { reason } = await signIn(page, world);
  expect(reason.code).toBe('issuer_mismatch');
  const { value } = world.provider.issued.find(({ kind }) => kind === 'code');
  expect(JSON.stringify(reason) + said.join('\n')).not.toContain(value);
});
