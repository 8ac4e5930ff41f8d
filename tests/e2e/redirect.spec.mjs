// Sign-in by redirect, and everything that can come back from it.
import {
  expect,
  logIn,
  open,
  orders,
  PLACEMENTS,
  rejection,
  requests,
  settled,
  signIn,
  state,
  test,
} from './harness.mjs';

/** Begins a sign-in and comes to the provider's login page. */
async function leave(page, world, options = {}) {
  await page.evaluate((options) => void session.signIn(options).catch(() => {}), options);
  await page.waitForURL((url) => url.origin === world.provider.issuer);
}

test('a fragment can carry the answer', async ({ page, world }) => {
  world.options.responseMode = 'fragment';
  await open(page, world, '/app/orders#list');
  const answers = [];
  page.on('framenavigated', (frame) => answers.push(frame.url()));
  expect(await signIn(page, world)).toMatchObject({ status: 'signedIn', user: { sub: 'ada' } });
  expect(answers.some((url) => new URL(url).hash.includes('code='))).toBe(true);
  expect(page.url()).toBe(`${world.app.origin}/app/orders#list`);
});

test('inline metadata saves the discovery request', async ({ page, world }) => {
  const discovery = `${world.provider.issuer}/.well-known/openid-configuration`;
  world.options.metadata = await fetch(discovery).then((response) => response.json());
  world.provider.requests.length = 0;
  await open(page, world);
  expect(await signIn(page, world)).toMatchObject({ status: 'signedIn' });
  expect(requests(world, '/.well-known/openid-configuration')).toEqual([]);
});

test('the URL is clean before the session is created, and returnTo and appState come back', {
  tag: '@engines',
}, async ({ page, world }) => {
  await open(page, world);
  await leave(page, world, { returnTo: '/app/orders?page=2', appState: { cart: [7] } });
  await logIn(page);
  await page.waitForURL((url) => url.origin === world.app.origin);
  await settled(page);
  expect(page.url()).toBe(`${world.app.origin}/app/orders?page=2`);
  expect(await page.evaluate(() => told.find(([type]) => type === 'callback')[1])).toEqual({
    returnTo: `${world.app.origin}/app/orders?page=2`,
    appState: { cart: [7] },
  });
  expect(await page.evaluate(() => JSON.stringify([location.href, history.state, document.referrer]))).not.toContain(
    'code',
  );
});

test.describe('a database that gives no answer', () => {
  test.use({ placement: 'closure' });

  test('keeps nobody waiting', async ({ page, world }) => {
    await page.clock.install();
    await open(page, world);
    await page.evaluate(async () => {
      const opening = indexedDB.open('strongroom');
      await new Promise((resolve) => {
        opening.onsuccess = resolve;
      });
      const store = opening.result.transaction('transactions', 'readwrite').objectStore('transactions');
      // It never ends, and all that come later wait for it.
      const on = () => {
        store.get('').onsuccess = on;
      };
      on();
      session.signIn().catch(({ code }) => {
        window.code = code;
      });
    });
    const code = async () => {
      await page.clock.runFor(1000);
      return page.evaluate(() => window.code);
    };
    await expect.poll(code).toBe('storage_unavailable');
    await page.reload();
    expect(await signIn(page, world)).toMatchObject({ status: 'signedIn' });
  });
});

test('a router can restore returnTo itself', async ({ page, world }) => {
  await page.addInitScript(() => {
    window.routed = [];
  });
  await page.route('**/test.js', async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace(
      'createSession({',
      'createSession({ navigate: (url) => routed.push(url), ',
    );
    await route.fulfill({ response, body });
  });
  await open(page, world, '/app/orders');
  await signIn(page, world);
  expect(await page.evaluate(() => routed)).toEqual([`${world.app.origin}/app/orders`]);
  expect(page.url()).toBe(`${world.app.origin}/`);
});

for (const returnTo of ['https://evil.example/', '//evil.example/', '/\\evil.example', 'javascript:alert(1)']) {
  test(`returnTo ${returnTo} is refused before anything is sent`, async ({ page, world }) => {
    await open(page, world);
    const error = await rejection(page, (returnTo) => session.signIn({ returnTo }), returnTo);
    expect(error).toMatchObject({ code: 'invalid_option', message: expect.stringContaining('returnTo') });
    expect(page.url()).toBe(`${world.app.origin}/`);
  });
}

test.describe('with consent', () => {
  test.use({ setting: { provider: { consent: 'once' } } });

  test('a user who denies is signed out with access_denied', async ({ page, world }) => {
    await open(page, world, '/app/orders');
    await leave(page, world);
    await logIn(page);
    await page.getByRole('button', { name: 'Deny' }).click();
    await page.waitForURL((url) => url.origin === world.app.origin);
    expect(await settled(page)).toMatchObject({
      status: 'signedOut',
      reason: { code: 'access_denied', error: 'access_denied', errorDescription: 'The user denied the request' },
    });
    expect(page.url()).toBe(`${world.app.origin}/app/orders`);
    expect(requests(world, '/token')).toEqual([]);
  });
});

