// Sign-out, close, placements, and what a session says of itself.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { signInAtProvider } from '../bench/user.mjs';
import { expect, open, orders, PLACEMENTS, rejection, requests, settled, signIn, state, test } from './harness.mjs';

test('sign-out at the provider ends both sessions', async ({ page, world }) => {
  await open(page, world);
  await signIn(page, world);
  await page.evaluate(() => void session.signOut({ params: { ui_locales: 'de' } }).catch(() => {}));
  await page.waitForURL((url) => url.origin === world.provider.issuer);
  await page.waitForURL((url) => url.origin === world.app.origin);
  const { query } = requests(world, '/session/end')[0];
  expect(query).toMatchObject({ post_logout_redirect_uri: `${world.app.origin}/`, client_id: 'spa', ui_locales: 'de' });
  expect(query.id_token_hint).toMatch(/^ey/);
  expect(page.url()).toBe(`${world.app.origin}/`);
  expect(await settled(page)).toMatchObject({ status: 'signedOut', reason: { code: 'signed_out' } });
  expect(await rejection(page, () => session.checkSession())).toMatchObject({ code: 'login_required' });
});

test('sign-out here only keeps the provider’s session', async ({ page, world }) => {
  await open(page, world);
  await signIn(page, world);
  await page.evaluate(() => session.signOut({ local: true }));
  expect(await state(page)).toMatchObject({ status: 'signedOut', reason: { code: 'signed_out' } });
  expect(await rejection(page, (url) => session.fetch(`${url}orders`), world.api.url)).toMatchObject({
    code: 'not_signed_in',
  });
  expect(requests(world, '/session/end')).toEqual([]);
  expect(await page.evaluate(() => session.checkSession().then(({ user }) => user.sub))).toBe('ada');
  expect(await state(page)).toMatchObject({ status: 'signedIn' });
});

test('statechange tells each change once, with a new frozen state', async ({ page, world }) => {
  await open(page, world);
  await signIn(page, world);
  await page.evaluate(async () => {
    await session.checkSession();
    await session.checkSession();
    await session.signOut({ local: true });
  });
  expect(await page.evaluate(() => told.map(([type, detail]) => detail.status ?? type))).toEqual([
    'signedIn',
    'callback',
    'signedOut',
  ]);
  expect(
    await page.evaluate(() => {
      let calls = 0;
      const before = session.getSnapshot();
      const unsubscribe = session.subscribe(() => {
        calls += 1;
      });
      return session.checkSession().then(() => {
        unsubscribe();
        return [
          calls,
          before === session.getSnapshot(),
          Object.isFrozen(session.state),
          Object.isFrozen(session.state.user),
        ];
      });
    }),
  ).toEqual([1, false, true, true]);
});

for (const placement of ['worker', 'closure']) {
  test(`close ends everything in a ${placement}`, async ({ page, world }) => {
    world.options.vault = { placement, fallback: false };
    await open(page, world);
    await signIn(page, world);
    await page.evaluate(async (url) => {
      window.codes = [];
      window.code = (error) => codes.push(error.code ?? error.name);
      window.pending = [session.fetch(`${url}never`).catch(code)];
    }, world.api.url);
    const never = () => world.api.requests.find(({ path, method }) => path === '/never' && method === 'GET');
    await expect.poll(never).toBeTruthy();
    const outcome = await page.evaluate(async (url) => {
      pending.push(session.checkSession().catch(code));
      session.close();
      session.close();
      await Promise.all(pending);
      await session.fetch(`${url}orders`).catch(code);
      await session.signIn().catch(code);
      await session.checkSession().catch(code);
      return codes;
    }, world.api.url);
    expect(outcome).toEqual(['closed', 'closed', 'closed', 'closed', 'closed']);
    await expect.poll(() => page.frames().length).toBe(1);
    await expect.poll(() => page.workers().length).toBe(0);
    await expect.poll(() => never().aborted).toBe(true);
  });
}

test('a session has nothing but its public members, and nobody can replace them', async ({ page, world }) => {
  await open(page, world);
  const [members, replaced] = await page.evaluate(() => {
    const members = Reflect.ownKeys(session);
    const replace = (name) => [Reflect.set(session, name, 7), Reflect.defineProperty(session, name, { value: 7 })];
    return [members, members.filter((name) => replace(name).includes(true))];
  });
  expect(members.sort()).toEqual(
    [
      ...['state', 'placement', 'vaultOrigin', 'ready', 'subscribe', 'getSnapshot', 'close'],
      ...['signIn', 'checkSession', 'userinfo', 'accessToken', 'initiateLogin', 'fetch', 'signOut'],
    ].sort(),
  );
  expect(replaced).toEqual([]);
});

