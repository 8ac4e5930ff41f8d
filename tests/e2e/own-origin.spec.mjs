// A vault on an origin of its own: the page has neither tokens nor codes, and no say in where they go.
import { misbehaving } from '../providers/misbehave.mjs';
import { frontChannel, sessionManagement } from '../providers/modules.mjs';
import {
  expect,
  frontChannelLogout,
  logIn,
  open,
  openPopup,
  orders,
  outcome,
  rejection,
  requests,
  settled,
  signIn,
  state,
  test,
} from './harness.mjs';

test.use({ placement: 'own-origin' });

test('a redirect signs in and returns, and the page sees neither code nor state', async ({ page, world }) => {
  const seen = [];
  page.on('framenavigated', (frame) => {
    if (frame === page.mainFrame()) seen.push(frame.url());
  });
  expect(await open(page, world, '/app/orders?page=2')).toMatchObject({ reason: { code: 'login_required' } });
  expect(await signIn(page, world, { options: { appState: { cart: 7 } } })).toMatchObject({ user: { sub: 'ada' } });
  expect(page.url()).toBe(`${world.app.origin}/app/orders?page=2`);
  expect(await page.evaluate(() => told.find(([type]) => type === 'callback')[1])).toEqual({
    returnTo: `${world.app.origin}/app/orders?page=2`,
    appState: { cart: 7 },
  });
  expect(await orders(page, world)).toBe(200);
  // What it sees is a ticket for the answer, of no use to it.
  const home = seen.filter((url) => url.startsWith(world.app.origin)).map((url) => new URL(url).searchParams);
  expect(home.filter((query) => query.has('code'))).toEqual([]);
  const states = requests(world, '/auth').map(({ query }) => query.state);
  expect(home.filter((query) => states.includes(query.get('state')))).toEqual([]);
  expect(requests(world, '/token').map(({ origin }) => origin)).toEqual([world.vault.origin]);
});

for (const responseMode of [undefined, 'query', 'fragment']) {
  test(`silent sign-in, popup and sign-out, answered by ${responseMode ?? 'default'}`, async ({ page, world }) => {
    world.options.silent = { responseMode };
    world.options.responseMode = responseMode;
    await open(page, world);
    await logIn(await openPopup(page));
    expect(await outcome(page)).toBe('signed in');
    expect(await state(page)).toMatchObject({ status: 'signedIn', user: { sub: 'ada' } });
    expect(await page.evaluate(() => session.checkSession().then(({ user }) => user.sub))).toBe('ada');
    await page.evaluate(() => void session.signOut({ returnTo: '/app/orders' }));
    await page.waitForURL(`${world.app.origin}/app/orders`);
    expect(await settled(page)).toMatchObject({ status: 'signedOut', reason: { code: 'signed_out' } });
    expect(await rejection(page, () => session.checkSession())).toMatchObject({ code: 'login_required' });
  });
}

test('the page does not see the URL it leaves for, which has the ID token when it signs out', async ({
  page,
  world,
}) => {
  await open(page, world);
  await signIn(page, world);
  const asked = await page.evaluate(
    () =>
      new Promise((resolve) => {
        navigation.addEventListener('navigate', (event) => {
          event.preventDefault();
          resolve(event.destination.url);
        });
        void session.signOut();
      }),
  );
  const ticket = asked.split('#leave=')[1];
  expect(asked).toBe(`${world.vault.origin}/callback.html#leave=${ticket}`);
  expect(ticket).toMatch(/^[\da-f-]{36}$/);
});

test('each popup has its own answer, also of two tabs at once', async ({ page, world, context }) => {
  const other = await context.newPage();
  await open(page, world);
  await open(other, world);
  const [first, second] = [await openPopup(page), await openPopup(other)];
  await second.locator('#username').waitFor();
  await logIn(first);
  expect(await outcome(page)).toBe('signed in');
  await logIn(second, 'grace');
  expect(await outcome(other)).toBe('signed in');
  await expect.poll(() => state(page)).toMatchObject({ user: { sub: 'grace' } });
});