test('a state that nobody waits for is refused, and no code is redeemed', async ({ page, world }) => {
  await open(page, world);
  await leave(page, world);
  world.divert = ({ searchParams }) => {
    world.divert = undefined;
    const state = searchParams.get('state');
    searchParams.set('state', state.slice(0, -1) + (state.endsWith('A') ? 'B' : 'A'));
  };
  const before = requests(world, '/token').length;
  await logIn(page);
  await page.waitForURL((url) => url.origin === world.app.origin);
  await settled(page);
  const codes = world.provider.issued.filter(({ kind }) => kind === 'code').map(({ value }) => value);
  // The provider knows the user by now: the page load goes on as one without an answer, and signs in silently.
  expect(codes).toHaveLength(2);
  expect(requests(world, '/token').length - before).toBe(1);
  expect(page.url()).toBe(`${world.app.origin}/`);
});

test('an answer of another issuer is refused', async ({ page, world }) => {
  await open(page, world);
  await leave(page, world);
  world.divert = ({ searchParams }) => searchParams.set('iss', 'https://evil.example');
  await logIn(page);
  await page.waitForURL((url) => url.origin === world.app.origin);
  expect(await settled(page)).toMatchObject({ status: 'signedOut', reason: { code: 'issuer_mismatch' } });
  expect(requests(world, '/token')).toEqual([]);
});

test('an injected code is refused by the provider: the verifier is not its own', async ({ page, world, browser }) => {
  const other = await browser.newPage();
  await open(other, world);
  await leave(other, world);
  let code;
  world.divert = (url) => {
    code = url.searchParams.get('code');
    url.pathname = '/bare';
    url.search = '';
  };
  await logIn(other, 'grace');
  await other.waitForURL('**/bare');
  await open(page, world);
  await leave(page, world);
  world.divert = ({ searchParams }) => searchParams.set('code', code);
  await logIn(page);
  await page.waitForURL((url) => url.origin === world.app.origin);
  expect(await settled(page)).toMatchObject({ status: 'signedOut', reason: { code: 'invalid_grant' } });
  await other.close();
});

test('a replayed callback does no harm', async ({ page, world }) => {
  await open(page, world);
  const answers = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (request.isNavigationRequest() && url.origin === world.app.origin && url.searchParams.has('code'))
      answers.push(url.href);
  });
  await signIn(page, world);
  const codes = () => world.provider.events.filter(({ name }) => name === 'grant.error');
  await page.goto(answers[0]);
  expect(await settled(page)).toMatchObject({ status: 'signedIn', user: { sub: 'ada' } });
  expect(page.url()).toBe(`${world.app.origin}/`);
  expect(codes(), 'the used code is not sent again').toEqual([]);
});

test('a callback that is handled by two sessions signs in both', async ({ page, world }) => {
  await page.route('**/test.js', async (route) => {
    const response = await route.fetch();
    const body = await response.text();
    const twice = body.replace('window.session = createSession(', 'const create = () => createSession(');
    await route.fulfill({
      response,
      body: `${twice.replace(/\nfor/, '\nwindow.session = create(); window.second = create();\nfor')}`,
    });
  });
  await open(page, world);
  expect(await signIn(page, world)).toMatchObject({ status: 'signedIn' });
  expect(await page.evaluate(() => second.ready.then(({ status }) => status))).toBe('signedIn');
  expect(world.provider.events.filter(({ name }) => name === 'grant.error')).toEqual([]);
});

test('a foreign ?code= in the URL is left alone', async ({ page, world }) => {
  const url = '/app/orders?code=20%25&state=California';
  await open(page, world, url);
  expect(page.url()).toBe(world.app.origin + url);
  expect(requests(world, '/token')).toEqual([]);
  await page.goto(`${world.app.origin}/app/orders#state=x&code=y&error=z`);
  await settled(page);
  expect(page.url()).toBe(`${world.app.origin}/app/orders#state=x&code=y&error=z`);
});

for (const placement of PLACEMENTS) {
  test.describe(`with the vault in '${placement}'`, { tag: '@engines' }, () => {
    test.use({ placement });

    test('the back button after a sign-in leads to the app, not to an old answer', async ({ page, world }) => {
      await open(page, world, '/app/orders');
      await signIn(page, world);
      await page.goBack();
      await page.goBack();
      await page.waitForURL((url) => url.origin === world.app.origin);
      // Where the page is the one that the user left, it has to hear of the sign-in.
      await expect.poll(() => state(page)).toMatchObject({ status: 'signedIn' });
      expect(await orders(page, world)).toBe(200);
    });
  });
}

