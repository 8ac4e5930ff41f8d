// The life of tokens: renewals, bad networks, several tabs.
import { dice, FAULTS, faulty } from '../providers/faults.mjs';
import {
  test as base,
  expect,
  logIn,
  open,
  orders,
  refused,
  rejection,
  requests,
  settled,
  signIn,
  state,
} from './harness.mjs';

const test = base.extend({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of fixtures from it.
  faults: async ({}, use) => use([]),
  setting: async ({ faults }, use) => use({ provider: { middleware: faulty(faults) } }),
});

const OFFLINE_ACCESS = 'openid profile email offline_access';
const grants = (world, type) =>
  world.provider.events.filter(({ name, grantType }) => name === 'grant.success' && grantType === type).length;
const reuses = (world) =>
  world.provider.events.filter(
    ({ name, errorDescription }) => name === 'grant.error' && /already used/.test(errorDescription ?? ''),
  );

/** Tells of an event from now on, in `window.heard`. */
const hear = (page, ...types) =>
  page.evaluate((types) => {
    window.heard ??= [];
    for (const type of types) session.addEventListener(type, ({ detail }) => heard.push([type, plain(detail)]));
  }, types);

/** A page with the vault in a closure, where the simulated clock is the vault's too, and a user signed in. */
async function simulated(page, world, options = {}) {
  Object.assign(world.options, { vault: 'closure', ...options });
  await page.clock.install();
  await open(page, world);
  await signIn(page, world);
  await state(page);
}

test.describe('renewal', () => {
  test('is ahead of time while somebody looks and uses it, and told', async ({ page, world }) => {
    await simulated(page, world, { scope: OFFLINE_ACCESS });
    await hear(page, 'renewed');
    await page.clock.runFor(560_000);
    expect(grants(world, 'refresh_token'), 'nobody has used the token').toBe(0);
    expect(await orders(page, world)).toBe(200);
    await expect.poll(() => grants(world, 'refresh_token')).toBe(1);

    expect(await orders(page, world)).toBe(200);
    await page.clock.runFor(535_000);
    expect(grants(world, 'refresh_token'), 'it is not due').toBe(1);
    await page.clock.runFor(20_000);
    await expect.poll(() => grants(world, 'refresh_token')).toBe(2);
    const [[, first]] = await page.evaluate(() => heard);
    expect(first).toEqual({ audience: world.api.url, scope: 'read:orders', expiresAt: expect.any(Number) });
  });

  test('waits while nobody looks, and comes with the eyes', async ({ page, world }) => {
    await simulated(page, world, { scope: OFFLINE_ACCESS });
    await orders(page, world);
    const hide = (hidden) =>
      page.evaluate((hidden) => {
        Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      }, hidden);
    await hide(true);
    await page.clock.runFor(580_000);
    expect(grants(world, 'refresh_token')).toBe(0);
    await hide(false);
    await expect.poll(() => grants(world, 'refresh_token')).toBe(1);
  });

  for (const event of ['online', 'resume']) {
    test(`comes after a sleep, with the event ${event}`, async ({ page, world }) => {
      await simulated(page, world);
      await orders(page, world);
      await page.clock.pauseAt(Date.now() + 50 * 60_000);
      const before = requests(world, '/token').length;
      await page.evaluate((event) => (event === 'online' ? window : document).dispatchEvent(new Event(event)), event);
      await expect.poll(() => requests(world, '/token').length).toBeGreaterThan(before);
      expect(await orders(page, world)).toBe(200);
    });
  }

  test('that fails is told, with what happens next', async ({ page, world, faults, context }) => {
    await simulated(page, world, { scope: OFFLINE_ACCESS });
    await hear(page, 'renewalfailed');
    faults.push('unavailable', 'unavailable', 'unavailable');
    const failing = page.evaluate((url) => session.fetch(url).then(({ status }) => status), refused(world));
    await expect.poll(() => faults.length).toBe(2);
    for (let step = 0; step < 30; step++) await page.clock.runFor(100);
    expect(await failing, 'the refusal is the page’s').toBe(401);
    await expect.poll(() => page.evaluate(() => heard.length)).toBe(1);
    expect(await page.evaluate(() => heard[0])).toMatchObject([
      'renewalfailed',
      { error: { code: 'provider_unavailable', status: 503 }, next: 'retry' },
    ]);
    expect(await state(page)).toMatchObject({ status: 'signedIn' });

    // The provider forgets the user, and all that was granted.
    await context.clearCookies();
    for (const { value } of world.provider.issued.filter(({ kind }) => kind === 'refresh_token')) {
      await world.provider.oidc.RefreshToken.find(value).then((token) => token?.destroy());
    }
    expect(await rejection(page, (url) => session.fetch(url), `${world.api.url}orders`)).toMatchObject({
      code: 'login_required',
    });
    await expect.poll(() => page.evaluate(() => heard.at(-1)[1].next)).toBe('signedOut');
    expect(await state(page)).toMatchObject({
      status: 'signedOut',
      reason: { code: 'login_required', reasons: [{ code: 'invalid_grant' }] },
    });
  });
});