test('a popup has its answer, whatever other scripts of the vault’s origin broadcast', async ({
  page,
  world,
  context,
}) => {
  await open(page, world);
  const popup = await openPopup(page);
  await popup.locator('#username').waitFor();
  const other = await context.newPage();
  await other.goto(`${world.vault.origin}/callback.html`);
  await other.evaluate(() => {
    const channel = new BroadcastChannel('strongroom:callback');
    const foreign = { url: 'https://app.example.com/?code=x&state=foreign' };
    for (const said of [null, 'word', 7, {}, { url: 7 }, { url: 'no URL' }, foreign]) channel.postMessage(said);
  });
  await logIn(popup);
  expect(await page.evaluate(() => outcome)).toBe('signed in');
});

test('a sign-in may end in another tab', async ({ page, world, context }) => {
  await open(page, world);
  let link;
  world.divert = (url) => {
    if (url.searchParams.has('code')) link ??= url.href;
    if (link) url.href = `${world.provider.issuer}/jwks`;
  };
  await page.evaluate(() => void session.signIn({ returnTo: '/app/orders' }));
  await page.waitForURL((url) => url.origin === world.provider.issuer);
  await logIn(page);
  await expect.poll(() => link).toBeTruthy();
  delete world.divert;
  const other = await context.newPage();
  await other.goto(link);
  await other.waitForURL(`${world.app.origin}/app/orders`);
  expect(await settled(other)).toMatchObject({ status: 'signedIn', user: { sub: 'ada' } });
});

test('an answer nobody waits for changes nothing', async ({ page, world }) => {
  await page.goto(`${world.vault.origin}/callback.html?code=x&state=${'srx-r'}${'A'.repeat(43)}`);
  await expect(page.locator('body')).toHaveText('You can close this window.');
  await page.goto(`${world.vault.origin}/callback.html#leave=x`);
  await expect(page.locator('body')).toHaveText('You can close this window.');
  await page.goto(`${world.vault.origin}/vault.html`);
  await expect(page.locator('body')).toContainText('works in a frame');
  expect(await open(page, world)).toMatchObject({ status: 'signedOut' });
});

test('a session that is closed leaves no frame', async ({ page, world }) => {
  await open(page, world);
  expect(await page.locator('iframe').count()).toBe(1);
  await page.evaluate(() => session.close());
  await expect(page.locator('iframe')).toHaveCount(0);
});

const heard = test.extend({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of fixtures from it.
  setting: async ({}, use) => use({ provider: misbehaving(frontChannel).provider }),
});

heard('front-channel sign-out at the vault’s origin is heard', async ({ page, world, context }) => {
  await open(page, world);
  await signIn(page, world);
  const other = await context.newPage();
  const says = (sid) => frontChannelLogout(other, world, { iss: world.provider.issuer, sid });
  await says('another');
  await page.evaluate(() => session.checkSession());
  expect(await orders(page, world)).toBe(200);
  await says('session-1');
  await expect.poll(() => state(page)).toMatchObject({ status: 'signedOut', reason: { code: 'signed_out' } });
});

const watched = test.extend({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of fixtures from it.
  layered: async ({}, use) => use(misbehaving(sessionManagement)),
  setting: async ({ layered }, use) => use({ provider: layered.provider }),
});

watched('the provider’s session is watched from the vault’s frame', async ({ page, world, layered, context }) => {
  Object.assign(world.options, { monitorSession: true, silent: { responseMode: 'query' } });
  layered.layer.sessionStatus = 'unchanged';
  await page.clock.install();
  await open(page, world);
  await signIn(page, world);
  const frames = () => requests(world, '/auth').filter(({ dest }) => dest === 'iframe').length;
  const before = frames();
  await page.clock.runFor(2000);
  await expect.poll(() => layered.layer.asked).toBeGreaterThanOrEqual(1);
  expect(frames()).toBe(before);
  await context.clearCookies();
  layered.layer.sessionStatus = 'changed';
  await page.clock.runFor(2000);
  await expect.poll(() => state(page)).toMatchObject({ status: 'signedOut', reason: { code: 'login_required' } });
});

