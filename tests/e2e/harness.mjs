// A world of its own for each test: app, API and provider, and a page with a session.
import { expect, test as inChromium } from '@playwright/test';
import { startWorld } from '../../www/servers/world.mjs';
import { test as byWebDriver } from '../engines/fixtures.mjs';

export { expect };

const html = (script) => `<!doctype html>
<html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>Test</title><script type="module" src="${script}"></script></html>`;

/** The script of the test page: a session as `window.session`, and what it told as `window.told`. */
const script = (options) => `
import { createSession } from '/strongroom/index.js';
window.told = [];
window.session = createSession(${JSON.stringify(options)});
for (const type of ['statechange', 'callback']) {
  session.addEventListener(type, ({ detail }) => told.push([type, detail]));
}
`;

const send = (type, text) => (_request, response) => {
  response.setHeader('Content-Type', type);
  response.end(text());
};

/** Koa middleware of the provider: lets a test change where it sends the browser. */
const diverted = (world) => async (ctx, next) => {
  await next();
  const location = ctx.response.get('location');
  const { app, vault = app } = world();
  if (!location?.startsWith(`${vault.origin}/`)) return;
  const url = new URL(location);
  await world().divert?.(url);
  ctx.set('location', url.href);
};

/**
 * @typedef {object} World
 * @property {object} options of the session of pages that load from now on; to be changed by tests
 * @property {(url: URL) => void | Promise<void>} [divert] changes a redirect URI with its answer, or a return from a sign-out
 */
/** Every place for a vault. */
export const PLACEMENTS = ['shared', 'worker', 'closure', 'own-origin'];

const base = process.env.STRONGROOM_WEBDRIVER ? byWebDriver : inChromium;

export const test = base.extend({
  /** Where the vault is: by default where a page load begins anew. */
  placement: ['worker', { option: true }],
  /** What a test changes about its world: the options of `startWorld`. */
  setting: [{}, { option: true }],
  world: async ({ setting, placement }, use, { project }) => {
    // Its public suffix list has no localhost: to WebKit, each name under it is a site of its own.
    test.skip(placement === 'own-origin' && project.name === 'webkit', 'needs a domain');
    const middleware = [diverted(() => world), ...[setting.provider?.middleware ?? []].flat()];
    const world = await startWorld({
      ownOrigin: placement === 'own-origin',
      ...setting,
      provider: { consent: 'never', ...setting.provider, middleware },
      routes: {
        '/': send('text/html; charset=utf-8', () => html('/test.js')),
        '/app/orders': send('text/html; charset=utf-8', () => html('/test.js')),
        '/bare': send('text/html; charset=utf-8', () => html('/bare.js')),
        '/bare.js': send(
          'text/javascript',
          () => `import * as strongroom from '/strongroom/index.js'; window.strongroom = strongroom;`,
        ),
        '/test.js': send('text/javascript', () => script(world.options)),
        ...setting.routes,
      },
    });
    world.options = {
      issuer: world.provider.issuer,
      clientId: 'spa',
      apis: [{ url: world.api.url, resource: world.api.url, scope: 'read:orders' }],
      vault: { ...(world.vault ? { origin: `${world.vault.origin}/` } : { placement }), fallback: false },
    };
    await use(world);
    await world.close();
  },
  /** A page that fails its test when it throws something that nobody catches. */
  page: async ({ page }, use) => {
    const uncaught = [];
    page.on?.('pageerror', (error) => uncaught.push(String(error)));
    await use(page);
    expect(uncaught).toEqual([]);
  },
});

/** Opens the app and waits until the session knows who is there. */
export async function open(page, world, path = '/') {
  await page.goto(world.app.origin + path);
  return settled(page);
}

/** The state that `session.ready` gives, as plain data. */
export async function settled(page) {
  await page.evaluate(definePlain);
  return page.evaluate(async () => plain(await window.session.ready));
}

/** The state now, as plain data. */
export async function state(page) {
  await page.evaluate(definePlain);
  return page.evaluate(() => plain(window.session.state));
}

function definePlain() {
  window.plain = (value) => {
    // By its stack: a driver's own realm has another Error.
    if (typeof value?.stack === 'string')
      return { ...value, message: value.message, reasons: value.reasons?.map(window.plain) };
    if (Array.isArray(value)) return value.map(window.plain);
    if (value && typeof value === 'object') {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, window.plain(item)]));
    }
    return value;
  };
}

/** Fills the provider's login form. */
export async function logIn(page, user = 'ada') {
  await page.locator('#username').fill(user);
  await page.locator('#password').fill(user);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Signs in by redirect, from a page that is open. */
export async function signIn(page, world, { user = 'ada', options = {} } = {}) {
  await page.evaluate((options) => void window.session.signIn(options).catch(() => {}), options);
  await page.waitForURL((url) => url.origin === world.provider.issuer);
  await logIn(page, user);
  await page.waitForURL((url) => url.origin === world.app.origin);
  return settled(page);
}

/** Opens a popup for signing in, by a click; how that ends is told by `outcome`, and `giveUp()` in the page ends it. */
export async function openPopup(page) {
  await page.evaluate(() => {
    document.querySelector('#popup')?.remove();
    const button = Object.assign(document.createElement('button'), { id: 'popup', textContent: 'Sign in' });
    button.onclick = () => {
      const controller = new AbortController();
      window.giveUp = () => controller.abort();
      window.outcome = session.signIn({ popup: true, signal: controller.signal }).then(
        () => 'signed in',
        (error) => (error.name === 'StrongroomError' ? error.code : error.name),
      );
    };
    document.body.append(button);
  });
  const opened = page.waitForEvent('popup');
  // A test may have stopped the page's clock: nobody waits until the button keeps still.
  await page.locator('#popup').click({ force: true });
  return opened;
}

/** How the sign-in in the last popup has ended: `signed in`, or the code or name of the error. */
export const outcome = (page) => page.evaluate(() => window.outcome);

/** The status of a call of the API. */
export const orders = (page, world) =>
  page.evaluate((url) => session.fetch(`${url}orders`).then(({ status }) => status), world.api.url);

/** A URL of the API that refuses the token, so that the next one must be had. */
export const refused = (world) => `${world.api.url}status?code=401&challenge=Bearer%20error%3D%22invalid_token%22`;

/** Has a page of the provider load the front-channel logout page of the app, or of the vault's own origin. */
export async function frontChannelLogout(page, world, parameters) {
  const { origin } = world.vault ?? world.app;
  const query = new URLSearchParams({ app: origin, with: new URLSearchParams(parameters) });
  const loaded = page.waitForResponse((response) => response.url().includes('/frontchannel.js'));
  await page.goto(`${world.provider.issuer}/op-logout?${query}`);
  await loaded;
}

/** The error that `run` in the page rejects with, as plain data. */
export async function rejection(page, run, argument) {
  await page.evaluate(definePlain);
  return page.evaluate(`(async () => {
    try { await (${run})(${JSON.stringify(argument)}); } catch (error) { return plain(error); }
    throw new Error('it did not reject');
  })()`);
}

/** The requests to the provider at `path`. */
export function requests(world, path) {
  return world.provider.requests.filter((request) => request.path === path);
}