for (const placement of PLACEMENTS) {
  test.describe(`with the vault in '${placement}'`, () => {
    test.use({ placement });

    test('a page that is restored from the cache of the back button begins anew', async ({ page, world, context }) => {
      const restore = () =>
        page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
      await open(page, world);
      // Signed in without the app, so that nothing tells the page.
      const other = await context.newPage();
      await signInAtProvider(other, world, `${(world.vault ?? world.app).origin}/callback.html`);
      await other.close();
      expect(await state(page)).toMatchObject({ status: 'signedOut' });
      await restore();
      await expect.poll(() => state(page)).toMatchObject({ status: 'signedIn', user: { sub: 'ada' } });
      expect(await orders(page, world)).toBe(200);
      await restore();
      await expect.poll(() => state(page)).toMatchObject({ status: 'signedIn' });
      await page.evaluate(() => session.signOut({ local: true }));
      expect(await state(page)).toMatchObject({ status: 'signedOut', reason: { code: 'signed_out' } });
    });
  });
}

test('close before the vault is there leaves nothing behind', async ({ page, world }) => {
  await page.goto(`${world.app.origin}/bare`);
  const result = await page.evaluate(async (options) => {
    const session = strongroom.createSession(options);
    session.close();
    const { status } = await session.ready;
    return [status, await session.fetch(options.apis[0].url).catch(({ code }) => code)];
  }, world.options);
  expect(result).toEqual(['loading', 'closed']);
  await expect.poll(() => page.workers().length).toBe(0);
  expect(world.provider.requests).toEqual([]);
});

const without = (directive, value) => ({
  setting: {
    csp: (policy) => {
      policy[directive] = value;
    },
  },
});

test.describe('a policy that forbids workers', () => {
  test.use(without('worker-src', "'none'"));

  test('the vault falls back to a closure, and says so', async ({ page, world }) => {
    delete world.options.vault;
    await open(page, world);
    expect(await signIn(page, world)).toMatchObject({ status: 'signedIn' });
    expect(await page.evaluate(() => session.placement)).toBe('closure');
  });

  test('fallback: false makes that an error', async ({ page, world }) => {
    world.options.vault = { placement: 'worker', fallback: false };
    expect(await open(page, world)).toMatchObject({
      status: 'signedOut',
      reason: { code: 'unsupported', hint: expect.stringContaining('worker-src') },
    });
    expect(await rejection(page, () => session.signIn())).toMatchObject({ code: 'unsupported' });
  });

  test('a file that cannot be had is no other error, once the vault has failed', async ({ page, world }) => {
    world.options.vault = { placement: 'worker', fallback: false };
    world.options.normalizeClaims = true;
    let vaultFailed;
    const late = new Promise((resolve) => {
      vaultFailed = resolve;
    });
    await page.route('**/claims.js', (route) => late.then(() => route.abort()));
    await page.exposeFunction('vaultFailed', () => vaultFailed());
    await page.goto(`${world.app.origin}/bare`);
    const told = await page.evaluate(async (options) => {
      const last = new Error('the last');
      const told = [];
      const toldAll = new Promise((resolve) => {
        addEventListener('unhandledrejection', (event) => {
          event.preventDefault();
          if (event.reason === last) resolve();
          else told.push(String(event.reason));
        });
      });
      const { reason } = await strongroom.createSession(options).ready;
      window.vaultFailed();
      const missing = await import('/strongroom/claims.js').catch(({ name }) => name);
      Promise.reject(last);
      await toldAll;
      return [reason.code, missing, told];
    }, world.options);
    expect(told).toEqual(['unsupported', 'TypeError', []]);
  });
});

test.describe('a policy that forbids wasm', () => {
  test.use(without('script-src', "'self'"));

  test('the error says what the policy needs', async ({ page, world }) => {
    expect(await open(page, world)).toMatchObject({
      status: 'signedOut',
      reason: { code: 'unsupported', hint: expect.stringContaining('wasm-unsafe-eval') },
    });
  });
});

test.describe('a policy that knows no Trusted Types policy of ours', () => {
  test.use(without('trusted-types', "'none'"));

  test('the vault falls back to a closure', async ({ page, world }) => {
    delete world.options.vault;
    await open(page, world);
    expect(await page.evaluate(() => session.placement)).toBe('closure');
  });
});

