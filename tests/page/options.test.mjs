import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { load, page } from './load.mjs';

const { base: wire, taken, refused } = JSON.parse(readFileSync(new URL('../options.json', import.meta.url)));
// The page's word for it is `false`.
const { dpop: off, ...base } = wire;
assert.equal(off, 'off');
const { check, statePrefix } = await load('options');
after(page('https://app.example.com/orders?page=1'));

/** What `check` says of `options`: the error's code and message, or `taken`. */
function outcome(options) {
  try {
    check(options);
    return 'taken';
  } catch (error) {
    return `${error.code}: ${error.message}`;
  }
}

test('options are taken and refused as the table says, which the vault keeps to as well', () => {
  for (const changes of taken) assert.equal(outcome({ ...base, ...changes }), 'taken', JSON.stringify(changes));
  for (const [changes, message] of refused) {
    const said = outcome({ ...base, ...changes });
    assert.ok(said.startsWith(`invalid_option: ${message}`), `${JSON.stringify(changes)}: ${said}`);
  }
});

test('what is of the wrong type is refused by name', () => {
  for (const [changes, message] of [
    [{ issuer: undefined }, 'issuer is missing'],
    [{ clientId: undefined }, 'clientId is missing'],
    [{ issuer: 7 }, 'issuer must be a non-empty string'],
    [{ scope: ['openid'] }, 'scope must be'],
    [{ vault: 'cupboard' }, "vault must be 'shared', 'worker' or 'closure'"],
    [{ vault: { placement: 'worker', fallback: 'no' } }, 'vault.fallback must be true or false'],
    [{ vault: { place: 'worker' } }, 'vault.place is not known: known are placement, fallback, origin'],
    [{ vault: { origin: 'auth.example.com' } }, 'vault.origin must be an absolute URL'],
    [{ vault: { origin: 'http://auth.example.com/' } }, 'vault.origin must be https'],
    [{ vault: { origin: 'https://app.example.com/vault/' } }, "vault.origin must be another origin than the page's"],
    [{ dangerouslyExposeAccessToken: 'yes' }, 'dangerouslyExposeAccessToken must be true or false'],
    [{ dpopSigningAlg: 'RS256' }, "dpopSigningAlg must be 'ES256' or 'EdDSA'"],
    [{ silent: { onLoad: 'no' } }, 'silent.onLoad must be true or false'],
    [{ silent: { timeoutMs: 0 } }, 'silent.timeoutMs must be a number of milliseconds above 0'],
    [{ silent: { timeoutMs: Number.NaN } }, 'silent.timeoutMs must be a number'],
    [{ silent: { timeoutMs: 2 ** 31 } }, 'silent.timeoutMs must be a number'],
    [{ silent: { responseMode: 'form_post' } }, "silent.responseMode must be 'web_message' or 'query' or 'fragment'"],
    [{ dpop: 'yes' }, "dpop must be true, false or 'required'"],
    [{ userinfo: 'yes' }, 'userinfo must be true or false'],
    [{ normalizeClaims: 1 }, 'normalizeClaims must be true or false'],
    [{ requestTimeoutMs: '10' }, 'requestTimeoutMs must be a number'],
    [{ apis: 'https://api.example.com' }, 'apis must be an array'],
    [{ apis: [{ audience: 'a' }] }, 'apis[0].url is missing'],
    [{ apis: [{ uri: 'a' }] }, 'apis[0].uri is not known'],
    [{ apis: [{ url: 'https://a.example/', scope: ['read'] }] }, 'apis[0].scope must be a string'],
    [{ params: { max_age: 60 } }, 'params.max_age must be a string'],
    [{ params: 'prompt=login' }, 'params must be an object of strings'],
    [{ metadata: 'https://login.example.com' }, 'metadata must be'],
    [{ navigate: '/' }, 'navigate must be a function'],
    [{ redirectUri: '/callback#x' }, 'redirectUri must have no fragment'],
    [{ assetsUrl: 'http://[' }, 'assetsUrl must be a URL'],
  ]) {
    const said = outcome({ ...base, ...changes });
    assert.ok(said.startsWith(`invalid_option: ${message}`), said);
  }
  for (const nothing of [undefined, null, 'https://login.example.com', []]) {
    assert.match(outcome(nothing), /^invalid_option: options must be an object/);
  }
});

test('an option of another package or of another spelling gets a suggestion', () => {
  for (const [name, meant] of [
    ['authority', 'issuer'],
    ['domain', 'issuer'],
    ['client_id', 'clientId'],
    ['clientID', 'clientId'],
    ['redirect_uri', 'redirectUri'],
    ['post_logout_redirect_uri', 'postLogoutRedirectUri'],
    ['cacheLocation', 'vault'],
  ]) {
    assert.match(
      outcome({ ...base, [name]: 'x' }),
      new RegExp(`options\\.${name} is not known; did you mean ${meant}\\?`),
    );
  }
});

test('a page that is not secure is told so', () => {
  const undo = page('http://app.example.com/', { secure: false });
  try {
    const { redirectUri, silent, ...options } = base;
    assert.match(outcome(options), /^insecure_context: http:\/\/app\.example\.com is not a secure context/);
  } finally {
    undo();
    page('https://app.example.com/orders?page=1');
  }
});

