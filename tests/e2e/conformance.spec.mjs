// Every way of misbehaving in tests/providers/modules.mjs, against the real provider behind a layer that does it.
import { misbehaving } from '../providers/misbehave.mjs';
import { modules } from '../providers/modules.mjs';
import { test as base, expect, open, rejection, requests, signIn, state } from './harness.mjs';

const test = base.extend({
  module: [undefined, { option: true }],
  layered: async ({ module }, use) => use(misbehaving(module.change)),
  setting: async ({ layered, module }, use) => use({ ...module.setting, provider: layered.provider }),
});

const EXPIRED = 'status?code=401&challenge=Bearer%20error%3D%22invalid_token%22';

/** Nobody is signed in, nothing was kept, and no request followed. */
async function expectNobody(page, world) {
  const answer = await rejection(page, (url) => session.fetch(`${url}orders`), world.api.url);
  expect(answer.code).toBe('not_signed_in');
  expect(world.api.requests).toEqual([]);
  expect(requests(world, '/me')).toEqual([]);
}

/** Makes the API refuse the token, so that the next one is had by refresh: the scheme and token of the last call. */
async function refresh(page, world) {
  await page.evaluate((url) => session.fetch(url).then(({ status }) => status), world.api.url + EXPIRED);
  return world.api.requests
    .filter(({ method }) => method === 'GET')
    .at(-1)
    .headers.authorization.split(' ')[1];
}

for (const [name, module] of Object.entries(modules)) {
  const { outcome } = module;
  const annotation = [{ type: 'module', description: JSON.stringify([name, module.does, said(outcome)]) }];
  test.describe(name, () => {
    test.use({ module });

    test('conformance', { annotation }, async ({ page, world, layered }) => {
      Object.assign(world.options, { silent: { onLoad: false } }, module.options);
      if (module.change.rotatesAtFirstToken) rotateAtToken(layered.layer);
      await open(page, world);

      if (outcome.neverStarts) {
        expect(await rejection(page, () => session.signIn())).toMatchObject({ code: outcome.neverStarts });
        return expectNobody(page, world);
      }
      const ended = await signIn(page, world);

      if (outcome.rejects) {
        expect(ended).toMatchObject({
          status: 'signedOut',
          reason: { code: 'invalid_id_token', claim: outcome.rejects },
        });
        return expectNobody(page, world);
      }
      if (outcome.fails) {
        const claim = outcome.claim ? { claim: outcome.claim } : {};
        expect(ended).toMatchObject({ status: 'signedOut', reason: { code: outcome.fails, ...claim } });
        if (outcome.fails !== 'userinfo_sub_mismatch') return expectNobody(page, world);
        return expect(await rejection(page, (url) => session.fetch(url), world.api.url)).toMatchObject({
          code: 'not_signed_in',
        });
      }
      if (outcome.ignores) {
        expect(ended).toMatchObject({ status: 'signedOut', reason: { code: 'not_signed_in' } });
        expect(requests(world, '/token')).toEqual([]);
        return expectNobody(page, world);
      }

      expect(ended).toMatchObject({ status: 'signedIn', user: { sub: 'ada' } });
      if (outcome.asksTwice) expect(requests(world, outcome.asksTwice)).toHaveLength(2);
      if (outcome.asks) expect(requests(world, outcome.asks).length).toBeGreaterThan(0);
      if (outcome.api) {
        const call = (url) => session.fetch(`${url}orders`).then(({ status }) => status);
        expect(await page.evaluate(call, world.api.url)).toBe(200);
      }
      if (outcome.userinfo) {
        const user = await page.evaluate(() => session.userinfo());
        expect(user).toMatchObject({ sub: 'ada' });
        for (const claim of outcome.userinfo === true ? [] : outcome.userinfo) expect(user).toHaveProperty(claim);
        expect((await state(page)).user).toEqual(user);
        expect(requests(world, '/me').length).toBeGreaterThan(0);
      }
      if (outcome.bearerHeader) {
        for (const { query } of requests(world, '/me')) expect(query).toEqual({});
      }
      if (outcome.userinfoRejects) {
        expect(await rejection(page, () => session.userinfo())).toMatchObject({ code: outcome.userinfoRejects });
        expect(await state(page)).toEqual(ended);
      }
      if (outcome.sources) {
        expect(ended.user).toHaveProperty('_claim_names');
        for (const claim of Object.keys(outcome.sources)) expect(ended.user).not.toHaveProperty(claim);
        if (outcome.hides) expect(JSON.stringify(ended)).not.toContain(outcome.hides);
        expect(await page.evaluate(() => session.userinfo({ sources: true }))).toMatchObject(outcome.sources);
      }
      if (outcome.refreshes) {
        const tokens = new Set();
        for (let times = 0; times < outcome.refreshes; times++) tokens.add(await refresh(page, world));
        const grants = world.provider.events.filter(
          ({ name, grantType }) => name === 'grant.success' && grantType === 'refresh_token',
        );
        expect([tokens.size, grants.length]).toEqual([outcome.refreshes, outcome.refreshes]);
        expect(world.provider.events.filter(({ name }) => name === 'grant.error')).toEqual([]);
      }
      if (outcome.refreshRejected) {
        const token = await refresh(page, world);
        const kinds = (kind) =>
          world.provider.issued.filter((issued) => issued.kind === kind).map(({ value }) => value);
        const [, ofRefresh] = kinds('access_token');
        expect(kinds('refresh_token').length, 'it was refreshed').toBeGreaterThan(1);
        expect(token).not.toBe(ofRefresh);
        expect(await state(page)).toMatchObject({ status: 'signedIn', user: { sub: 'ada' } });
      }
      if (outcome.scheme) {
        await page.evaluate((url) => session.fetch(`${url}orders`), world.api.url);
        const sent = world.api.requests.filter(({ method }) => method === 'GET').at(-1).headers;
        expect([sent.authorization.split(' ')[0], Boolean(sent.dpop)]).toEqual([outcome.scheme, true]);
      }
      if (outcome.thenRotates) {
        rotate(layered.layer);
        expect(await page.evaluate(() => session.checkSession().then(({ user }) => user.sub))).toBe('ada');
        expect(requests(world, '/jwks'), 'asked once more for the unknown key').toHaveLength(2);
      }
    });
  });
}