test.describe('what strongroom.json does not allow', () => {
  const refused = async (page, world, options) => {
    Object.assign(world.options, options);
    const { status, reason } = await open(page, world);
    expect(status).toBe('signedOut');
    expect(requests(world, '/auth')).toEqual([]);
    return reason;
  };

  test('tokens go to no other API, whatever the page says', async ({ page, world }) => {
    const reason = await refused(page, world, { apis: [{ url: 'https://evil.example/' }] });
    expect(reason).toMatchObject({ code: 'invalid_option', message: expect.stringContaining('https://evil.example/') });
    expect(reason.hint).toContain(`${world.vault.origin}/strongroom.json`);
  });

  test('another client is none of its', async ({ page, world }) => {
    expect(await refused(page, world, { clientId: 'spa-consent' })).toMatchObject({ code: 'invalid_option' });
  });

  test('the page has no say in the endpoints of the provider', async ({ page, world }) => {
    const metadata = { issuer: world.provider.issuer, token_endpoint: 'https://evil.example/token' };
    expect(await refused(page, world, { metadata })).toMatchObject({ message: expect.stringContaining('metadata') });
  });

  test.describe('a page that is not listed', () => {
    test.use({ setting: { policies: (own) => [{ ...own, apps: ['https://app.example.com'] }] } });
    test('gets no vault', async ({ page, world }) => {
      const reason = await refused(page, world, {});
      expect(reason).toMatchObject({ code: 'invalid_option', hint: expect.stringContaining(world.app.origin) });
    });
  });

  test.describe('no list at all', () => {
    test.use({ setting: { policies: () => undefined } });
    test('is said', async ({ page, world }) => {
      const reason = await refused(page, world, {});
      expect(reason).toMatchObject({ code: 'unsupported', message: expect.stringContaining('strongroom.json') });
    });
  });

  test.describe('a vault on another site', () => {
    test.use({ setting: { vaultHost: 'auth.elsewhere.localhost' } });
    test('is named as the reason', async ({ page, world }) => {
      expect(await refused(page, world, {})).toMatchObject({
        code: 'unsupported',
        message: expect.stringContaining('another site'),
        hint: expect.stringContaining('sub-domain'),
      });
    });
  });
});

test('a frame that gives no answer is named, with what to look at', async ({ page, world }) => {
  world.options.vault = { origin: `${world.vault.origin}/nowhere/` };
  await page.clock.install();
  await page.goto(world.app.origin);
  await page.locator('iframe[title=Strongroom]').waitFor({ state: 'attached' });
  await page.waitForLoadState('networkidle');
  await page.clock.runFor(16_000);
  expect(await settled(page)).toMatchObject({
    status: 'signedOut',
    reason: {
      code: 'unsupported',
      message: expect.stringContaining(`${world.vault.origin}/nowhere/vault.html`),
      hint: expect.stringContaining(`frame-src ${world.vault.origin}`),
    },
  });
});

