// The Svelte adapter, with Svelte's own stores and components.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { build } from 'esbuild';
import { compile } from 'svelte/compiler';
import { counting, dom, load } from './load.mjs';

const { createTestSession } = await load('testing');
const { createSession } = await load('index');

/** The exports of `source`, with components compiled for the browser or, if `server`, for a server. */
async function bundle(source, server = false) {
  const outfile = resolve('target/page/svelte', server ? 'server.cjs' : 'browser.cjs');
  const component = {
    name: 'component',
    setup(build) {
      build.onLoad({ filter: /\.svelte$/ }, ({ path }) => ({
        contents: compile(COMPONENTS[path.split('/').pop()], { generate: server ? 'server' : 'client', filename: path })
          .js.code,
        resolveDir: resolve('tests/page'),
      }));
      build.onResolve({ filter: /\.svelte$/ }, ({ path }) => ({ path: resolve('tests/page', path) }));
    },
  };
  await build({
    stdin: { contents: source, resolveDir: resolve('tests/page') },
    bundle: true,
    format: 'cjs',
    platform: 'node',
    conditions: server ? [] : ['browser'],
    outfile,
    plugins: [component],
  });
  return createRequire(import.meta.url)(outfile);
}

const COMPONENTS = {
  'Runes.svelte': `<script>let { auth } = $props(); let shout = $derived(auth.user?.name.toUpperCase() ?? 'NOBODY');</script>
    {auth.state.status} {shout}`,
  'Store.svelte': `<script>let { auth } = $props();</script>{$auth.status} {$auth.user?.name ?? 'nobody'}`,
};
const EXPORTS = `export * from '../../pkg-template/src/svelte.ts';
  export { get } from 'svelte/store';
  export { default as Runes } from './Runes.svelte'; export { default as Store } from './Store.svelte';`;
const Svelte = await bundle(`${EXPORTS} export { mount, unmount, flushSync } from 'svelte';`);
const { sessionStore, requireUser } = Svelte;

const ADA = { sub: 'ada', name: 'Ada' };
const turn = () => new Promise(setImmediate);

for (const [component, nobody, ada] of [
  ['Runes', 'signedOut NOBODY', 'signedIn ADA'],
  ['Store', 'signedOut nobody', 'signedIn Ada'],
]) {
  test(`a component follows the state by ${component}, and listens no longer than it is there`, async (t) => {
    const close = dom();
    t.after(close);
    const session = createTestSession();
    const listeners = counting(session);
    const target = document.createElement('div');
    const mounted = Svelte.mount(Svelte[component], { target, props: { auth: sessionStore(session) } });
    Svelte.flushSync();
    assert.equal(target.textContent.trim(), nobody);
    session.testing.becomeUser(ADA);
    Svelte.flushSync();
    assert.equal(target.textContent.trim(), ada);
    assert.equal(listeners.now, 1);
    session.testing.expire();
    Svelte.flushSync();
    assert.equal(target.textContent.trim(), nobody);
    await Svelte.unmount(mounted);
    await turn();
    assert.equal(listeners.now, 0);
  });
}

test('a store tells its value at once, then each change, until it is left', () => {
  const session = createTestSession();
  const store = sessionStore(session);
  const told = [];
  const unsubscribe = store.subscribe((state) => told.push(state));
  session.testing.becomeUser(ADA);
  session.testing.renew();
  unsubscribe();
  session.testing.expire();
  assert.deepEqual(
    told.map(({ status }) => status),
    ['signedOut', 'signedIn'],
  );
  assert.equal(Svelte.get(store), session.state);
  assert.equal(store.session, session);
});

test('a server renders the state loading, and a load function that needs a user says where it works', async () => {
  const server = await bundle(`${EXPORTS} export { render } from 'svelte/server';`, true);
  const session = createSession({ issuer: 'https://login.example.com', clientId: 'spa' });
  for (const [component, text] of [
    ['Runes', 'loading NOBODY'],
    ['Store', 'loading nobody'],
  ]) {
    const { body } = server.render(server[component], { props: { auth: server.sessionStore(session) } });
    assert.equal(body.replaceAll(/<!--.*?-->/g, '').trim(), text);
  }
  await assert.rejects(server.requireUser(session), /in the browser only/);
});

test('requireUser gives the user, and waits until that is known', async (t) => {
  t.after(dom());
  const session = createTestSession({ status: 'loading' });
  const user = requireUser(session);
  session.testing.becomeUser(ADA);
  assert.deepEqual(await user, ADA);
});

test('requireUser leaves for the provider once, and then gives nothing', async (t) => {
  t.after(dom());
  const session = createTestSession({ user: ADA, status: 'signedOut' });
  const listeners = counting(session);
  const given = [];
  for (const returnTo of ['/orders', '/bills'])
    void requireUser(session, { returnTo }).then((user) => given.push(user));
  await turn();
  assert.deepEqual(session.testing.signIns, [{ returnTo: '/orders' }]);
  assert.deepEqual(given, []);
  assert.deepEqual(await requireUser(session), ADA);
  assert.equal(listeners.now, 0);
});

test('requireUser rejects where the provider’s pages do not help, or cannot be reached', async (t) => {
  t.after(dom());
  const session = createTestSession({ user: ADA });
  await session.signOut({ local: true });
  await assert.rejects(requireUser(session), { code: 'signed_out' });
  session.testing.expire('access_denied');
  await assert.rejects(requireUser(session), { code: 'access_denied' });
  assert.deepEqual(session.testing.signIns, []);
  session.testing.expire();
  session.testing.failNext('signIn', 'network');
  await assert.rejects(requireUser(session), { code: 'network' });
  void requireUser(session);
  await turn();
  assert.equal(session.testing.signIns.length, 2, 'the next navigation tries again');
});
