// "Try to steal this token", as a visitor sees it.
import { test as base, expect } from '@playwright/test';
import { startWorld } from '../../www/servers/world.mjs';
import { attacks } from '../attacks/attacks.mjs';
import { logIn } from './harness.mjs';

const test = base.extend({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of fixtures from it.
  world: async ({}, use) => {
    const world = await startWorld({ attacks: true, provider: { consent: 'never' } });
    await use(world);
    await world.close();
  },
});

/** Opens the page in a placement, and signs in there. */
async function open(page, world, vault) {
  await page.goto(`${world.app.origin}/?vault=${vault}`);
  await page.getByRole('link', { name: 'Try to steal one' }).click();
  await page.getByRole('button', { name: 'Sign in' }).click();
  await logIn(page);
  await expect(page.getByRole('button', { name: 'Run all attacks' })).toBeVisible();
  expect(page.url()).toBe(`${world.app.origin}/attack.html?vault=${vault}`);
}

/** An attack has its own page load, sign-in and use of the session. */
const PATIENTLY = { timeout: 15_000 };

const row = (page, id) => page.getByRole('listitem').filter({ has: page.getByText(id, { exact: true }) });
const run = (page, id) => page.getByRole('button', { name: `Run ${id}`, exact: true }).click();
const fits = async (page) =>
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);

for (const [vault, outcome, why] of [
  ['closure', 'lost', 'an access token'],
  ['worker', 'safe', 'no token'],
  ['shared', 'safe', 'no token'],
]) {
  test(`a visitor replaces fetch, with the tokens in '${vault}'`, async ({ page, world }) => {
    await page.setViewportSize({ width: vault === 'closure' ? 390 : 1280, height: 800 });
    await open(page, world, vault);
    await fits(page);
    await run(page, 'hook-fetch');
    await expect(row(page, 'hook-fetch').getByText(outcome, { exact: true })).toBeVisible(PATIENTLY);
    await expect(row(page, 'hook-fetch')).toContainText(why);
    await expect(page.getByRole('status', { name: 'Outcome so far' })).toContainText(`1 of ${attacks.length} tried`);
    await fits(page);
  });
}

test('a visitor steals a token by a silent sign-in, and is told why nothing stops that', async ({ page, world }) => {
  await open(page, world, 'worker');
  await run(page, 'flow-silent-message');
  const attacked = row(page, 'flow-silent-message');
  await expect(attacked.getByText('lost', { exact: true })).toBeVisible(PATIENTLY);
  await expect(attacked).toContainText('5.1.3');
});

test('what one script leaves behind is no loot of the next', async ({ page, world }) => {
  test.setTimeout(60_000);
  await open(page, world, 'shared');
  for (const [id, outcome] of [
    ['storage-transaction', 'lost'],
    ['storage-indexeddb', 'safe'],
  ]) {
    await run(page, id);
    await expect(row(page, id).getByText(outcome, { exact: true })).toBeVisible({ timeout: 25_000 });
  }
});

test('a visitor runs the scripts before Strongroom is loaded, one after another, until it is enough', async ({
  page,
  world,
}) => {
  await open(page, world, 'worker');
  await page.getByLabel('before Strongroom is loaded').check();
  await expect(row(page, 'storage-files')).toBeHidden();
  await page.getByRole('button', { name: 'Run all attacks' }).click();
  await expect(row(page, 'storage-events').getByText('safe', { exact: true })).toBeVisible(PATIENTLY);
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByRole('button', { name: 'Run all attacks' })).toBeEnabled(PATIENTLY);
  await expect(page.getByRole('status', { name: 'Outcome so far' })).toContainText('0 lost');
});