test.describe('a script in the page', () => {
  /** What a script gets that opens a vault of its own with these options, and then sends `messages`. */
  const own = (page, world, options, messages = []) =>
    page.evaluate(
      async ([base, options, messages]) => {
        const frame = document.createElement('iframe');
        frame.src = `${base}vault.html`;
        document.body.append(frame);
        await new Promise((resolve) => {
          frame.onload = resolve;
        });
        const { port1, port2 } = new MessageChannel();
        const heard = [];
        const said = new Promise((resolve) => {
          addEventListener('message', ({ source, data }) => {
            if (source === frame.contentWindow && data !== 'here') resolve(data);
          });
        });
        const replied = (id) =>
          new Promise((resolve) => {
            port1.onmessage = ({ data: [message] }) => {
              heard.push(message);
              if (message.reply?.id === id) resolve();
            };
          });
        const start = { type: 'strongroom:open', placement: 'shared', fallback: false, options };
        frame.contentWindow.postMessage(start, '*', [port2]);
        const outcome = await said;
        for (const message of messages) {
          const { id } = message.command ?? {};
          const done = replied(id);
          port1.postMessage([message]);
          if (id) await done;
        }
        return { outcome, heard };
      },
      [`${world.vault.origin}/`, options, messages],
    );

  /** The options that the session itself sends. */
  const wire = (world, changes = {}) => ({
    issuer: world.provider.issuer,
    clientId: 'spa',
    scope: 'openid',
    redirectUri: `${world.app.origin}/`,
    params: [],
    apis: [{ url: world.api.url, resource: world.api.url, scope: 'read:orders' }],
    silent: { onLoad: true, redirectUri: `${world.app.origin}/`, timeoutMs: 10_000 },
    requestTimeoutMs: 10_000,
    userinfo: false,
    dpop: 'off',
    dpopSigningAlg: 'ES256',
    monitorSession: false,
    dangerouslyAcceptHmacIdTokens: false,
    dangerouslyExposeAccessToken: false,
    origin: world.app.origin,
    statePrefix: 'srevil-',
    ...changes,
  });

  test('cannot lead answers or tokens astray', async ({ page, world }) => {
    await open(page, world);
    await signIn(page, world);
    const token = { command: { id: 7, command: { accessToken: {} } } };
    const { outcome, heard } = await own(
      page,
      world,
      wire(world, { dangerouslyExposeAccessToken: true, origin: world.vault.origin, vaultOrigin: world.app.origin }),
      [{ command: { id: 5, command: { start: { callback: `${world.vault.origin}/?code=x&state=y` } } } }, token],
    );
    expect(outcome).toEqual({ placement: 'shared' });
    expect(JSON.stringify(heard)).toContain('"status":"signedIn"');
    expect(heard.at(-1)).toMatchObject({ reply: { id: 7, reply: { error: { code: 'unsupported' } } } });
    const text = JSON.stringify(heard);
    for (const { kind, value } of world.provider.issued) expect(text.includes(value), kind).toBe(false);
    for (const { query } of requests(world, '/auth')) {
      expect(query.redirect_uri).toBe(`${world.vault.origin}/callback.html`);
    }
  });

  test('cannot open the vault anew with other options, nor answer for a frame', async ({ page, world }) => {
    await open(page, world);
    await signIn(page, world);
    const evil = wire(world, { apis: [{ url: 'https://evil.example/', scope: '' }] });
    const { heard } = await own(page, world, wire(world), [
      { command: { id: 1, command: { open: evil } } },
      { answer: { id: 1, answer: { url: `${world.vault.origin}/callback.html?code=stolen` } } },
      { command: { id: 2, command: { checkSession: { params: [] } } } },
      {
        command: {
          id: 3,
          command: { fetch: { url: 'https://evil.example/', method: 'GET', headers: [], init: [], keepalive: false } },
        },
      },
    ]);
    const reply = (id) => heard.find((message) => message.reply?.id === id).reply.reply;
    expect(reply(2)).toMatchObject({ checked: {} });
    expect(reply(3)).toBe('notAnApi');
    expect(
      heard.some((message) => 'ask' in message),
      'no frame is asked of the page',
    ).toBe(false);
  });

  test('reads nothing of a silent flow that it starts itself', async ({ page, world }) => {
    await open(page, world);
    await signIn(page, world);
    const read = await page.evaluate(
      async ([issuer, redirectUri]) => {
        const heard = [];
        addEventListener('message', ({ data }) => heard.push(JSON.stringify(data)));
        for (const mode of ['query', 'fragment', 'web_message']) {
          const url = new URL(`${issuer}/auth`);
          url.search = new URLSearchParams({
            client_id: 'spa',
            redirect_uri: redirectUri,
            response_type: 'code',
            scope: 'openid',
            response_mode: mode,
            prompt: 'none',
            state: `srevil-s${'A'.repeat(43)}`,
            code_challenge: 'A'.repeat(43),
            code_challenge_method: 'S256',
          }).toString();
          const frame = document.createElement('iframe');
          frame.src = url;
          document.body.append(frame);
          await new Promise((resolve) => {
            frame.onload = resolve;
          });
          try {
            heard.push(frame.contentWindow.location.href);
          } catch (error) {
            heard.push(error.name);
          }
        }
        return heard.join('\n');
      },
      [world.provider.issuer, `${world.vault.origin}/callback.html`],
    );
    for (const { kind, value } of world.provider.issued) expect(read.includes(value), kind).toBe(false);
    const atThePage = await page.goto(
      `${world.provider.issuer}/auth?client_id=spa&response_type=code&scope=openid&redirect_uri=${encodeURIComponent(`${world.app.origin}/`)}`,
    );
    expect(atThePage.status()).toBe(400);
  });
});
