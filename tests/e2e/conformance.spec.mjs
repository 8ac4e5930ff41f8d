// Every way of misbehaving in tests/providers/modules.mjs, against the real provider behind a layer that does it.
import { misbehaving } from '../providers/misbehave.mjs';
import { frontChannel, modules, sessionManagement } from '../providers/modules.mjs';
import {
  test as base,
  expect,
  frontChannelLogout,
  logIn,
  open,
  refused,
  rejection,
  requests,
  signIn,
  state,
} from './harness.mjs';

const test = base.extend({
  module: [undefined, { option: true }],
  layered: async ({ module }, use) => use(misbehaving(module.change)),
  setting: async ({ layered, module }, use) => use({ ...module.setting, provider: layered.provider }),
});

/** Nobody is signed in, nothing was kept, and no request followed. */
async function expectNobody(page, world) {
  const answer = await rejection(page, (url) => session.fetch(`${url}orders`), world.api.url);
  expect(answer.code).toBe('not_signed_in');
  expect(world.api.requests).toEqual([]);
  expect(requests(world, '/me')).toEqual([]);
}

/** Makes the API refuse the token, so that the next one is had by refresh: the scheme and token of the last call. */
async function refresh(page, world) {
  await page.evaluate((url) => session.fetch(url).then(({ status }) => status), refused(world));
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

/** A module of its own test. */
function module(name, does, says, change, body) {
  test.describe(name, () => {
    test.use({ module: { change } });
    test('conformance', { annotation: [{ type: 'module', description: JSON.stringify([name, does, says]) }] }, body);
  });
}

module(
  'discovery at the RFC 8414 path',
  'publishes its metadata at /.well-known/oauth-authorization-server alone',
  'finds it there',
  {
    before: (ctx) => {
      if (ctx.path === '/.well-known/openid-configuration') ctx.throw(404);
      if (ctx.path === '/.well-known/oauth-authorization-server') ctx.path = '/.well-known/openid-configuration';
    },
  },
  async ({ page, world }) => {
    await open(page, world);
    expect(await signIn(page, world)).toMatchObject({ status: 'signedIn' });
  },
);

module(
  'metadata and keys across page loads',
  'says nothing of how long they may be cached',
  'has the browser keep them for ten minutes: a page load asks for neither',
  {},
  async ({ page, world }) => {
    await open(page, world);
    await signIn(page, world);
    const before = world.provider.requests.length;
    await page.reload();
    expect(await page.evaluate(() => session.ready.then(({ status }) => status))).toBe('signedIn');
    const paths = world.provider.requests.slice(before).map(({ path }) => path);
    expect(paths).toEqual(['/auth', '/token']);
  },
);

module(
  'key endpoint down',
  'has a key endpoint that is down when the keys are to be fetched again',
  'goes on with the keys it knows',
  {
    keys: (keys, layer) => {
      layer.served = (layer.served ?? 0) + 1;
      return keys;
    },
    before: (ctx, layer) => {
      if (ctx.path === '/jwks') {
        ctx.set('Access-Control-Allow-Origin', '*');
        // Used up at once, so that each token asks for them anew.
        ctx.set('Cache-Control', 'no-store');
        if (layer.served) ctx.throw(503);
      }
    },
  },
  async ({ page, world, layered }) => {
    world.options.silent = { onLoad: false };
    await open(page, world);
    expect(await signIn(page, world)).toMatchObject({ status: 'signedIn' });
    await page.evaluate(() => session.checkSession());
    expect(layered.layer.served).toBe(1);
    expect(requests(world, '/jwks').length).toBeGreaterThan(1);
    expect(await state(page)).toMatchObject({ status: 'signedIn' });
  },
);

/** Signs out at the provider and comes back. */
async function signOut(page, world) {
  await page.evaluate(() => void session.signOut().catch(() => {}));
  await page.waitForURL((url) => url.origin === world.provider.issuer);
  await page.waitForURL((url) => url.origin === world.app.origin);
  return page.evaluate(() => session.ready.then(({ status, reason }) => [status, reason.code]));
}

const LOGOUT = 'oidcc-client-test-rp-init-logout';

module(
  LOGOUT,
  'comes back with the state',
  'sends id_token_hint, redirect URI and state, and knows the return',
  {},
  async ({ page, world }) => {
    await open(page, world);
    await signIn(page, world);
    expect(await signOut(page, world)).toEqual(['signedOut', 'signed_out']);
    const { query } = requests(world, '/session/end')[0];
    expect(query).toMatchObject({
      id_token_hint: expect.stringMatching(/^ey/),
      post_logout_redirect_uri: `${world.app.origin}/`,
    });
    expect(query.state).toMatch(/^sr/);
  },
);

for (const [suffix, does, signedOut] of [
  ['no-state', 'comes back without the state', (url) => url.searchParams.delete('state')],
  ['other-state', 'comes back with another state', (url) => url.searchParams.set('state', 'another')],
]) {
  module(
    `${LOGOUT}-${suffix}`,
    does,
    'is signed out, and takes the return for an ordinary page load',
    { signedOut },
    async ({ page, world }) => {
      await open(page, world);
      await signIn(page, world);
      expect(await signOut(page, world)).toEqual(['signedOut', 'login_required']);
    },
  );
}

module(
  'oidcc-client-test-session-management',
  'says in its session frame that the session has changed',
  'asks silently, and renews or signs out',
  sessionManagement,
  async ({ page, world, layered, context }) => {
    const silent = { responseMode: 'query', redirectUri: '/callback.html' };
    Object.assign(world.options, { monitorSession: true, silent });
    layered.layer.sessionStatus = 'unchanged';
    await page.clock.install();
    await open(page, world);
    await signIn(page, world);
    const frames = () => requests(world, '/auth').filter(({ dest }) => dest === 'iframe').length;
    const before = frames();
    const asked = (times) => expect.poll(() => layered.layer.asked).toBeGreaterThanOrEqual(times);
    await page.clock.runFor(2000);
    await asked(1);
    await page.clock.runFor(2000);
    await asked(2);
    expect(frames()).toBe(before);

    layered.layer.sessionStatus = 'changed';
    await page.clock.runFor(2000);
    await expect.poll(frames).toBe(before + 1);
    layered.layer.sessionStatus = 'unchanged';
    expect(await state(page)).toMatchObject({ status: 'signedIn' });

    await context.clearCookies();
    const heard = layered.layer.asked;
    await page.clock.runFor(2000);
    await asked(heard + 1);
    layered.layer.sessionStatus = 'changed';
    await page.clock.runFor(2000);
    await expect.poll(() => state(page)).toMatchObject({ status: 'signedOut', reason: { code: 'login_required' } });
    await expect.poll(() => page.frames().length).toBe(1);
  },
);

module(
  'session management without cookies',
  'says time and again that the session has changed, since its frame sees no cookies',
  'asks silently once, and watches no more',
  sessionManagement,
  async ({ page, world, layered }) => {
    const silent = { responseMode: 'query', redirectUri: '/callback.html' };
    Object.assign(world.options, { monitorSession: true, silent });
    Object.assign(layered.layer, { sessionStatus: 'changed', constant: 'state.same' });
    await page.clock.install();
    await open(page, world);
    await signIn(page, world);
    const frames = () => requests(world, '/auth').filter(({ dest }) => dest === 'iframe').length;
    const before = frames();
    await page.clock.runFor(2000);
    await expect.poll(frames).toBe(before + 1);
    await expect.poll(() => page.frames().length).toBe(1);
    await page.clock.runFor(20_000);
    expect(frames()).toBe(before + 1);
    expect(await state(page)).toMatchObject({ status: 'signedIn' });
  },
);

for (const [who, name] of [
  ['rp', 'oidcc-client-test-rp-frontchannel-rpinitlogout'],
  ['op', 'oidcc-client-test-rp-frontchannel-opinitlogout'],
]) {
  const does = who === 'rp' ? 'loads the logout page after a sign-out of another tab' : 'loads the logout page';
  module(
    name,
    does,
    'signs all tabs out, if iss and sid are those of the session',
    frontChannel,
    async ({ page, world, context }) => {
      await open(page, world);
      await signIn(page, world);
      const other = await context.newPage();
      await open(other, world);
      const { issuer } = world.provider;
      for (const parameters of [
        { iss: issuer, sid: 'another' },
        { iss: 'https://another.example', sid: 'session-1' },
        { iss: issuer },
      ]) {
        await frontChannelLogout(await context.newPage(), world, parameters);
      }
      // A message more, so that those before have arrived.
      await page.evaluate(() => session.checkSession());
      for (const tab of [page, other]) expect(await state(tab)).toMatchObject({ status: 'signedIn' });
      if (who === 'rp') await signOut(other, world);
      await frontChannelLogout(await context.newPage(), world, { iss: issuer, sid: 'session-1' });
      for (const tab of who === 'rp' ? [page] : [page, other]) {
        await expect.poll(() => state(tab)).toMatchObject({ status: 'signedOut', reason: { code: 'signed_out' } });
      }
    },
  );
}

module(
  'oidcc-client-test-3rd-party-init-login',
  'asks the app to sign a user in',
  'starts a sign-in, if iss is ours and target_link_uri of our origin',
  {},
  async ({ page, world }) => {
    const link = (parameters) => `/app/orders?${new URLSearchParams(parameters)}`;
    const { issuer } = world.provider;
    await open(page, world, link({ iss: 'https://another.example' }));
    expect(await rejection(page, () => session.initiateLogin())).toMatchObject({ code: 'issuer_mismatch' });
    await open(page, world, link({ iss: issuer, target_link_uri: 'https://evil.example/' }));
    expect(await rejection(page, () => session.initiateLogin())).toMatchObject({ code: 'invalid_option' });
    expect(requests(world, '/auth').filter(({ dest }) => dest === 'document')).toEqual([]);
    await open(
      page,
      world,
      link({ iss: issuer, login_hint: 'grace', target_link_uri: `${world.app.origin}/app/orders?page=2` }),
    );
    await page.evaluate(() => void session.initiateLogin().catch(() => {}));
    await page.waitForURL((url) => url.origin === issuer);
    await expect(page.locator('#username')).toHaveValue('grace');
    await logIn(page, 'grace');
    await page.waitForURL(`${world.app.origin}/app/orders?page=2`);
    expect(await page.evaluate(() => session.ready.then(({ user }) => user.sub))).toBe('grace');
  },
);

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