test('defaults are filled in', () => {
  const { wire, ...rest } = check({ issuer: base.issuer, clientId: 'spa' });
  assert.deepEqual(wire, {
    issuer: 'https://login.example.com',
    clientId: 'spa',
    scope: 'openid profile email',
    redirectUri: 'https://app.example.com/',
    postLogoutRedirectUri: 'https://app.example.com/',
    params: [],
    apis: [],
    silent: { onLoad: true, redirectUri: 'https://app.example.com/', timeoutMs: 10_000 },
    userinfo: false,
    dangerouslyAcceptHmacIdTokens: false,
    dangerouslyExposeAccessToken: false,
    dpop: 'off',
    dpopSigningAlg: 'ES256',
    monitorSession: false,
    requestTimeoutMs: 10_000,
    origin: 'https://app.example.com',
    statePrefix: statePrefix('https://login.example.com', 'spa'),
  });
  assert.deepEqual(rest, {
    vault: { placement: 'shared', fallback: true, base: undefined },
    signedOutUri: undefined,
    normalizeClaims: false,
    navigate: undefined,
    assetsUrl: undefined,
  });
});

test('with a vault on an origin of its own, every answer comes there', () => {
  const { redirectUri, silent, ...options } = base;
  const vault = { origin: 'https://auth.example.com/vault' };
  const { wire, ...rest } = check({ ...options, vault, postLogoutRedirectUri: '/bye' });
  const callback = 'https://auth.example.com/vault/callback.html';
  assert.deepEqual([wire.redirectUri, wire.postLogoutRedirectUri, wire.silent.redirectUri], Array(3).fill(callback));
  assert.deepEqual([wire.origin, wire.vaultOrigin], ['https://app.example.com', 'https://auth.example.com']);
  assert.equal(rest.vault.base.href, 'https://auth.example.com/vault/');
  assert.equal(rest.signedOutUri, 'https://app.example.com/bye');
  for (const [changes, message] of [
    [{ redirectUri: '/callback' }, `redirectUri must be left out: it is ${callback}`],
    [{ silent: { redirectUri: '/silent' } }, `silent.redirectUri must be left out: it is ${callback}`],
    [{ dangerouslyExposeAccessToken: true }, 'dangerouslyExposeAccessToken cannot be had of a vault'],
  ]) {
    assert.ok(outcome({ ...options, vault, ...changes }).startsWith(`invalid_option: ${message}`), message);
  }
});

test('relative redirect URIs are of the page', () => {
  const { wire } = check({ ...base, redirectUri: '/callback.html', silent: { redirectUri: 'silent.html' } });
  assert.equal(wire.redirectUri, 'https://app.example.com/callback.html');
  assert.equal(wire.silent.redirectUri, 'https://app.example.com/silent.html');
});

test('options are copied: what happens to them later, or to a prototype, changes nothing', () => {
  const apis = [{ url: 'https://api.example.com/', scope: 'read' }];
  const given = { ...base, apis };
  const { wire } = check(given);
  apis[0].url = 'https://evil.example/';
  apis.push({ url: 'https://evil.example/' });
  given.issuer = 'https://evil.example';
  assert.deepEqual(wire.apis, [{ url: 'https://api.example.com/', scope: 'read' }]);
  assert.equal(wire.issuer, base.issuer);
  Object.prototype.responseMode = 'fragment';
  Object.prototype.audience = 'evil';
  try {
    const { wire } = check({ ...base });
    assert.equal(Object.hasOwn(wire, 'responseMode'), false);
    assert.equal(Object.hasOwn(wire.apis[0], 'audience'), false);
  } finally {
    delete Object.prototype.responseMode;
    delete Object.prototype.audience;
  }
});

test('what is configured alike is alike to the letter, in any order: a shared worker has it in its name', () => {
  const asName = (options) => JSON.stringify(check(options).wire);
  const given = { ...base, responseMode: 'fragment', silent: { ...base.silent, responseMode: 'web_message' } };
  const reversed = (object) => Object.fromEntries(Object.entries(object).reverse());
  assert.equal(asName(reversed({ ...given, silent: reversed(given.silent) })), asName(given));
  const { issuer, clientId, responseMode } = given;
  const spelledOut = { ...base, responseMode, apis: [], silent: { redirectUri: base.redirectUri } };
  assert.equal(asName(spelledOut), asName({ responseMode, clientId, issuer }));
});

test('the prefix of states tells configurations apart', () => {
  const prefixes = [
    ['https://a.example', 'spa'],
    ['https://b.example', 'spa'],
    ['https://a.example', 'other'],
  ].map((pair) => statePrefix(...pair));
  assert.equal(new Set(prefixes).size, 3);
  for (const prefix of prefixes) assert.match(prefix, /^sr[0-9a-z]+-$/);
});

test('a polluted prototype supplies no option', () => {
  const polluted = {
    vault: 'closure',
    params: { prompt: 'login' },
    silent: { timeoutMs: 1 },
    metadata: { issuer: 'https://evil.example' },
    assetsUrl: 'https://evil.example/',
    redirectUri: 'https://evil.example/',
    idTokenSigningAlg: 'HS256',
    dangerouslyAcceptHmacIdTokens: true,
    dangerouslyExposeAccessToken: true,
    base: 'https://evil.example/',
    audience: 'https://evil.example/',
    placement: 'closure',
    onLoad: false,
  };
  const given = { issuer: 'https://login.example.com', clientId: 'spa', apis: [{ url: 'https://api.example.com/' }] };
  const clean = JSON.stringify(check(given));
  for (const [name, value] of Object.entries(polluted)) {
    Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
  }
  try {
    assert.equal(JSON.stringify(check(given)), clean);
  } finally {
    for (const name of Object.keys(polluted)) delete Object.prototype[name];
  }
});
