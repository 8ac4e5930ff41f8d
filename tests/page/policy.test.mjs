import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { load, page } from './load.mjs';

const { permitted } = await load('policy');
after(page('https://auth.example.com/vault.html'));

const BASE = new URL('https://auth.example.com/vault/');
const APP = 'https://app.example.com';
const POLICY = {
  apps: [APP, 'https://admin.example.com'],
  issuer: 'https://login.example.com',
  clientId: 'spa',
  apis: ['https://api.example.com/v1', 'https://whole.example'],
};
const ASKED = {
  issuer: POLICY.issuer,
  clientId: 'spa',
  redirectUri: 'https://evil.example/',
  postLogoutRedirectUri: 'https://evil.example/',
  apis: [{ url: 'https://api.example.com/v1/orders', scope: 'read' }],
  silent: { onLoad: true, redirectUri: 'https://evil.example/', timeoutMs: 10_000 },
  dangerouslyExposeAccessToken: true,
  origin: 'https://evil.example',
  vaultOrigin: 'https://evil.example',
  statePrefix: 'srevil-',
};

test('a page that is listed gets what it asks for, with all answers here', () => {
  for (const policies of [POLICY, [{ ...POLICY, apps: [] }, POLICY]]) {
    const { options } = permitted(policies, APP, ASKED, BASE);
    const callback = 'https://auth.example.com/vault/callback.html';
    assert.deepEqual(
      [options.redirectUri, options.postLogoutRedirectUri, options.silent.redirectUri],
      Array(3).fill(callback),
    );
    assert.deepEqual([options.origin, options.vaultOrigin], [APP, 'https://auth.example.com']);
    assert.equal(options.dangerouslyExposeAccessToken, false);
    assert.match(options.statePrefix, /^sr[a-z0-9]+-$/);
    assert.notEqual(options.statePrefix, 'srevil-');
    assert.deepEqual(options.apis, ASKED.apis);
  }
});

test('metadata is the list’s to say', () => {
  const metadata = { issuer: POLICY.issuer };
  assert.match(permitted(POLICY, APP, { ...ASKED, metadata: '{}' }, BASE).refusal.message, /^metadata /);
  const { options } = permitted({ ...POLICY, metadata }, APP, ASKED, BASE);
  assert.equal(options.metadata, JSON.stringify(metadata));
});

test('what is not listed is refused, with the file that says so', () => {
  for (const [policies, app, changes, message] of [
    [POLICY, 'https://evil.example', {}, /no vault for pages of https:\/\/evil\.example/],
    [POLICY, 'https://app.example.com.evil.test', {}, /no vault/],
    [POLICY, 'http://app.example.com', {}, /no vault/],
    [POLICY, 'null', {}, /no vault/],
    [[], APP, {}, /no vault/],
    [null, APP, {}, /no vault/],
    [{ ...POLICY, apps: undefined }, APP, {}, /no vault/],
    [POLICY, APP, { issuer: 'https://other.example' }, /^issuer and clientId/],
    [POLICY, APP, { clientId: 'other' }, /^issuer and clientId/],
    ...[
      'https://api.example.com/',
      'https://api.example.com/v10',
      'https://api.example.com/v1/../v2',
      'https://api.example.com:8443/v1/orders',
      'http://api.example.com/v1/orders',
      'https://api.example.com.evil.test/v1',
      'https://api.example.com@evil.test/v1',
      'https://evil.test/https://api.example.com/v1',
      '/v1',
      '',
    ].map((url) => [POLICY, APP, { apis: [{ url, scope: '' }] }, /^apis: /]),
    [{ ...POLICY, apis: undefined }, APP, {}, /^apis: /],
  ]) {
    const { refusal } = permitted(policies, app, { ...ASKED, ...changes }, BASE);
    assert.match(refusal.message, message, JSON.stringify([app, changes]));
    assert.equal(refusal.code, 'invalid_option');
    assert.match(refusal.hint, /https:\/\/auth\.example\.com\/vault\/strongroom\.json/);
  }
});

test('what lies under a listed API is allowed', () => {
  for (const url of ['https://api.example.com/v1', 'https://api.example.com/v1/', 'https://whole.example/any/thing']) {
    assert.ok(permitted(POLICY, APP, { ...ASKED, apis: [{ url, scope: '' }] }, BASE).options, url);
  }
});
