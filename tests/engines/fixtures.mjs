// The page of a test in another engine than Chromium.
import { test as base } from '@playwright/test';
import { isThere, startDriver } from './drivers.mjs';
import { WebDriverContext } from './page.mjs';

export const test = base.extend({
  engine: ['firefox', { option: true, scope: 'worker' }],
  driver: [
    async ({ engine }, use) => {
      const driver = isThere(engine) ? await startDriver(engine) : undefined;
      await use(driver);
      driver?.end();
    },
    { scope: 'worker' },
  ],
  context: async ({ driver, engine }, use, { skip }) => {
    skip(!driver, `there is no ${engine} on this machine`);
    const browser = await driver.browse();
    await use(new WebDriverContext(browser));
    await browser.quit();
  },
  page: async ({ context }, use) => use(await context.firstPage()),
});
