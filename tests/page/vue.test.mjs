// The Vue adapter, with Vue Router.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { counting, dom, load, loadAdapter } from './load.mjs';

const { createTestSession } = await load('testing');
const { createSession } = await load('index');
// Vue keeps the document that is there when it loads.
after(dom());
const {
  strongroom,
  useSession: provided,
  signInGuard,
  ...Vue
} = await loadAdapter('vue', ['vue', 'vue-router', '@vue/server-renderer']);
const { h } = Vue;

const ADA = { sub: 'ada', name: 'Ada' };

const Hello = {
  setup() {
    const { state, user } = provided();
    return () => `${state.value.status} ${user.value?.name ?? 'nobody'}`;
  },
};

test('components follow the state, and nobody listens once the app is gone', async () => {
  const session = createTestSession({ status: 'loading' });
  const listeners = counting(session);
  const container = document.createElement('div');
  let renders = 0;
  const Counted = { ...Hello, updated: () => (renders += 1) };
  const app = Vue.createApp({ render: () => [h(Counted), h(Hello)] }).use(strongroom(session));
  app.mount(container);
  assert.equal(container.textContent, 'loading nobodyloading nobody');
  session.testing.becomeUser(ADA);
  await Vue.nextTick();
  assert.equal(container.textContent, 'signedIn AdasignedIn Ada');
  session.testing.renew();
  await session.checkSession();
  await Vue.nextTick();
  assert.equal(renders, 1, 'nothing renders without a change');
  await session.signOut();
  await Vue.nextTick();
  assert.equal(container.textContent, 'signedOut nobodysignedOut nobody');
  assert.equal(listeners.now, 1);
  app.unmount();
  assert.equal(listeners.now, 0);
});

test('useSession gives the session itself', () => {
  const session = createTestSession();
  const app = Vue.createApp({}).use(strongroom(session));
  assert.equal(
    app.runWithContext(() => provided().session),
    session,
  );
  assert.throws(() => Vue.createApp({}).runWithContext(provided), /app.use\(strongroom\(session\)\)/);
});

test('a server renders the state loading, and its guards let through', async (t) => {
  const { document } = globalThis;
  delete globalThis.document;
  t.after(() => Object.assign(globalThis, { document }));
  const session = createSession({ issuer: 'https://login.example.com', clientId: 'spa' });
  const html = await Vue.renderToString(Vue.createSSRApp(Hello).use(strongroom(session)));
  assert.equal(html, 'loading nobody');
  const router = Vue.createRouter({
    history: Vue.createMemoryHistory('/'),
    routes: [{ path: '/orders', component: Hello }],
  });
  router.beforeEach(signInGuard(router, session));
  await router.push('/orders');
  assert.equal(router.currentRoute.value.path, '/orders');
});

/** A router whose `/orders` is guarded, at `/`. */
async function guarded(session, options) {
  const routes = ['/', '/orders', '/welcome'].map((path) => ({ path, component: Hello }));
  const router = Vue.createRouter({ history: Vue.createMemoryHistory('/shop/'), routes });
  const guard = signInGuard(router, session, options);
  router.beforeEach((to) => (to.path === '/orders' ? guard(to) : true));
  await router.push('/');
  return { router, path: () => router.currentRoute.value.fullPath };
}

test('the guard lets through who is signed in, also who is so only later', async () => {
  const session = createTestSession({ status: 'loading' });
  const { router, path } = await guarded(session);
  const pushed = router.push('/orders?page=2');
  await new Promise(setImmediate);
  assert.equal(path(), '/');
  session.testing.becomeUser(ADA);
  await pushed;
  assert.equal(path(), '/orders?page=2');
  assert.deepEqual(session.testing.signIns, []);
});

test('the guard leaves for the provider once, to come back to the route', async () => {
  const session = createTestSession();
  const signIns = [];
  const value = (options) => {
    signIns.push(options);
    return new Promise(() => {});
  };
  Object.defineProperty(session, 'signIn', { value });
  const { router, path } = await guarded(session, { loginHint: 'ada' });
  for (const hash of ['', '#last']) {
    void router.push(`/orders?page=2${hash}`);
    await new Promise(setImmediate);
  }
  assert.deepEqual(signIns, [{ loginHint: 'ada', returnTo: '/shop/orders?page=2' }]);
  assert.equal(path(), '/');
});

test('the guard sends nobody to the provider again who has signed out or comes from there with an error', async () => {
  const session = createTestSession({ user: ADA });
  const { router, path } = await guarded(session, {
    fallback: ({ code }) => ({ path: '/welcome', query: { code } }),
  });
  for (const code of ['signed_out', 'access_denied', 'network']) {
    session.testing.expire(code);
    await router.push('/');
    await router.push('/orders');
    assert.equal(path(), `/welcome?code=${code}`);
  }
  assert.deepEqual(session.testing.signIns, []);
});

test('without a fallback the page stays where it is', async () => {
  const session = createTestSession();
  const { router, path } = await guarded(session);
  session.testing.failNext('signIn', 'network');
  await router.push('/orders');
  assert.equal(path(), '/');
});
