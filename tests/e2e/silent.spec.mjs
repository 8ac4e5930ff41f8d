// Silent authentication in a hidden frame.
import { mkdir, writeFile } from 'node:fs/promises';
import { interactionPolicy } from '../../www/servers/oidc-provider.mjs';
import { expect, open, rejection, requests, settled, signIn, state, test } from './harness.mjs';

const check = (page, options) => rejection(page, (options) => session.checkSession(options), options);

/** What `checkSession` gives. */
const granted = (page, options) => page.evaluate((options) => session.checkSession(options), options);

for (const [name, silent, seen] of [
  ['a web message, as the metadata promises', {}, { response_mode: 'web_message' }],
  ['the callback page, by query', { responseMode: 'query', redirectUri: '/callback.html' }, { response_mode: 'query' }],
  [
    'the callback page, by fragment',
    { responseMode: 'fragment', redirectUri: '/callback.html' },
    { response_mode: 'fragment' },
  ],
  ['a frame that loads the app itself', { responseMode: 'query' }, { response_mode: 'query' }],
]) {
  test(`by ${name}`, async ({ page, world }) => {
    world.options.silent = silent;
    expect(await open(page, world)).toMatchObject({ status: 'signedOut', reason: { code: 'login_required' } });
    await signIn(page, world);
    await page.reload();
    expect(await settled(page)).toMatchObject({ status: 'signedIn', user: { sub: 'ada' } });
    const frames = requests(world, '/auth').filter(({ dest }) => dest === 'iframe');
    expect(frames.map(({ query }) => query)).toEqual([
      expect.objectContaining({ ...seen, prompt: 'none' }),
      expect.objectContaining({ ...seen, prompt: 'none' }),
    ]);
    await expect.poll(() => page.frames().length, 'the frame is gone').toBe(1);
  });
}

