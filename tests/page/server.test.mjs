import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

test('on a server the package can be imported and a session created: it waits for a browser', async () => {
  const before = Object.keys(globalThis);
  const { createSession } = await load('index');
  const session = createSession({ issuer: 'https://login.example.com', clientId: 'spa' });
  assert.deepEqual(Object.keys(globalThis), before, 'nothing is left on the global object');
  assert.deepEqual(
    [session.state, session.getSnapshot(), session.placement],
    [{ status: 'loading' }, { status: 'loading' }, undefined],
  );
  assert.equal(session.getSnapshot(), session.getSnapshot());
  for (const call of ['signIn', 'checkSession', 'userinfo', 'initiateLogin', 'fetch', 'signOut']) {
    await assert.rejects(session[call](), { code: 'unsupported' });
  }
  session.subscribe(() => {})();
  session.addEventListener('statechange', () => {});
  session.close();
});