test('25 callers in each of eight tabs, all at expiry: one token request a tab, and no refusal', async ({
  page,
  world,
  context,
}) => {
  Object.assign(world.options, { vault: 'closure', scope: OFFLINE_ACCESS });
  const tabs = [page];
  while (tabs.length < 8) tabs.push(await context.newPage());
  // One clock for all tabs.
  await page.clock.install();
  for (const tab of tabs) await open(tab, world);
  await signIn(page, world);
  for (const tab of tabs) {
    await expect.poll(() => state(tab).then(({ status, reason }) => reason?.message ?? status)).toBe('signedIn');
  }
  await page.clock.pauseAt(Date.now() + 700_000);
  await page.clock.resume();
  const before = requests(world, '/token').length;
  const statuses = await Promise.all(
    tabs.map((tab) =>
      tab.evaluate(
        (url) => Promise.all(Array.from({ length: 25 }, () => session.fetch(url).then(({ status }) => status))),
        `${world.api.url}orders`,
      ),
    ),
  );
  expect(statuses.flat()).toEqual(Array(200).fill(200));
  expect(requests(world, '/token').length - before).toBe(8);
  expect(world.provider.events.filter(({ name }) => name === 'grant.error')).toEqual([]);
});

test.describe('an API that refuses', () => {
  test('the token gets a new one, once, with the same body', async ({ page, world }) => {
    await open(page, world);
    await signIn(page, world);
    const bodies = await page.evaluate(async (url) => {
      const made = {
        text: 'text',
        params: new URLSearchParams({ a: '1' }),
        blob: new Blob(['blob'], { type: 'image/png' }),
        buffer: new TextEncoder().encode('buffer'),
        maker: () => 'made',
        form: new FormData(),
      };
      made.form.set('file', new File(['content'], 'file.txt', { type: 'text/plain' }));
      const bodies = {};
      for (const [id, body] of Object.entries(made)) {
        const answer = await session
          .fetch(`${url}once?id=${id}`, { method: 'POST', body })
          .then((response) => response.json());
        const { boundary = '' } = /boundary=(?<boundary>.*)/.exec(answer.type)?.groups ?? {};
        const plain = (text) => (text === null ? text : text.replaceAll(boundary, '').split('\r\n').join(' '));
        bodies[id] = [answer.method, plain(answer.type), plain(atob(answer.body))];
      }
      const request = new Request(`${url}once?id=request`, { method: 'PUT', body: 'of a request' });
      bodies.request = await session.fetch(request).then(async (response) => atob((await response.json()).body));
      return bodies;
    }, world.api.url);
    expect(bodies).toEqual({
      text: ['POST', 'text/plain;charset=UTF-8', 'text'],
      params: ['POST', 'application/x-www-form-urlencoded;charset=UTF-8', 'a=1'],
      blob: ['POST', 'image/png', 'blob'],
      buffer: ['POST', null, 'buffer'],
      maker: ['POST', 'text/plain;charset=UTF-8', 'made'],
      form: [
        'POST',
        'multipart/form-data; boundary=',
        '-- Content-Disposition: form-data; name="file"; filename="file.txt" Content-Type: text/plain  content ---- ',
      ],
      request: 'of a request',
    });
    const calls = world.api.requests.filter(({ method }) => method !== 'OPTIONS');
    expect(calls).toHaveLength(14);
    for (let call = 0; call < 14; call += 2) {
      expect(calls[call].headers.authorization).not.toBe(calls[call + 1].headers.authorization);
    }
    const before = world.api.requests.length;
    expect(await page.evaluate((url) => session.fetch(url).then(({ status }) => status), refused(world))).toBe(401);
    const more = world.api.requests.slice(before).filter(({ method }) => method === 'GET');
    expect(more, 'the second refusal is the page’s').toHaveLength(2);
  });

  test('the scope is asked for more, once and silently', async ({ page, world }) => {
    await open(page, world);
    await signIn(page, world);
    const order = () =>
      page.evaluate(
        (url) => session.fetch(url, { method: 'POST', body: '{"item":"lock"}' }).then(({ status }) => status),
        `${world.api.url}orders`,
      );
    const frames = () =>
      requests(world, '/auth')
        .filter(({ dest }) => dest === 'iframe')
        .map(({ query }) => query.scope);
    const before = frames().length;
    expect(await order()).toBe(201);
    expect(frames().slice(before)).toEqual([expect.stringContaining('write:orders')]);
    expect(await order()).toBe(201);
    expect(frames().length).toBe(before + 1);
  });
});

