// The React adapter, with React 18 and 19, in Strict Mode.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counting, dom, load, loadAdapter } from './load.mjs';

const { createTestSession } = await load('testing');
const { createSession } = await load('index');
globalThis.IS_REACT_ACT_ENVIRONMENT = true;

const ADA = { sub: 'ada', name: 'Ada' };
const PACKAGES = ['react', 'react-dom/client', 'react-dom/server'];
const WORLDS = [
  ['React 19', await loadAdapter('react', PACKAGES)],
  ['React 18', await loadAdapter('react', PACKAGES, { alias: { react: 'react-18', 'react-dom': 'react-dom-18' } })],
];

for (const [name, React] of WORLDS) {
  const { SessionProvider, SignedIn, useSession, useUser, createElement: h, StrictMode } = React;

  /** Runs `change` and what follows from it. */
  const act = (change) =>
    React.act(async () => {
      await change();
      await new Promise(setImmediate);
    });

  /** A page with `children` in Strict Mode; `text()` is what it shows. */
  async function render(t, session, ...children) {
    const close = dom();
    const container = document.createElement('div');
    const root = React.createRoot(container);
    t.after(async () => {
      await act(() => root.unmount());
      await close();
    });
    await act(() => root.render(h(StrictMode, null, h(SessionProvider, { session }, ...children))));
    return { text: () => container.textContent, root };
  }

  const guard = (props) =>
    h(
      SignedIn,
      { loading: 'one moment', fallback: (reason) => `nobody: ${reason.code}`, ...props },
      ({ name }) => `Hello ${name}`,
    );

  test(`${name}: the version is the one that was meant`, () => {
    assert.equal(React.version.split('.')[0], name.split(' ')[1]);
  });

  test(`${name}: the guard shows what the state says`, async (t) => {
    const session = createTestSession({ status: 'loading' });
    const { text } = await render(t, session, guard());
    assert.equal(text(), 'one moment');
    await act(() => session.testing.expire());
    assert.equal(text(), 'nobody: login_required');
    await act(() => session.testing.becomeUser(ADA));
    assert.equal(text(), 'Hello Ada');
    await act(() => session.signOut());
    assert.equal(text(), 'nobody: signed_out');
    assert.deepEqual(session.testing.signIns, [], 'it does not sign in unless asked to');
  });

  test(`${name}: Strict Mode and many guards begin one sign-in`, async (t) => {
    const session = createTestSession({ user: ADA, status: 'signedOut' });
    const { text } = await render(t, session, guard({ signIn: { loginHint: 'ada' } }), ' ', guard({ signIn: true }));
    assert.deepEqual(session.testing.signIns, [{ loginHint: 'ada' }]);
    assert.equal(text(), 'Hello Ada Hello Ada');
    await act(() => session.testing.expire());
    assert.equal(session.testing.signIns.length, 2, 'a session that has ended is another reason');
  });

  test(`${name}: while the page leaves, the guard says so`, async (t) => {
    const session = createTestSession();
    let signIns = 0;
    Object.defineProperty(session, 'signIn', {
      value: () => {
        signIns += 1;
        return new Promise(() => {});
      },
    });
    const { text } = await render(t, session, guard({ signIn: true }));
    assert.deepEqual([text(), signIns], ['one moment', 1]);
  });

  for (const code of ['signed_out', 'access_denied', 'network', 'server_error']) {
    test(`${name}: nobody is sent to the provider again for ${code}`, async (t) => {
      const session = createTestSession({ status: 'loading' });
      const { text } = await render(t, session, guard({ signIn: true }));
      await act(() => session.testing.expire(code));
      assert.deepEqual([text(), session.testing.signIns], [`nobody: ${code}`, []]);
    });
  }

  test(`${name}: a sign-in that cannot begin is told, and not tried again and again`, async (t) => {
    const session = createTestSession();
    session.testing.failNext('signIn', 'network');
    const { text, root } = await render(t, session, guard({ signIn: true }));
    assert.equal(text(), 'nobody: network');
    await act(() => root.render(h(StrictMode, null, h(SessionProvider, { session }, guard({ signIn: true })))));
    assert.deepEqual([text(), session.testing.signIns.length], ['nobody: network', 1]);
  });

  test(`${name}: nobody listens once the page is gone`, async (t) => {
    const session = createTestSession({ user: ADA });
    const listeners = counting(session);
    const { root } = await render(t, session, guard(), guard({ signIn: true }));
    assert.equal(listeners.now, 2);
    await act(() => root.unmount());
    assert.equal(listeners.now, 0);
  });

  test(`${name}: nothing renders without a change`, async (t) => {
    const session = createTestSession({ user: ADA });
    const seen = [];
    const Watch = () => {
      seen.push(useSession());
      return null;
    };
    const users = [];
    const User = () => {
      users.push(useUser()?.name);
      return null;
    };
    const { root } = await render(t, session, h(Watch), h(User));
    const [before, named] = [seen.length, users.length];
    await act(async () => {
      session.testing.renew();
      session.testing.failRenewal();
      session.testing.becomeUser(ADA);
      await session.checkSession();
    });
    assert.deepEqual([seen.length, users.length], [before, named]);
    await act(() => root.render(h(StrictMode, null, h(SessionProvider, { session }, h(Watch), h(User)))));
    assert.ok(seen.length > before);
    assert.equal(seen.at(-1), seen[before - 1], 'what useSession gives is the same object while the state is');
    assert.equal(seen.at(-1).session, session);
    await act(() => session.testing.becomeUser({ ...ADA, name: 'Ada Lovelace' }));
    assert.deepEqual(
      [seen.at(-1).status, seen.at(-1).user.name, users.at(-1)],
      ['signedIn', 'Ada Lovelace', 'Ada Lovelace'],
    );
  });

  test(`${name}: a server renders the state 'loading', and the browser takes over from there`, async (t) => {
    const app = (session) =>
      h(
        SessionProvider,
        { session },
        guard({ signIn: true }),
        h(() => useUser()?.name ?? '-'),
      );
    const html = React.renderToString(app(createSession({ issuer: 'https://login.example.com', clientId: 'spa' })));
    assert.equal(html.replace('<!-- -->', ''), 'one moment-');
    t.after(dom());
    const container = document.createElement('div');
    container.innerHTML = html;
    const errors = [];
    const session = createTestSession({ user: ADA });
    let root;
    await act(() => {
      root = React.hydrateRoot(container, app(session), { onRecoverableError: (error) => errors.push(error) });
    });
    assert.deepEqual([container.textContent, errors], ['Hello AdaAda', []]);
    await act(() => root.unmount());
  });

  test(`${name}: a component without a provider says what is missing`, () => {
    assert.throws(() => React.renderToString(h(SignedIn)), /no <SessionProvider/);
  });
}
