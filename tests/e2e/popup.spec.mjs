// Sign-in in a popup.
import { expect, logIn, open, openPopup, outcome, rejection, settled, signIn, state, test } from './harness.mjs';

for (const [name, silent] of [
  ['a web message', {}],
  ['the callback page', { silent: { responseMode: 'query' }, redirectUri: '/callback.html', responseMode: 'query' }],
  ['the app itself', { responseMode: 'query' }],
]) {
  test(`is answered by ${name}`, { tag: '@engines' }, async ({ page, world }) => {
    Object.assign(world.options, silent);
    await open(page, world, '/app/orders');
    const popup = await openPopup(page);
    await logIn(popup);
    expect(await outcome(page)).toBe('signed in');
    expect(await state(page)).toMatchObject({ status: 'signedIn', user: { sub: 'ada' } });
    await expect.poll(() => popup.isClosed()).toBe(true);
    expect(page.url()).toBe(`${world.app.origin}/app/orders`);
  });
}

test.describe('with Cross-Origin-Opener-Policy', () => {
  test.use({ setting: { headers: { 'Cross-Origin-Opener-Policy': 'same-origin' } } });

  test('the answer comes over a channel of this origin', { tag: '@engines' }, async ({ page, world }) => {
    Object.assign(world.options, { redirectUri: '/callback.html', responseMode: 'query' });
    await open(page, world);
    const popup = await openPopup(page);
    await logIn(popup);
    expect(await outcome(page)).toBe('signed in');
    expect(await state(page)).toMatchObject({ status: 'signedIn', user: { sub: 'ada' } });
  });
});

for (const placement of ['worker', 'own-origin']) {
  test.describe(`with the vault in '${placement}'`, () => {
    test.use({ placement });

    test('a popup that the user closes is popup_closed, and another can be opened', async ({ page, world }) => {
      await page.clock.install();
      await open(page, world);
      const popup = await openPopup(page);
      await popup.locator('#username').waitFor();
      await page.clock.runFor(300);
      await popup.close();
      await page.clock.runFor(1500);
      expect(await outcome(page)).toBe('popup_closed');
      expect(await settled(page)).toMatchObject({ status: 'signedOut', reason: { code: 'login_required' } });
      await logIn(await openPopup(page));
      expect(await outcome(page)).toBe('signed in');
    });
  });
}

test.describe('cut off from its opener', () => {
  test.use({ setting: { headers: { 'Cross-Origin-Opener-Policy': 'same-origin' } } });

  test('a popup that may be closed has a minute to answer, and a second one ends the wait', async ({ page, world }) => {
    Object.assign(world.options, { redirectUri: '/callback.html', responseMode: 'query' });
    await page.clock.install();
    await open(page, world);
    // From here on only the test lets time pass.
    await page.clock.pauseAt(Date.now() + 1000);
    const first = await openPopup(page);
    await first.locator('#username').waitFor();
    await page.evaluate(() => {
      window.first = outcome;
      outcome.then((outcome) => {
        window.ended = outcome;
      });
    });
    await page.clock.runFor(59_000);
    expect(await page.evaluate(() => window.ended)).toBeUndefined();
    const second = await openPopup(page);
    expect(await page.evaluate(() => first)).toBe('popup_closed');
    await second.locator('#username').waitFor();
    await page.clock.runFor(61_000);
    expect(await outcome(page)).toBe('popup_closed');
  });
});

test('a popup that the browser refuses is popup_blocked, with what to do', { tag: '@engines' }, async ({
  page,
  world,
}) => {
  await open(page, world);
  const error = await rejection(page, () => {
    window.open = () => null;
    return session.signIn({ popup: true });
  });
  expect(error).toMatchObject({ code: 'popup_blocked', hint: expect.stringContaining('click') });
});

test('a second popup is refused, and the first goes on', async ({ page, world }) => {
  await open(page, world);
  const popup = await openPopup(page);
  expect(await rejection(page, () => session.signIn({ popup: true }))).toMatchObject({ code: 'popup_blocked' });
  await logIn(popup);
  expect(await outcome(page)).toBe('signed in');
});

test('a caller may give up', async ({ page, world }) => {
  await open(page, world);
  const popup = await openPopup(page);
  await popup.locator('#username').waitFor();
  await page.evaluate(() => giveUp());
  expect(await outcome(page)).toBe('AbortError');
  await expect.poll(() => popup.isClosed()).toBe(true);
  expect(await signIn(page, world)).toMatchObject({ status: 'signedIn' });
});

test.describe('with consent', () => {
  test.use({ setting: { provider: { consent: 'once' } } });

  test('a user who denies leaves access_denied', async ({ page, world }) => {
    await open(page, world);
    const popup = await openPopup(page);
    await logIn(popup);
    await popup.getByRole('button', { name: 'Deny' }).click();
    expect(await outcome(page)).toBe('access_denied');
    expect(await state(page)).toMatchObject({ status: 'signedOut' });
  });
});
