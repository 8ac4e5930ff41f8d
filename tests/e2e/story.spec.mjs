import { expect, open, PLACEMENTS, requests, signIn, state, test } from './harness.mjs';

for (const placement of PLACEMENTS) {
  test.describe(`with the vault in '${placement}'`, () => {
    test.use({ placement });

    test('the story of a user', { tag: '@engines' }, async ({ page, world }) => {
      const first = await open(page, world, '/app/orders?view=all#top');
      expect(first).toMatchObject({ status: 'signedOut', reason: { code: 'login_required' } });
      expect(await page.evaluate(() => session.placement)).toBe(world.vault ? 'shared' : placement);
      expect(await page.evaluate(() => session.vaultOrigin)).toBe((world.vault ?? world.app).origin);

      const back = await signIn(page, world);
      expect(back).toMatchObject({ status: 'signedIn', user: { sub: 'ada', name: 'Ada Lovelace' } });
      expect(page.url()).toBe(`${world.app.origin}/app/orders?view=all#top`);
      // By the redirect itself, and not by a hidden frame after it.
      expect(requests(world, '/auth').map(({ query }) => query.prompt)).toEqual(['none', undefined]);

      const orders = await page.evaluate((url) => session.fetch(`${url}orders`).then((r) => r.json()), world.api.url);
      expect(orders).toMatchObject({ user: 'ada', orders: [{ id: 1843 }, { id: 1952 }] });

      await page.reload();
      expect(await page.evaluate(() => session.ready.then(({ status, user }) => [status, user.sub]))).toEqual([
        'signedIn',
        'ada',
      ]);

      await page.evaluate(() => void session.signOut().catch(() => {}));
      // By way of the provider, which is gone before one can look.
      await page.waitForURL((url) => url.href === `${world.app.origin}/`);
      await page.evaluate(() => session.ready);
      expect(await state(page)).toMatchObject({ status: 'signedOut', reason: { code: 'signed_out' } });
      expect(page.url()).toBe(`${world.app.origin}/`);

      await page.reload();
      expect(await page.evaluate(() => session.ready.then(({ reason }) => reason.code))).toBe('login_required');
    });
  });
}