test.describe('tabs', () => {
  test('a sign-in and a sign-out are known in every tab at once', async ({ page, world, context }) => {
    const other = await context.newPage();
    await open(page, world);
    await open(other, world);
    expect(await state(other)).toMatchObject({ status: 'signedOut' });
    await signIn(page, world);
    await expect.poll(() => state(other)).toMatchObject({ status: 'signedIn', user: { sub: 'ada' } });
    await other.evaluate(() => session.signOut({ local: true }));
    await expect.poll(() => state(page)).toMatchObject({ status: 'signedOut', reason: { code: 'signed_out' } });
  });

  test('however many tabs tell of a sign-in, it is looked into once', async ({ page, world, context }) => {
    await open(page, world);
    await signIn(page, world);
    await page.evaluate(() => session.signOut({ local: true }));
    const prefix = requests(world, '/auth')[0].query.state.split('-')[0];
    const before = requests(world, '/auth').length;
    // A page of the same origin without a session, in place of three tabs.
    const other = await context.newPage();
    await other.goto(`${world.app.origin}/bare`);
    await other.evaluate((name) => {
      const channel = new BroadcastChannel(name);
      for (let tab = 0; tab < 3; tab++) channel.postMessage('ada');
    }, `strongroom:${prefix}-`);
    await expect.poll(() => state(page)).toMatchObject({ status: 'signedIn' });
    expect(await orders(page, world)).toBe(200);
    expect(requests(world, '/auth').length).toBe(before + 1);
  });

  test('another user who signs in elsewhere is noticed', async ({ page, world, context }) => {
    await open(page, world);
    await signIn(page, world);
    await hear(page, 'userchange');
    const other = await context.newPage();
    await open(other, world);
    await signIn(other, world, { user: 'grace', options: { prompt: 'login' } });
    await expect.poll(() => state(page)).toMatchObject({ status: 'signedIn', user: { sub: 'grace' } });
    expect(await page.evaluate(() => heard)).toMatchObject([
      ['userchange', { from: { sub: 'ada' }, to: { sub: 'grace' } }],
    ]);
    expect(await orders(page, world)).toBe(200);
    expect(world.api.requests.at(-1).headers.authorization).toBeTruthy();
  });

  test('a tab that is closed while it renews keeps nobody waiting', async ({ page, world, context, faults }) => {
    world.options.scope = OFFLINE_ACCESS;
    const other = await context.newPage();
    await open(page, world);
    await signIn(page, world);
    await open(other, world);
    faults.push('hang');
    await page.evaluate((url) => void session.fetch(url).catch(() => {}), refused(world));
    await expect.poll(() => faults.length).toBe(0);
    const waiting = other.evaluate((url) => session.fetch(url).then(({ status }) => status), refused(world));
    await page.close();
    expect(await waiting).toBe(401);
    expect(await orders(other, world)).toBe(200);
  });
});

test.describe('sign-out', () => {
  test('revokes what was issued', async ({ page, world }) => {
    world.options.scope = OFFLINE_ACCESS;
    await open(page, world);
    await signIn(page, world);
    await page.evaluate(() => session.signOut({ local: true }));
    await expect.poll(() => requests(world, '/token/revocation').length).toBe(2);
    for (const { kind, value } of world.provider.issued.filter(({ kind }) => kind === 'refresh_token')) {
      expect([kind, await world.provider.oidc.RefreshToken.find(value)]).toEqual(['refresh_token', undefined]);
    }
  });

  test('revokes also when the page leaves for the provider, and asks it to go on to others', async ({
    page,
    world,
  }) => {
    world.options.scope = OFFLINE_ACCESS;
    await open(page, world);
    await signIn(page, world);
    await page.evaluate(() => void session.signOut({ federated: true }).catch(() => {}));
    await page.waitForURL((url) => url.origin === world.provider.issuer);
    await page.waitForURL((url) => url.origin === world.app.origin);
    expect(requests(world, '/session/end')[0].query).toMatchObject({ federated: '' });
    await expect.poll(() => requests(world, '/token/revocation').length).toBeGreaterThan(0);
  });

  test('works offline, with a warning', async ({ page, world, context }) => {
    await open(page, world);
    await signIn(page, world);
    await context.setOffline(true);
    const warning = await page.evaluate(() => session.signOut().then(({ warning }) => [warning.code, warning.hint]));
    expect(warning).toEqual(['network', expect.stringContaining('signed out here')]);
    expect(await state(page)).toMatchObject({ status: 'signedOut', reason: { code: 'signed_out' } });
    await context.setOffline(false);
  });
});

