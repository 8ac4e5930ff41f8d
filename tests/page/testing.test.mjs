// The session for tests of applications: it does what a real one does, and what a test wants besides.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contract } from '../contract.mjs';
import { block, section } from '../e2e/documentation.mjs';
import { load } from './load.mjs';

const { createTestSession } = await load('testing');

const ADA = { sub: 'ada', name: 'Ada' };
const API = 'https://api.example.com/';

/** The API of the contract. */
async function answer(request) {
  const { pathname } = new URL(request.url);
  if (pathname === '/orders') return Response.json({ user: 'ada', orders: [1843, 1952] });
  if (pathname === '/never') return new Promise(() => {});
  if (pathname === '/config.json') return Response.json({});
  if (pathname !== '/echo') return new Response(null, { status: 404 });
  const { length } = await request.text();
  return Response.json({ method: request.method, type: request.headers.get('Content-Type'), length });
}

for (const { name, signedIn = false, run, expected } of contract) {
  test(`as a real session: ${name}`, async () => {
    const session = createTestSession({
      user: ADA,
      status: signedIn ? 'signedIn' : 'signedOut',
      apis: [{ url: API }],
      issuer: 'https://login.example.com',
      fetch: answer,
    });
    const kit = {
      api: API,
      elsewhere: 'https://app.example.com/config.json',
      expire: async () => session.testing.expire(),
      become: async (_, sub) => session.testing.becomeUser({ sub }),
    };
    assert.deepEqual(await run(session, kit), expected);
  });
}

test('a sign-in by redirect comes back, and whoever began it hears no more', async () => {
  const navigated = [];
  const session = createTestSession({ user: ADA, status: 'signedOut', navigate: (url) => navigated.push(url) });
  const told = [];
  for (const type of ['statechange', 'callback']) {
    session.addEventListener(type, ({ detail }) => told.push([type, detail.status ?? detail]));
  }
  let resolved = false;
  session.signIn({ returnTo: '/orders', appState: { at: new Date(0) } }).then(() => {
    resolved = true;
  });
  assert.deepEqual(told, [], 'not before the caller goes on');
  await new Promise(setImmediate);
  const returnTo = 'http://localhost/orders';
  assert.deepEqual(told, [
    ['statechange', 'signedIn'],
    ['callback', { returnTo, appState: { at: '1970-01-01T00:00:00.000Z' } }],
  ]);
  assert.deepEqual([navigated, resolved, session.state.user], [[returnTo], false, ADA]);
  assert.deepEqual(session.testing.signIns, [{ returnTo: '/orders', appState: { at: new Date(0) } }]);
});

test('it begins as a test wants it, and is ready once that is known', async () => {
  assert.equal(createTestSession().state.status, 'signedOut');
  assert.deepEqual(createTestSession({ user: { name: 'Ada' } }).state.user, { sub: 'test-user', name: 'Ada' });
  for (const [settle, status] of [
    [(testing) => testing.becomeUser(ADA), 'signedIn'],
    [(testing) => testing.expire(), 'signedOut'],
  ]) {
    const session = createTestSession({ status: 'loading' });
    let ready = false;
    void session.ready.then(() => {
      ready = true;
    });
    await new Promise(setImmediate);
    assert.deepEqual([ready, session.state], [false, { status: 'loading' }]);
    settle(session.testing);
    assert.equal((await session.ready).status, status);
  }
});

test('a request waits while it is not known who is signed in', async () => {
  const session = createTestSession({ status: 'loading', fetch: () => Response.json('here') });
  const response = session.fetch('/orders');
  session.testing.becomeUser(ADA);
  assert.equal(await (await response).json(), 'here');
});

test('signing out at the provider makes it forget the user', async () => {
  const session = createTestSession({ user: ADA });
  assert.deepEqual(await session.signOut({ federated: true }), {});
  assert.deepEqual(session.testing.signOuts, [{ federated: true }]);
  await assert.rejects(session.checkSession(), { code: 'login_required' });
});

test('the next call of a method can fail, once, with the error that a real session rejects with', async () => {
  const { isStrongroomError, StrongroomError } = await load('index');
  const session = createTestSession({ user: ADA, fetch: () => new Response() });
  for (const method of ['signIn', 'checkSession', 'userinfo', 'fetch', 'signOut']) {
    session.testing.failNext(method, 'timeout');
    const error = await session[method](method === 'fetch' ? '/' : { popup: true }).catch((error) => error);
    assert.deepEqual([isStrongroomError(error), error instanceof StrongroomError, error.code], [true, true, 'timeout']);
    await session[method](method === 'fetch' ? '/' : { popup: true });
  }
});

test('renewals are told as a test wants them', () => {
  const session = createTestSession({ user: ADA });
  const told = [];
  session.addEventListener('renewed', ({ detail }) => told.push(detail));
  session.addEventListener('renewalfailed', ({ detail: { error, next } }) => {
    told.push([error.code, next, session.state.status]);
  });
  session.testing.renew({ scope: 'read:orders' });
  session.testing.failRenewal();
  session.testing.expire();
  assert.deepEqual(told, [
    { scope: 'read:orders' },
    ['network', 'retry', 'signedIn'],
    ['login_required', 'signedOut', 'signedOut'],
  ]);
});

test('an access token is what a test says it is, for somebody who is signed in', async () => {
  const session = createTestSession({ user: { sub: 'ada' }, accessToken: 'made up' });
  assert.equal(await session.accessToken(), 'made up');
  session.testing.expire();
  await assert.rejects(session.accessToken(), { code: 'not_signed_in' });
});

test('requests are kept, and answered by whatever a test says last', async () => {
  const session = createTestSession({ user: ADA });
  assert.equal((await session.fetch('/orders')).status, 404);
  session.testing.answer(({ url }) => Response.json(url));
  assert.equal(await (await session.fetch('/bills', { method: 'POST', body: '{}' })).json(), 'http://localhost/bills');
  assert.deepEqual(
    session.testing.requests.map(({ method, url }) => `${method} ${url}`),
    ['GET http://localhost/orders', 'POST http://localhost/bills'],
  );
});

test('a token goes only to what lies under an API', async () => {
  const session = createTestSession({ apis: [{ url: 'https://api.example.com/v1' }], fetch: () => new Response() });
  for (const url of ['https://api.example.com/v1', 'https://api.example.com/v1/orders']) {
    await assert.rejects(session.fetch(url), { code: 'not_signed_in' });
  }
  for (const url of ['https://api.example.com/v10', 'https://api.example.com/', 'http://api.example.com/v1']) {
    assert.equal((await session.fetch(url)).status, 200);
  }
});

test('the documentation’s example does what it says', async () => {
  const code = block(section('README.md', 'Your own tests')).replace(/^import .*$/m, '');
  const session = new Function('createTestSession', `${code} return session;`)(createTestSession);
  assert.deepEqual(session.state.user, { sub: 'grace', name: 'Grace' });
  await assert.rejects(session.fetch('https://api.example.com/orders'), { code: 'network' });
  assert.deepEqual(await (await session.fetch('https://api.example.com/orders')).json(), { orders: [] });
  assert.equal(session.testing.requests.length, 2);
});
