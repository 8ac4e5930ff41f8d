// One vault for all tabs.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PKG } from '../../www/servers/files.mjs';
import {
  test as base,
  expect,
  logIn,
  open,
  openPopup,
  orders,
  outcome,
  refused,
  requests,
  settled,
  signIn,
  state,
} from './harness.mjs';

const test = base.extend({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of fixtures from it.
  held: async ({}, use) => use({ frames: [] }),
  setting: async ({ held }, use) =>
    use({
      provider: {
        middleware: async (ctx, next) => {
          // Holds the next frames back, as many as there are entries.
          const release = ctx.path === '/auth' && ctx.query.prompt === 'none' ? held.frames.shift() : undefined;
          await release?.();
          return next();
        },
      },
    }),
});

test.use({ placement: 'shared' });

test('it is where the tokens live unless an option says otherwise', async ({ page, world }) => {
  delete world.options.vault;
  await open(page, world);
  expect(await page.evaluate(() => session.placement)).toBe('shared');
});

for (const placement of ['shared', 'own-origin']) {
  test.describe(`with the vault in '${placement}'`, () => {
    test.use({ placement });

    test('a reload and a second tab are signed in without any request to the provider', async ({
      page,
      world,
      context,
    }) => {
      const reload = async () => {
        await page.reload();
        expect(await settled(page)).toMatchObject({ status: 'signedIn', user: { sub: 'ada' } });
      };
      await open(page, world);
      expect(await page.evaluate(() => session.placement)).toBe('shared');
      expect(await signIn(page, world)).toMatchObject({ status: 'signedIn' });
      // The API asks for the keys too, and is no browser.
      const asked = () => world.provider.requests.filter(({ origin, dest }) => origin || dest === 'iframe').length;
      const before = asked();

      const other = await context.newPage();
      expect(await open(other, world)).toMatchObject({ status: 'signedIn', user: { sub: 'ada' } });
      await reload();
      expect([await orders(page, world), await orders(other, world)]).toEqual([200, 200]);
      // Now no other tab keeps the vault alive meanwhile.
      await other.close();
      for (let reloads = 0; reloads < 3; reloads++) await reload();
      expect(await orders(page, world)).toBe(200);
      expect(asked()).toBe(before);
    });

    test('sign-in and sign-out are those of all tabs', { tag: '@engines' }, async ({ page, world, context }) => {
      const other = await context.newPage();
      await open(page, world);
      await open(other, world);
      await signIn(page, world);
      await expect.poll(() => state(other)).toMatchObject({ status: 'signedIn' });
      expect(await orders(other, world)).toBe(200);
      await other.evaluate(() => session.signOut({ local: true }));
      await expect.poll(() => state(page)).toMatchObject({ status: 'signedOut', reason: { code: 'signed_out' } });
    });
  });
}

test('a page says nothing of a signed-out user before it has tried its own way in', async ({
  page,
  world,
  context,
}) => {
  const other = await context.newPage();
  await open(other, world);
  expect(await open(page, world)).toMatchObject({ status: 'signedOut' });
  const told = () => page.evaluate(() => told.map(([type, { status }]) => status ?? type));
  expect(await told()).toEqual(['signedOut']);
  // The vault has outlived the redirect, and knew of nobody until the page came back.
  await signIn(page, world);
  expect(await told()).toEqual(['signedIn', 'callback']);
});

test('callers of all tabs share one renewal', async ({ page, world, context }) => {
  const tabs = [page, await context.newPage(), await context.newPage(), await context.newPage()];
  for (const tab of tabs) await open(tab, world);
  await signIn(page, world);
  for (const tab of tabs) await expect.poll(() => state(tab)).toMatchObject({ status: 'signedIn' });
  // Another API than the first: nobody has a token for it yet.
  world.provider.requests.length = 0;
  await Promise.all(
    tabs.map((tab) => tab.evaluate(() => Promise.all(Array.from({ length: 25 }, () => session.userinfo())))),
  );
  expect(requests(world, '/token')).toHaveLength(1);
  expect(requests(world, '/auth')).toHaveLength(1);
});

