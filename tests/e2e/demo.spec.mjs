// The demo as a visitor sees it.
import { test as base, expect } from '@playwright/test';
import { startWorld } from '../../www/servers/world.mjs';

const test = base.extend({
  ownOrigin: [false, { option: true }],
  world: async ({ ownOrigin }, use) => {
    const world = await startWorld({ ownOrigin });
    await use(world);
    await world.close();
  },
});

const press = (page, name) => page.getByRole('button', { name, exact: true }).click();

for (const [vault, scheme, width] of [
  ['shared', 'light', 1280],
  ['worker', 'dark', 800],
  ['closure', 'dark', 360],
  ['own-origin', 'light', 360],
]) {
  test.describe(`the vault in '${vault}', ${scheme}, ${width} pixels wide`, () => {
    test.use({ colorScheme: scheme, viewport: { width, height: 800 }, ownOrigin: vault === 'own-origin' });

    test('the story of the first paragraph', async ({ page, world }) => {
      const problems = [];
      page.on('pageerror', (error) => problems.push(String(error)));
      const narrow = async () => {
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(overflow, 'nothing is wider than the window').toBeLessThanOrEqual(0);
      };

      await page.goto(`${world.app.origin}/?vault=${vault}`);
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('You are signed out');
      await narrow();
      await press(page, 'Sign in');
      await page.getByLabel('User name').fill('ada');
      await page.getByLabel('Password').fill('wrong');
      await press(page, 'Sign in');
      await expect(page.getByRole('alert')).toContainText('do not match');
      await narrow();
      await page.getByLabel('Password').fill('ada');
      await press(page, 'Sign in');
      await expect(page.getByRole('listitem').filter({ hasText: 'Read your orders' })).toBeVisible();
      await narrow();
      await press(page, 'Allow');

      await expect(page.getByRole('heading', { level: 1 })).toHaveText('Hello, Ada');
      await expect(page).toHaveURL(`${world.app.origin}/?vault=${vault}`);
      await expect(page.getByRole('definition').first()).toHaveText('Ada Lovelace');
      await page.getByText('All claims').click();
      await expect(page.locator('#claims-body')).toContainText('"email_verified": true');
      expect(await page.evaluate(() => [session.placement, session.vaultOrigin])).toEqual(
        world.vault ? ['shared', world.vault.origin] : [vault, world.app.origin],
      );

      await press(page, 'Get my orders');
      await expect(page.locator('#answer')).toContainText('Notes on the Analytical Engine');
      await press(page, 'Place an order');
      await expect(page.locator('#answer')).toContainText('201 Created');
      await press(page, 'Ask without a token');
      await expect(page.locator('#answer')).toContainText('401 Unauthorized WWW-Authenticate: Bearer');
      await press(page, 'Ask a URL that is not listed');
      await expect(page.locator('#answer')).toContainText('"token": false');
      await press(page, 'Sign in silently');
      const log = page.getByRole('log');
      await expect(log).toContainText('Ada Lovelace is signed in');
      await narrow();
      const text = await page.locator('html').innerHTML();
      for (const { value } of world.provider.issued) expect(text).not.toContain(value);

      await page.reload();
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('Hello, Ada');
      await press(page, 'Sign out here only');
      await expect(page.locator('#standing')).toHaveText('You have signed out.');
      await press(page, 'Get my orders');
      await expect(log).toContainText('not_signed_in');
      await expect(page.locator('#hint')).toBeVisible();
      const opened = page.waitForEvent('popup');
      await press(page, 'Sign in with a popup');
      // The provider knows the user, and has been given consent: the popup answers at once.
      await opened;
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('Hello, Ada');
      await press(page, 'Sign out');
      await expect(log).toContainText('back from the provider');
      await expect(page.locator('#standing')).toHaveText('You have signed out.');
      await page.reload();
      await expect(page.locator('#standing')).toHaveText('Nobody is signed in at the provider.');
      expect(problems).toEqual([]);
    });
  });
}

test('every control has a name and can be reached by keyboard', async ({ page, world }) => {
  await page.goto(world.app.origin);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('You are signed out');
  const expected = await page
    .locator('a:visible, button:visible')
    .evaluateAll((controls) => controls.map((c) => c.textContent.trim()));
  expect(expected.every(Boolean)).toBe(true);
  const reached = [];
  for (let presses = 0; presses < expected.length; presses++) {
    await page.keyboard.press('Tab');
    reached.push(await page.evaluate(() => document.activeElement.textContent.trim()));
  }
  expect(reached).toEqual(expected);
});
