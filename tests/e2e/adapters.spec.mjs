// The apps and recipes of the documentation, as they stand there, and the session for tests of applications.
import { readFileSync } from 'node:fs';
import { contract } from '../contract.mjs';
import { block, bundled, files, section } from './documentation.mjs';
import { test as base, expect, logIn, open, requests, signIn } from './harness.mjs';

const { 'session.js': session } = files(section('README.md', 'Frameworks').split('\n### ')[0]);

const serve = (type, text) => async (_request, response) => {
  response.setHeader('Content-Type', type);
  response.end(await text());
};

const HTML = `<!doctype html>
<html lang="en"><meta charset="utf-8"><base href="/"><link rel="icon" href="data:,"><title>Orders</title>
<body><div id="app"></div><app-root></app-root><script type="module" src="/main.js"></script></body></html>`;

/** What the documentation says instead of what is so here. */
const names = (world) => [
  ['https://login.example.com', world.provider.issuer],
  ['https://api.example.com/', world.api.url],
];

const test = base.extend({
  /** The files of the app, and the first of them. */
  app: [{}, { option: true }],
  setting: async ({ app: { code, entry, csp } }, use) => {
    const html = serve('text/html; charset=utf-8', () => HTML);
    const main = serve('text/javascript', () => bundled({ ...code, 'session.js': session }, entry, names(main.world)));
    await use({
      routes: {
        ...(entry && { '/': html, '/orders': html, '/main.js': main }),
        '/contract.mjs': serve('text/javascript', () => contractSource),
      },
      csp,
      main,
    });
  },
  world: async ({ world, setting }, use) => {
    setting.main.world = world;
    await use(world);
  },
});

/** These frameworks make HTML of templates under Trusted Types policies of their own; and Angular is compiled in the page. */
const templates = (policy) => {
  policy['trusted-types'] = '*';
};
const compiler = (policy) => {
  delete policy['require-trusted-types-for'];
  delete policy['trusted-types'];
  policy['script-src'] += " 'unsafe-eval'";
};

for (const [framework, entry, csp] of [
  ['React', 'main.jsx'],
  ['Vue', 'main.js', templates],
  ['Svelte', 'main.js', templates],
  ['Angular', 'main.ts', compiler],
]) {
  test.describe(`the ${framework} app of the documentation`, () => {
    const code = files(section('README.md', framework));
    if (framework === 'Angular') code[entry] = `import '@angular/compiler';\n${code[entry]}`;
    test.use({ app: { code, entry, csp } });

    test('signs in by redirect, shows user and orders, and signs out', async ({ page, world }) => {
      await page.goto(`${world.app.origin}/orders`);
      await page.waitForURL((url) => url.origin === world.provider.issuer);
      await logIn(page);
      await expect(page.getByRole('heading')).toHaveText('Orders of Ada Lovelace');
      await expect(page.getByRole('listitem')).toHaveText(['Notes on the Analytical Engine', 'A compiler']);
      expect(page.url()).toBe(`${world.app.origin}/orders`);
      // One silent try, and one sign-in.
      expect(requests(world, '/auth').map(({ query }) => query.prompt)).toEqual(['none', undefined]);

      await page.reload();
      await expect(page.getByRole('listitem')).toHaveCount(2);
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.waitForURL(`${world.app.origin}/`);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL((url) => url.origin === world.provider.issuer);
      expect(requests(world, '/session/end')).not.toEqual([]);
    });
  });
}

test.describe('the recipes of the documentation', () => {
  const titles = ['axios', 'ky', 'ofetch', 'openapi-fetch', 'TanStack Query', 'Apollo', 'urql'];
  const code = Object.fromEntries(
    titles.map((title, at) => [`recipe${at}.js`, block(section('docs/recipes.md', title))]),
  );
  code['main.js'] = `${titles.map((_, at) => `import { orders as orders${at} } from './recipe${at}.js';`).join('\n')}
    import { session } from './session.js';
    Object.assign(window, { session, recipes: [${titles.map((_, at) => `orders${at}`)}] });`;
  test.use({ app: { code, entry: 'main.js' } });

  test('call an API as the user, and tell why they cannot', async ({ page, world }) => {
    await open(page, world);
    await signIn(page, world);
    for (const [at, title] of titles.entries()) {
      const before = world.api.requests.length;
      const items = await page.evaluate((at) => recipes[at]().then((orders) => orders.map(({ item }) => item)), at);
      expect([title, items]).toEqual([title, ['Notes on the Analytical Engine', 'A compiler']]);
      const sent = world.api.requests.slice(before).find(({ method }) => method !== 'OPTIONS');
      expect([title, sent?.headers.authorization]).toEqual([title, expect.stringMatching(/^Bearer ey/)]);
    }
    await page.evaluate(() => session.signOut({ local: true }));
    for (const [at, title] of titles.entries()) {
      const said = await page.evaluate(
        (at) =>
          recipes[at]().then(
            () => 'it did not reject',
            (error) => [error, error.cause, error.networkError].some((error) => error?.code === 'not_signed_in'),
          ),
        at,
      );
      expect([title, said]).toEqual([title, true]);
    }
  });
});

const contractSource = readFileSync(new URL('../contract.mjs', import.meta.url), 'utf8');

for (const [at, { name, signedIn, expected }] of contract.entries()) {
  test(`a real session is as the one for tests: ${name}`, async ({ page, world, context }) => {
    let user = 'ada';
    context.on('page', (popup) => logIn(popup, user).catch(() => {}));
    await page.exposeFunction('forget', () => context.clearCookies());
    await page.exposeFunction('next', (sub) => {
      user = sub;
    });
    await open(page, world);
    if (signedIn) await signIn(page, world);
    const outcome = await page.evaluate(
      async ([at, api, elsewhere]) => {
        const { contract } = await import('/contract.mjs');
        const kit = {
          api,
          elsewhere,
          expire: (session) =>
            forget()
              .then(() => session.checkSession())
              .catch(() => {}),
          become: (session, sub) => next(sub).then(() => session.signIn({ popup: true, prompt: 'login' })),
        };
        return contract[at].run(session, kit);
      },
      [at, world.api.url, `${world.app.origin}/config.json`],
    );
    expect(outcome).toEqual(expected);
  });
}
