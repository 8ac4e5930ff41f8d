import { expect, open, PLACEMENTS, signIn, state, test } from './harness.mjs';

for (const placement of PLACEMENTS) {
  test.describe(`with the vault in '${placement}'`, () => {
    test.use({ placement });

    test('the story of a user', async ({ page, world }) => {
      const first = await open(page, world, '/app/orders?view=all#top');
      expect(first).toMatchObject({ status: 'signedOut', reason: { code: 'login_required' } });
      expect(await page.evaluate(() => session.placement)).toBe(world.vault ? 'shared' : placement);
      expect(await page.evaluate(() => session.vaultOrigin)).toBe((world.vault ?? world.app).origin);

      const back = await signIn(page, world);
      expect(back).toMatchObject({ status: 'signedIn', user: { sub: 'ada', name: 'Ada Lovelace' } });
      expect(page.url()).toBe(`${world.app.origin}/app/orders?view=all#top`);

      const orders = await page.evaluate((url) => session.fetch(`${url}orders`).then((r) => r.json()), world.api.url);
      expect(orders).toMatchObject({ user: 'ada', orders: [{ id: 1843 }, { id: 1952 }] });

      await page.reload();
      expect(await page.evaluate(() => session.ready.then(({ status, user }) => [status, user.sub]))).toEqual([
        'signedIn',
        'ada',
      ]);

      await page.evaluate(() => void session.signOut().catch(() => {}));
      await page.waitForURL((url) => url.origin === world.provider.issuer);
      await page.waitForURL((url) => url.origin === world.app.origin);
      await page.evaluate(() => session.ready);
      expect(await state(page)).toMatchObject({ status: 'signedOut', reason: { code: 'signed_out' } });
      expect(page.url()).toBe(`${world.app.origin}/`);

      await page.reload();
      expect(await page.evaluate(() => session.ready.then(({ reason }) => reason.code))).toBe('login_required');
    });
  });
}