test('the strict policy is never violated', async ({ page, world }) => {
  const said = [];
  page.on('console', (message) => said.push(message.text()));
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      violations.push([violatedDirective, blockedURI]),
    );
  });
  await open(page, world);
  await signIn(page, world);
  await page.evaluate((url) => session.fetch(`${url}orders`), world.api.url);
  expect(await page.evaluate(() => violations)).toEqual([]);
  expect(said.filter((text) => /policy|trusted/i.test(text))).toEqual([]);
});

test('the files can be elsewhere', async ({ page, world }) => {
  world.options.assetsUrl = '/strongroom';
  world.options.vault = { placement: 'worker', fallback: false };
  expect(await open(page, world)).toMatchObject({ reason: { code: 'login_required' } });
  world.options.vault = 'closure';
  expect(await open(page, world)).toMatchObject({ reason: { code: 'login_required' } });
  world.options.assetsUrl = '/nowhere/';
  expect(await open(page, world)).toMatchObject({
    reason: { code: 'unsupported', hint: expect.stringContaining('assetsUrl') },
  });
});

test('a provider that is down is no error of start-up', async ({ page, world }) => {
  world.options.issuer = 'http://localhost:9';
  const { status, reason } = await open(page, world);
  expect(status).toBe('signedOut');
  expect(reason).toMatchObject({ code: 'network', hint: expect.stringContaining('connect-src') });
});

test('another issuer in the metadata is refused', async ({ page, world }) => {
  world.options.issuer = world.provider.issuer.replace('localhost', '127.0.0.1');
  world.options.metadata = await fetch(`${world.provider.issuer}/.well-known/openid-configuration`).then((r) =>
    r.json(),
  );
  expect(await open(page, world)).toMatchObject({ status: 'signedOut', reason: { code: 'issuer_mismatch' } });
});

test('wrong options throw at once, and nothing is requested', async ({ page, world }) => {
  await page.goto(`${world.app.origin}/bare`);
  const messages = await page.evaluate((given) => {
    const outcome = (changes) => {
      try {
        strongroom.createSession({ ...given, ...changes }).close();
        return 'taken';
      } catch (error) {
        return `${error.name} ${error.code}: ${error.message}`;
      }
    };
    return [
      { issuer: undefined },
      { issuer: 'http://login.example.com' },
      { vault: 'cupboard' },
      { apis: [{ url: 'api.example.com' }] },
      { redirectUri: 'https://elsewhere.example/' },
      { clientID: 'spa' },
    ].map(outcome);
  }, world.options);
  expect(messages).toEqual([
    expect.stringMatching(/^StrongroomError invalid_option: issuer is missing/),
    expect.stringMatching(/^StrongroomError invalid_option: issuer must be https; http only on loopback/),
    expect.stringMatching(/^StrongroomError invalid_option: vault must be 'shared', 'worker' or 'closure'/),
    expect.stringMatching(/^StrongroomError invalid_option: apis\[0\]\.url must be an absolute URL/),
    expect.stringMatching(/^StrongroomError invalid_option: redirectUri must be of the page's origin/),
    expect.stringMatching(/^StrongroomError invalid_option: options\.clientID is not known; did you mean clientId\?/),
  ]);
  expect(world.provider.requests).toEqual([]);
});

test('insecure_context, naming the fix, where the page is not secure', async ({ page, world }) => {
  await page.goto(`${world.app.origin.replace('localhost', 'insecure.test')}/bare`);
  const error = await rejection(page, (options) => strongroom.createSession(options), world.options);
  expect(error).toMatchObject({ code: 'insecure_context', hint: expect.stringContaining('https') });
});

test.describe('a vault that takes its time to load', () => {
  let connected;
  const provider = new Promise((resolve) => {
    connected = resolve;
  });
  const wasm = async (_request, response) => {
    await provider;
    response.setHeader('Content-Type', 'application/wasm');
    response.end(await readFile(fileURLToPath(new URL('../../pkg/strongroom_bg.wasm', import.meta.url))));
  };
  // On one address: a browser may take either for localhost.
  test.use({ setting: { provider: { host: '127.0.0.1' }, routes: { '/strongroom/strongroom_bg.wasm': wasm } } });

  test('the browser connects to the provider meanwhile, and the document is left as it was', async ({
    world,
    playwright,
    launchOptions,
  }, info) => {
    // Chromium connects ahead in no profile that is off the record.
    const context = await playwright.chromium.launchPersistentContext(info.outputPath('profile'), launchOptions);
    const [page] = context.pages();
    world.provider.server.once('connection', connected);
    // Else there is no answer.
    await open(page, world);
    expect(await page.locator('link[rel=preconnect]').count()).toBe(0);
    await context.close();
  });
});