test('offline and online again: the session lives', async ({ page, world, context }) => {
  world.options.scope = OFFLINE_ACCESS;
  world.options.requestTimeoutMs = 2000;
  await open(page, world);
  await signIn(page, world);
  await context.setOffline(true);
  const error = await rejection(page, (url) => session.fetch(url), `${world.api.url}orders`);
  expect(error).toMatchObject({ code: 'network' });
  expect(await rejection(page, () => session.checkSession())).toMatchObject({
    code: expect.stringMatching(/frame_blocked|timeout|network/),
  });
  expect(await state(page)).toMatchObject({ status: 'signedIn' });
  await context.setOffline(false);
  expect(await orders(page, world)).toBe(200);
});

test('a double click leaves once, and signs in', async ({ page, world }) => {
  await open(page, world);
  await page.evaluate(() => {
    session.signIn().catch(() => {});
    session.signIn().catch(() => {});
  });
  await page.waitForURL((url) => url.origin === world.provider.issuer);
  await logIn(page);
  await page.waitForURL((url) => url.origin === world.app.origin);
  expect(await settled(page)).toMatchObject({ status: 'signedIn' });
});

test.describe('a bad network', () => {
  for (const fault of Object.keys(FAULTS)) {
    test(`${fault}, once: the session lives, and no refresh token comes twice`, async ({ page, world, faults }) => {
      Object.assign(world.options, { scope: OFFLINE_ACCESS, requestTimeoutMs: 800 });
      await open(page, world);
      await signIn(page, world);
      faults.push(fault);
      await page.evaluate((url) => session.fetch(url).catch(() => {}), refused(world));
      expect(faults).toEqual([]);
      expect(await orders(page, world)).toBe(200);
      expect(await state(page)).toMatchObject({ status: 'signedIn' });
      expect(reuses(world)).toEqual([]);
    });
  }

  test('1,000 random faults end no session, and no refresh token comes twice', async ({ page, world, faults }) => {
    test.setTimeout(600_000);
    const seed = 20261121;
    const roll = dice(seed);
    // Waits are a twentieth as long for page and vault; what the network takes is as it is.
    await page.addInitScript(() => {
      const wait = window.setTimeout;
      window.setTimeout = (task, ms, ...rest) => wait(task, ms / 20, ...rest);
    });
    Object.assign(world.options, {
      vault: 'closure',
      scope: OFFLINE_ACCESS,
      requestTimeoutMs: 4000,
      silent: { timeoutMs: 40_000 },
    });
    await open(page, world);
    await signIn(page, world);
    const counts = Object.fromEntries(Object.keys(FAULTS).map((fault) => [fault, 0]));
    let done = 0;
    let failed = 0;
    while (done < 1000) {
      const fault = Object.keys(FAULTS)[roll(Object.keys(FAULTS).length)];
      const times = 1 + roll(3);
      for (let time = 0; time < times; time++) faults.push(fault);
      const status = await page.evaluate(
        (url) =>
          session.fetch(url).then(
            ({ status }) => status,
            ({ code }) => code,
          ),
        refused(world),
      );
      if (status !== 401) failed += 1;
      done += times - faults.length;
      counts[fault] += times - faults.length;
      faults.length = 0;
      expect(await page.evaluate(() => session.state.status), `after ${done} faults`).toBe('signedIn');
    }
    console.log(
      `seed ${seed}: ${done} faults (${JSON.stringify(counts)}), ${failed} calls failed, ${reuses(world).length} reuses of a refresh token`,
    );
    expect(await orders(page, world)).toBe(200);
    expect(reuses(world)).toEqual([]);
  });
});