test('with metadata and keys in the cache it asks to authorize and for tokens, and nothing else', async ({
  page,
  world,
}) => {
  await open(page, world);
  await signIn(page, world);
  world.provider.requests.length = 0;
  await page.reload();
  expect(await settled(page)).toMatchObject({ status: 'signedIn' });
  expect(world.provider.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /auth', 'POST /token']);
});

test('what was granted is told, and no token', async ({ page, world }) => {
  await open(page, world);
  await signIn(page, world);
  const result = await granted(page);
  expect(Object.keys(result).sort()).toEqual(['audience', 'expiresAt', 'scope', 'user']);
  expect(result).toMatchObject({ audience: world.api.url, scope: 'read:orders', user: { sub: 'ada' } });
  expect(result.expiresAt - Date.now()).toBeGreaterThan(500_000);
  for (const { value } of world.provider.issued) expect(JSON.stringify(result)).not.toContain(value);
});

test('more scope, for another API, by audience or resource', async ({ page, world }) => {
  await open(page, world);
  await signIn(page, world);
  expect(await granted(page, { scope: 'write:orders' })).toMatchObject({ scope: 'read:orders write:orders' });
  expect(await granted(page, { audience: world.api.url, scope: 'read:orders' })).toMatchObject({
    audience: world.api.url,
  });
  const query = requests(world, '/auth').at(-1).query;
  expect(query).toMatchObject({ audience: world.api.url });
  expect(query.resource).toBeUndefined();
});

test('several at once do not disturb each other', async ({ page, world }) => {
  await open(page, world);
  await signIn(page, world);
  const users = await page.evaluate(() =>
    Promise.all([1, 2, 3].map(() => session.checkSession().then(({ user }) => user.sub))),
  );
  expect(users).toEqual(['ada', 'ada', 'ada']);
});

test('login_required when the user has left the provider', async ({ page, world, context }) => {
  await open(page, world);
  await signIn(page, world);
  await context.clearCookies();
  expect(await check(page)).toMatchObject({ code: 'login_required', error: 'login_required' });
  expect(await state(page)).toMatchObject({ status: 'signedOut', reason: { code: 'login_required' } });
});

test('consent_required, with a hint on localhost', async ({ page, world }) => {
  await open(page, world);
  await signIn(page, world);
  world.options.clientId = 'spa-consent';
  await page.reload();
  const { reason } = await settled(page);
  expect(reason).toMatchObject({ code: 'consent_required', hint: expect.stringContaining('localhost') });
});

test.describe('a provider that wants a second factor', () => {
  test.use({
    setting: {
      provider: {
        configure: (config) => {
          const policy = interactionPolicy.base();
          const wanted = (ctx) => ctx.oidc.params.ui_locales === 'second-factor';
          policy
            .get('login')
            .checks.add(new interactionPolicy.Check('mfa', 'a second factor', 'interaction_required', wanted));
          config.interactions.policy = policy;
        },
      },
    },
  });

  test('interaction_required leaves the session as it is', async ({ page, world }) => {
    await open(page, world);
    await signIn(page, world);
    expect(await check(page, { uiLocales: 'second-factor' })).toMatchObject({ code: 'interaction_required' });
    expect(await state(page)).toMatchObject({ status: 'signedIn' });
  });
});

/** Lets simulated time pass in steps until `checkSession` has failed: its error, and the milliseconds it took. */
async function failsAfter(page, begin) {
  await page.evaluate(() => {
    window.failure = undefined;
    window.frameLoaded = false;
    const loaded = ({ target }) => {
      window.frameLoaded ||= target.tagName === 'IFRAME';
    };
    document.addEventListener('load', loaded, true);
    session.checkSession().catch((error) => {
      window.failure = { code: error.code, hint: error.hint };
    });
  });
  await begin();
  for (let passed = 0; passed <= 20_000; passed += 100) {
    const failure = await page.evaluate(() => window.failure);
    if (failure) return { ...failure, passed };
    await page.clock.runFor(100);
  }
  throw new Error('it does not end');
}

const frameLoaded = (page) => page.waitForFunction(() => window.frameLoaded, undefined, { polling: 'raf' });

test('frame_blocked within 1.5 s of a page that is no answer', async ({ page, world }) => {
  // In a closure the simulated clock is the vault's too.
  world.options.vault = 'closure';
  world.options.silent = { onLoad: false };
  world.options.clientId = 'unknown';
  await page.clock.install();
  await open(page, world);
  await page.clock.pauseAt(Date.now() + 1000);
  const { passed, ...error } = await failsAfter(page, () => frameLoaded(page));
  expect(error).toEqual({ code: 'frame_blocked', hint: expect.stringContaining('redirect URI') });
  expect(passed).toBeLessThanOrEqual(1500);
  await page.clock.runFor(1);
  expect(page.frames()).toHaveLength(1);
});

test.describe('a page whose policy forbids the frame', () => {
  test.use({
    setting: {
      csp: (policy) => {
        policy['frame-src'] = "'none'";
      },
    },
  });

  test('frame_blocked', async ({ page, world }) => {
    world.options.vault = 'closure';
    world.options.silent = { onLoad: false };
    await page.clock.install();
    await open(page, world);
    await page.clock.pauseAt(Date.now() + 1000);
    const { passed, code } = await failsAfter(page, () => frameLoaded(page));
    expect(code).toBe('frame_blocked');
    expect(passed).toBeLessThanOrEqual(1500);
  });
});

test.describe('a provider that never answers', () => {
  test.use({
    setting: {
      provider: { middleware: (ctx, next) => (ctx.query.prompt === 'none' ? new Promise(() => {}) : next()) },
    },
  });

  test('timeout after the time that was set, and the session lives', async ({ page, world }) => {
    world.options.vault = 'closure';
    world.options.silent = { onLoad: false, timeoutMs: 4000 };
    await page.clock.install();
    await open(page, world);
    await signIn(page, world);
    await page.clock.pauseAt(Date.now() + 1000);
    const asked = () => expect.poll(() => requests(world, '/auth').some(({ dest }) => dest === 'iframe')).toBe(true);
    const { passed, code } = await failsAfter(page, asked);
    expect(code).toBe('timeout');
    expect(passed).toBeGreaterThanOrEqual(3900);
    expect(passed).toBeLessThanOrEqual(4100);
    expect(await state(page)).toMatchObject({ status: 'signedIn' });
    await page.clock.runFor(1);
    expect(page.frames(), 'the frame is gone').toHaveLength(1);
  });

  test('a caller may give up', async ({ page, world }) => {
    world.options.silent = { onLoad: false };
    await open(page, world);
    const name = await page.evaluate(() => {
      const controller = new AbortController();
      const checking = session.checkSession({ signal: controller.signal });
      controller.abort();
      return checking.catch(({ name }) => name);
    });
    expect(name).toBe('AbortError');
    await expect.poll(() => page.frames().length).toBe(1);
  });
});

test('messages of anyone but the frame are ignored', async ({ page, world }) => {
  await page.addInitScript(() => {
    // A script of the page forges answers as soon as a frame is there.
    new MutationObserver(() => {
      const response = { code: 'forged', state: 'forged' };
      for (const frame of document.querySelectorAll('iframe')) {
        window.postMessage({ type: 'authorization_response', response }, '*');
        window.dispatchEvent(
          new MessageEvent('message', {
            data: { type: 'authorization_response', response },
            origin: 'null',
            source: frame.contentWindow,
          }),
        );
      }
    }).observe(document, { childList: true, subtree: true });
  });
  await open(page, world);
  expect(await signIn(page, world)).toMatchObject({ status: 'signedIn' });
  expect(await granted(page)).toMatchObject({ user: { sub: 'ada' } });
});

test.describe('a provider on another site', () => {
  test.use({ setting: { provider: { host: '127.0.0.1', crossSite: true } } });

  test('signs in silently where the browser lets its cookies through', async ({
    playwright,
    launchOptions,
    world,
  }, testInfo) => {
    // Contexts of tests keep third-party cookies from frames; this profile's preferences do not.
    const profile = testInfo.outputPath('profile');
    await mkdir(`${profile}/Default`, { recursive: true });
    const preferences = { profile: { cookie_controls_mode: 0, block_third_party_cookies: false } };
    await writeFile(`${profile}/Default/Preferences`, JSON.stringify(preferences));
    const context = await playwright.chromium.launchPersistentContext(profile, launchOptions);
    const page = await context.newPage();
    await open(page, world);
    expect(await signIn(page, world)).toMatchObject({ status: 'signedIn' });
    expect(await granted(page)).toMatchObject({ user: { sub: 'ada' } });
    await context.close();
  });
});

test.describe('a provider on another site, whose cookies a frame does not get', () => {
  test.use({ setting: { provider: { host: '127.0.0.1', crossSite: true } } });

  test('third_party_cookies_blocked, with what to do, and the session lives', async ({ page, world }) => {
    await open(page, world);
    await signIn(page, world);
    expect(await check(page)).toMatchObject({
      code: 'third_party_cookies_blocked',
      error: 'login_required',
      hint: expect.stringContaining('offline_access'),
    });
    expect(await state(page)).toMatchObject({ status: 'signedIn' });
  });
});