/** From now on the provider signs with another key, and publishes that one alone. */
function rotate(layer) {
  layer.change = { signing: { key: 'rotated' }, keys: async () => [(await layer.key('rotated')).jwk] };
}

/** The keys are rotated between the page's request for them and the first token. */
function rotateAtToken(layer) {
  layer.change = {
    before: ({ path }) => {
      if (path === '/token') rotate(layer);
    },
  };
}

/** What the table says of an outcome. */
function said({
  rejects,
  fails,
  claim,
  ignores,
  neverStarts,
  userinfo,
  userinfoRejects,
  sources,
  refreshes,
  refreshRejected,
  thenRotates,
  scheme,
}) {
  if (rejects)
    return `refuses the ID token: \`invalid_id_token\`, claim \`${rejects}\`; nobody is signed in, no request follows`;
  if (fails) return `refuses: \`${fails}\`${claim ? `, claim \`${claim}\`` : ''}; nobody is signed in`;
  if (ignores) return 'leaves it alone: it is no answer of ours; no code is redeemed';
  if (neverStarts) return `does not begin: \`${neverStarts}\``;
  if (userinfoRejects) return `refuses the userinfo: \`${userinfoRejects}\`; the session goes on`;
  if (sources) return 'keeps the references, and verifies the claims on request';
  if (refreshes) return 'goes on with the new one, time and again';
  if (refreshRejected) return 'refuses the refresh, keeps nothing of it, and signs in silently instead';
  if (scheme) return 'signs in, and proves possession of its key to the provider and the API';
  if (thenRotates !== undefined) return 'asks for the keys once more, and accepts';
  return userinfo ? 'signs in, and asks userinfo' : 'signs in';
}