test('a user who comes back from the provider by the back button can sign in again', {
  tag: '@engines',
}, async ({ page, world }) => {
  await open(page, world);
  await leave(page, world);
  await page.goBack();
  await page.waitForURL((url) => url.origin === world.app.origin);
  await settled(page);
  expect(await signIn(page, world)).toMatchObject({ status: 'signedIn' });
});

test('two sign-ins in two tabs do not mix', { tag: '@engines' }, async ({ page, world, context }) => {
  const other = await context.newPage();
  await open(page, world, '/app/orders?tab=1');
  await open(other, world, '/app/orders?tab=2');
  await leave(page, world);
  await leave(other, world);
  await logIn(other);
  await other.waitForURL((url) => url.origin === world.app.origin);
  expect(await settled(other)).toMatchObject({ status: 'signedIn' });
  await logIn(page);
  await page.waitForURL((url) => url.origin === world.app.origin);
  expect(await settled(page)).toMatchObject({ status: 'signedIn' });
  expect([page.url(), other.url()]).toEqual([1, 2].map((tab) => `${world.app.origin}/app/orders?tab=${tab}`));
});

test('every parameter has its name on the wire, in a frame too', async ({ page, world }) => {
  const parameters = {
    loginHint: 'ada',
    acrValues: 'gold',
    uiLocales: 'de',
    display: 'touch',
    device: 'my laptop',
    connection: 'github',
    connectionScope: 'repo',
    organization: 'org_1',
    claims: { id_token: { email: null } },
    authorizationDetails: [{ type: 'payment', amount: 7 }],
    params: { theme: 'dark' },
  };
  const expected = {
    login_hint: 'ada',
    acr_values: 'gold',
    ui_locales: 'de',
    display: 'touch',
    device: 'my laptop',
    connection: 'github',
    connection_scope: 'repo',
    organization: 'org_1',
    claims: '{"id_token":{"email":null}}',
    authorization_details: '[{"type":"payment","amount":7}]',
    theme: 'dark',
  };
  await open(page, world);
  await page.evaluate((options) => session.checkSession(options).catch(() => {}), parameters);
  expect(requests(world, '/auth').at(-1).query).toMatchObject(expected);
  await leave(page, world, { ...parameters, maxAge: 60, prompt: 'login', scope: 'write:orders' });
  const { query } = requests(world, '/auth').find(({ dest }) => dest === 'document');
  expect(query).toMatchObject({ ...expected, max_age: '60', prompt: 'login', resource: world.api.url });
  expect(query.scope.split(' ').sort()).toEqual(['email', 'openid', 'profile', 'read:orders', 'write:orders']);
});

test('parameters of a sign-in reach the provider by their names on the wire', async ({ page, world }) => {
  await open(page, world);
  await leave(page, world, {
    loginHint: 'grace',
    prompt: 'login',
    uiLocales: 'de',
    maxAge: 600,
    params: { theme: 'dark' },
  });
  const { query } = requests(world, '/auth').find(({ dest }) => dest === 'document');
  expect(query).toMatchObject({
    login_hint: 'grace',
    prompt: 'login',
    ui_locales: 'de',
    max_age: '600',
    theme: 'dark',
  });
  expect(query).toMatchObject({
    response_type: 'code',
    code_challenge_method: 'S256',
    scope: expect.stringContaining('openid'),
  });
  await expect(page.locator('#username')).toHaveValue('grace');
  await logIn(page, 'grace');
  await page.waitForURL((url) => url.origin === world.app.origin);
  expect(await state(page)).toBeTruthy();
  expect(await settled(page)).toMatchObject({
    status: 'signedIn',
    user: { sub: 'grace', auth_time: expect.any(Number) },
  });
});

test('ES256 signatures are verified', async ({ page, world }) => {
  world.options.clientId = 'spa-es256';
  await open(page, world);
  expect(await signIn(page, world)).toMatchObject({ status: 'signedIn', user: { sub: 'ada' } });
});

test.describe('a provider whose keys are not those it signs with', () => {
  test.use({
    setting: {
      provider: {
        middleware: async (ctx, next) => {
          await next();
          // The same key ids with the modulus of somebody else.
          if (ctx.path === '/jwks') {
            for (const key of ctx.body.keys) {
              if (key.n) key.n = key.n.slice(0, 40) + key.n.slice(80) + key.n.slice(40, 80);
            }
          }
        },
      },
    },
  });

  test('nobody is signed in', async ({ page, world }) => {
    await open(page, world);
    expect(await signIn(page, world)).toMatchObject({
      status: 'signedOut',
      reason: { code: 'invalid_id_token', claim: 'signature' },
    });
    expect(await rejection(page, (url) => session.fetch(`${url}orders`), world.api.url)).toMatchObject({
      code: 'not_signed_in',
    });
    expect(world.api.requests).toEqual([]);
  });
});
