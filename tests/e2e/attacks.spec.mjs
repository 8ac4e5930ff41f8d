// The attack lab: every attack of tests/attacks, on a live session in each placement, against the real provider.
//
// The app has no Content-Security-Policy here: what holds is to be Strongroom.
import { test as base, expect } from '@playwright/test';
import { startWorld } from '../../www/servers/world.mjs';
import { attacks } from '../attacks/attacks.mjs';
import { placements, times } from '../attacks/placements.mjs';
import { signIn } from './harness.mjs';

const withoutPolicy = (policy) => {
  for (const directive of Object.keys(policy)) delete policy[directive];
};

const test = base.extend({
  /** A world, and browsers in which a user is signed in at its provider. */
  lab: [
    async ({ browser }, use) => {
      const world = await startWorld({ attacks: true, csp: withoutPolicy, provider: { consent: 'never' } });
      const loggedIn = async () => {
        const context = await browser.newContext();
        const page = await context.newPage();
        await page.goto(`${world.app.origin}/attacks/victim.html`);
        await page.waitForFunction(() => window.session?.ready.then(() => true));
        await signIn(page, world);
        const state = await context.storageState();
        await context.close();
        return { cookies: state.cookies, origins: [] };
      };
      const known = await loggedIn();
      await use({
        /** Runs an attack: the verdict. */
        async strike(attack, when, vault) {
          const storageState = attack.signsOut ? await loggedIn() : known;
          for (const before of [world.provider.issued, world.provider.requests, world.attacker.arrived])
            before.length = 0;
          const context = await browser.newContext({ storageState });
          const run = `${attack.id} ${when} ${vault}`;
          const query = new URLSearchParams({ attack: attack.id, when, vault, run });
          const page = await context.newPage();
          await page.goto(`${world.app.origin}/attacks/victim.html?${query}`, { waitUntil: 'commit' });
          const verdict = await world.verdictOf(run);
          await context.close();
          return verdict;
        },
      });
      await world.close();
    },
    { scope: 'worker' },
  ],
});

for (const attack of attacks) {
  for (const when of times.filter((time) => time === 'after' || attack.when === 'both')) {
    test(`${attack.id}, ${when} creation`, async ({ lab }) => {
      for (const vault of Object.keys(placements)) {
        const reason = attack.lost?.[when]?.[vault];
        const { outcome, found, problems } = await lab.strike(attack, when, vault);
        const cell = [attack.id, when, vault, outcome, outcome === 'lost' ? reason : undefined];
        test.info().annotations.push({ type: 'attack', description: JSON.stringify(cell) });
        expect.soft(outcome, `in '${vault}': ${found.join(', ')}`).toBe(reason ? 'lost' : 'safe');
        if (!attack.disturbs) expect.soft(problems, `in '${vault}', the app goes on working`).toEqual([]);
      }
    });
  }
}
