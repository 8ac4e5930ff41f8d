// Where attacks are tried: a world with an attacker, and a user who is signed in at its provider.
import { startWorld } from '../../www/servers/world.mjs';
import { placements } from '../attacks/placements.mjs';
import { expect, logIn } from './harness.mjs';

/** The page has next to no Content-Security-Policy here: what holds is to be Strongroom. */
const withoutPolicy = (policy) => {
  for (const directive of Object.keys(policy)) delete policy[directive];
  Object.assign(policy, {
    'default-src': "* data: blob: 'unsafe-inline' 'unsafe-eval'",
    'script-src': "* data: blob: 'unsafe-inline' 'unsafe-eval'",
    'base-uri': '*',
    'form-action': '*',
  });
};

/**
 * Starts a lab, with a world for each placement that wants one of its own.
 * @param {import('@playwright/test').Browser} browser
 * @param {object} [setting] more options of `startWorld`
 */
export function startLab(browser, setting) {
  const rooms = new Map();
  const roomOf = (placement) => {
    const { world } = placements[placement];
    const key = JSON.stringify(world ?? {});
    if (!rooms.has(key)) rooms.set(key, startRoom(browser, { ...setting, ...world }));
    return rooms.get(key);
  };
  return {
    /** Runs an attack in a browser of its own: the verdict. */
    strike: async (attack, when, placement) => (await roomOf(placement)).strike(attack, when, placement),
    close: async () => {
      for (const room of rooms.values()) await (await room).close();
    },
  };
}

async function startRoom(browser, setting) {
  const usual = { attacks: true, csp: withoutPolicy, provider: { consent: 'never' } };
  const world = await startWorld({ ...usual, ...setting });
  const { provider, attacker, app } = world;
  const victim = `${app.origin}/attacks/victim.html`;

  /** The cookies that `context` leaves behind: the provider's session changes with each redirect. */
  async function left(context) {
    const { cookies } = await context.storageState();
    await context.close();
    return { cookies, origins: [] };
  }

  async function loggedIn() {
    const context = await browser.newContext();
    const page = await context.newPage();
    const status = async () => {
      const found = await page.waitForFunction(() => window.session?.ready.then(({ status }) => status));
      return found.jsonValue();
    };
    await page.goto(victim);
    expect(await status()).toBe('signedOut');
    await page.evaluate(() => void window.session.signIn());
    await logIn(page);
    await page.waitForURL((url) => url.origin === app.origin);
    expect(await status()).toBe('signedIn');
    return left(context);
  }

  let known;
  return {
    async strike({ id, signsOut, disturbs }, when, vault) {
      const storageState = known ?? (await loggedIn());
      for (const before of [provider.issued, provider.requests, attacker.arrived]) before.length = 0;
      const context = await browser.newContext({ storageState });
      const run = `${id} ${when} ${vault}`;
      const page = await context.newPage();
      await page.goto(`${victim}?${new URLSearchParams({ attack: id, when, vault, run })}`, { waitUntil: 'commit' });
      const verdict = await world.verdictOf(run);
      known = signsOut ? void (await context.close()) : await left(context);
      if (!disturbs) expect(provider.issued.length, `nothing to steal: ${verdict.problems}`).toBeGreaterThan(0);
      return verdict;
    },
    close: world.close,
  };
}
