import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { CALLBACK, cleaned, heedPopup, waitingFor } = await load('callback-url');
const url = (path) => new URL(path, 'https://app.example.com/');

test('only a state of ours makes a callback, in the query or in the fragment', () => {
  for (const [path, expected] of [
    ['/?code=x&state=srab-rRANDOM', 'redirect'],
    ['/?code=x&state=srab-sRANDOM', 'frame'],
    ['/#error=x&state=srab-pRANDOM', 'popup'],
    ['/?state=srab-', 'redirect'],
    ['/?code=x&state=srother-rRANDOM', undefined],
    ['/?code=x&state=foreign', undefined],
    ['/?code=x', undefined],
    ['/srab-r?a=b', undefined],
  ]) {
    assert.equal(waitingFor(url(path), 'srab-'), expected, path);
  }
});

test('a signed response tells whom it is for', () => {
  const signed = (claims) =>
    ['{}', JSON.stringify(claims), 'x'].map((part) => Buffer.from(part).toString('base64url')).join('.');
  const own = signed({ state: 'srab-pRANDOM', code: 'ü?>' });
  assert.equal(waitingFor(url(`/?response=${own}`), 'srab-'), 'popup');
  assert.equal(waitingFor(url(`/?page=2#response=${own}`), 'srab-'), 'popup');
  assert.equal(cleaned(url(`/orders?page=2&response=${own}`), 'srab-'), 'https://app.example.com/orders?page=2');
  for (const foreign of [signed({ state: 'foreign' }), signed({ state: 7 }), signed({}), 'x', '..', 'a.%.c', '']) {
    assert.equal(waitingFor(url(`/?response=${foreign}`), 'srab-'), undefined);
    assert.equal(cleaned(url(`/?response=${foreign}`), 'srab-'), `https://app.example.com/?response=${foreign}`);
  }
});

test('the callback page knows those of every configuration', () => {
  assert.equal(waitingFor(url('/?state=sr1x9-sRANDOM'), 'sr'), 'frame');
  assert.equal(waitingFor(url('/?state=sr1x9-pRANDOM'), 'sr'), 'popup');
});

test('cleaning takes away the answer and nothing else', () => {
  for (const [path, expected] of [
    ['/orders?code=x&state=srab-r1&iss=y', '/orders'],
    ['/orders?page=2&code=x&state=srab-r1&view=all#top', '/orders?page=2&view=all#top'],
    ['/orders?a=%20+b&state=srab-r1&error=e&error_description=d&session_state=s', '/orders?a=%20+b'],
    ['/orders?page=2#code=x&state=srab-r1', '/orders?page=2'],
    ['/orders?code=x&state=foreign', '/orders?code=x&state=foreign'],
  ]) {
    assert.equal(cleaned(url(path), 'srab-'), `https://app.example.com${expected}`);
  }
});

test('of all that is broadcast, only the answer to its own state is heeded for a popup', async () => {
  const answer = 'https://app.example.com/?code=x&state=srab-pRANDOM';
  const script = new BroadcastChannel(CALLBACK);
  const heeded = await new Promise((resolve) => {
    const heeded = [];
    const channel = heedPopup('srab-pRANDOM', (url) => {
      heeded.push(url);
      channel.close();
      resolve(heeded);
    });
    const foreign = ['https://app.example.com/?code=x&state=srab-pOTHER', 'no URL', 7, null].map((url) => ({ url }));
    for (const said of [null, undefined, 'word', 7, [], {}, ...foreign, { url: answer }]) script.postMessage(said);
  });
  script.close();
  assert.deepEqual(heeded, [answer]);
});