test.describe('at expiry', () => {
  test.use({
    setting: {
      routes: {
        // The shared worker with a clock that its pages can set forward.
        '/strongroom/shared.js': async (_request, response) => {
          const clock = `let ahead = 0;
            const now = Date.now;
            Date.now = () => now() + ahead;
            new BroadcastChannel('clock').onmessage = ({ data }) => { ahead = data; };`;
          response.setHeader('Content-Type', 'text/javascript');
          response.end(`${clock}\n${await readFile(join(PKG, 'shared.js'))}`);
        },
      },
    },
  });

  for (const [tabs, callers] of [
    [1, 100],
    [10, 10],
  ]) {
    test(`${tabs * callers} calls from ${tabs === 1 ? 'one tab' : `${tabs} tabs`} make one token request`, async ({
      page,
      world,
      context,
    }) => {
      world.options.scope = 'openid profile email offline_access';
      await open(page, world);
      await signIn(page, world);
      const all = [page];
      while (all.length < tabs) {
        const tab = await context.newPage();
        expect(await open(tab, world)).toMatchObject({ status: 'signedIn' });
        all.push(tab);
      }
      expect(await orders(page, world)).toBe(200);
      world.provider.requests.length = 0;
      await page.evaluate(() => new BroadcastChannel('clock').postMessage(700_000));
      const statuses = await Promise.all(
        all.map((tab) =>
          tab.evaluate(
            ({ url, callers }) =>
              Promise.all(Array.from({ length: callers }, () => session.fetch(url).then(({ status }) => status))),
            { url: `${world.api.url}orders`, callers },
          ),
        ),
      );
      expect(statuses.flat()).toEqual(Array(100).fill(200));
      expect(requests(world, '/token')).toHaveLength(1);
      expect(requests(world, '/auth')).toEqual([]);
      expect(world.provider.events.filter(({ name }) => name === 'grant.error')).toEqual([]);
    });
  }
});

test('a tab that closes leaves the others alone', async ({ page, world, context }) => {
  await open(page, world);
  await signIn(page, world);
  const other = await context.newPage();
  await open(other, world);
  await other.evaluate(() => session.close());
  expect(await state(page)).toMatchObject({ status: 'signedIn' });
  await other.close();
  expect(await orders(page, world)).toBe(200);
});

test('a frame that dies with its tab is asked of another', async ({ page, world, context, held }) => {
  await open(page, world);
  await signIn(page, world);
  const other = await context.newPage();
  await open(other, world);
  let release;
  held.frames.push(
    () =>
      new Promise((resolve) => {
        release = resolve;
      }),
  );
  await other.evaluate((url) => void session.fetch(url).catch(() => {}), refused(world));
  await expect.poll(() => release).toBeTruthy();
  const waiting = orders(page, world);
  await other.close();
  expect(await waiting).toBe(200);
  release();
});

test('another configuration is another vault', async ({ page, world, context }) => {
  await open(page, world);
  await signIn(page, world);
  const before = requests(world, '/auth').length;
  world.options.scope = 'openid email';
  const other = await context.newPage();
  await open(other, world);
  expect(requests(world, '/auth').length).toBe(before + 1);
});

test('no SharedWorker: a worker of the tab takes its place, and says so', async ({ page, world }) => {
  delete world.options.vault;
  await page.addInitScript(() => {
    delete window.SharedWorker;
  });
  await open(page, world);
  expect(await page.evaluate(() => session.placement)).toBe('worker');
  expect(await signIn(page, world)).toMatchObject({ status: 'signedIn' });
});

test('popups, abort and streams work as in a worker', async ({ page, world }) => {
  await open(page, world);
  await logIn(await openPopup(page));
  expect(await outcome(page)).toBe('signed in');
  const [text, aborted] = await page.evaluate(async (url) => {
    const text = await session.fetch(`${url}stream?chunks=2`).then((response) => response.text());
    const controller = new AbortController();
    const never = session.fetch(`${url}never`, { signal: controller.signal }).catch(({ name }) => name);
    controller.abort();
    return [text, await never];
  }, world.api.url);
  expect([text, aborted]).toEqual(['chunk 0\nchunk 1\n', 'AbortError']);
});
