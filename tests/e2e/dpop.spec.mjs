// Tokens bound to a key of the vault (RFC 9449), at the real provider and at an API that checks each proof.
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { expect, open, orders, PLACEMENTS, requests, settled, signIn, test } from './harness.mjs';

/** The proofs that came to the API, their headers and claims. */
const proofs = (world) =>
  world.api.requests
    .filter(({ headers }) => headers.dpop)
    .map(({ headers }) => ({ ...decodeProtectedHeader(headers.dpop), ...decodeJwt(headers.dpop) }));

/** What the provider was asked in a redirect. */
const redirect = (world) =>
  requests(world, '/auth').find(({ dest, query }) => dest === 'document' && query.state).query;

for (const placement of PLACEMENTS) {
  test.describe(`with the vault in '${placement}'`, () => {
    test.use({
      placement,
      setting: {
        provider: {
          configure: (config) => {
            config.features.dPoP.requireNonce = () => true;
          },
        },
        api: { dpopNonce: 'nonce-of-the-api' },
      },
    });

    test('tokens are bound, refreshed and proven, with the nonces that provider and API want', {
      tag: '@engines',
    }, async ({ page, world }) => {
      Object.assign(world.options, { dpop: 'required', scope: 'openid offline_access' });
      await open(page, world);
      expect(await signIn(page, world)).toMatchObject({ status: 'signedIn' });
      expect(await orders(page, world)).toBe(200);
      const refused = `${world.api.url}status?code=401&challenge=DPoP%20error%3D%22invalid_token%22`;
      await page.evaluate((url) => session.fetch(url).then(({ status }) => status), refused);
      expect(world.provider.events.filter(({ grantType }) => grantType === 'refresh_token')).not.toEqual([]);
      expect(
        world.provider.events.filter(({ name, error }) => name === 'grant.error' && error !== 'use_dpop_nonce'),
      ).toEqual([]);
      const seen = proofs(world);
      expect(seen.at(-1)).toMatchObject({ typ: 'dpop+jwt', alg: 'ES256', nonce: 'nonce-of-the-api', htm: 'GET' });
      expect(seen.every(({ jwk }) => !('d' in jwk))).toBe(true);
      expect(
        new Set(
          world.api.requests
            .filter(({ method }) => method === 'GET')
            .map(({ headers }) => headers.authorization?.split(' ')[0]),
        ),
      ).toEqual(new Set(['DPoP']));
    });

    test('a redirect is bound to the key where that outlives it, and so is the next page load', async ({
      page,
      world,
    }) => {
      world.options.dpop = 'required';
      await open(page, world);
      await signIn(page, world);
      await orders(page, world);
      await page.reload();
      expect(await settled(page)).toMatchObject({ status: 'signedIn' });
      await orders(page, world);
      const keys = new Set(proofs(world).map(({ jwk }) => jwk.x));
      expect(keys.size).toBe(1);
      const kept = !world.vault && placement !== 'shared';
      expect('dpop_jkt' in redirect(world)).toBe(kept);
    });
  });
}

test('a sign-out forgets the key', async ({ page, world }) => {
  world.options.dpop = 'required';
  await open(page, world);
  await signIn(page, world);
  await orders(page, world);
  await page.evaluate(() => session.signOut({ local: true }));
  await page.evaluate(() => session.checkSession());
  await orders(page, world);
  expect(new Set(proofs(world).map(({ jwk }) => jwk.x)).size).toBe(2);
});

test('proofs by EdDSA', async ({ page, world }) => {
  Object.assign(world.options, { dpop: 'required', dpopSigningAlg: 'EdDSA' });
  await open(page, world);
  await signIn(page, world);
  expect(await orders(page, world)).toBe(200);
  expect(proofs(world).at(-1)).toMatchObject({ alg: 'EdDSA', jwk: { kty: 'OKP', crv: 'Ed25519' } });
});

/** Gives scripts of the page `keys(mode)`, where keys are kept, and `done(request)`, its result. */
const findKeys = (page) =>
  page.addInitScript(() => {
    window.done = (request) =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    window.keys = async (mode) => {
      const database = await done(indexedDB.open('strongroom'));
      return database.transaction('keys', mode).objectStore('keys');
    };
  });

test('the key cannot be exported, though a script of the origin finds it', async ({ page, world }) => {
  world.options.dpop = 'required';
  await findKeys(page);
  await open(page, world);
  await signIn(page, world);
  const outcomes = await page.evaluate(async () => {
    const [pair] = await done((await keys('readonly')).getAll());
    const attempts = ['jwk', 'pkcs8', 'raw'].map((format) => crypto.subtle.exportKey(format, pair.privateKey));
    return (await Promise.allSettled(attempts)).map(({ status }) => status);
  });
  expect(outcomes).toEqual(['rejected', 'rejected', 'rejected']);
});

for (const [placement, says] of [
  ['worker', 'is what tokens are bound to from the next page load on'],
  ['closure', 'is what tokens are bound to from the next page load on'],
  ['shared', 'is none of the vault’s'],
]) {
  test.describe(`with the vault in '${placement}'`, () => {
    test.use({ placement });

    test(`a key that a script stores ${says}`, async ({ page, world }) => {
      world.options.dpop = 'required';
      await findKeys(page);
      await open(page, world);
      await signIn(page, world);
      const x = await page.evaluate(async () => {
        const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
        const { x } = await crypto.subtle.exportKey('jwk', pair.publicKey);
        const store = await keys('readwrite');
        for (const name of await done(store.getAllKeys())) await done(store.put(pair, name));
        return x;
      });
      await page.reload();
      expect(await settled(page)).toMatchObject({ status: 'signedIn' });
      expect(await orders(page, world)).toBe(200);
      expect(proofs(world).at(-1).jwk.x === x).toBe(placement !== 'shared');
    });
  });
}

test.describe('an access token for the page', () => {
  test('is there if the option says so, and fresh', async ({ page, world }) => {
    world.options.dangerouslyExposeAccessToken = true;
    await open(page, world);
    await signIn(page, world);
    const token = await page.evaluate(() => session.accessToken());
    expect(world.provider.issued.map(({ value }) => value)).toContain(token);
    const answer = (token) =>
      page.evaluate(
        ([url, token]) =>
          fetch(`${url}orders`, { headers: { Authorization: `Bearer ${token}` } }).then((r) => r.status),
        [world.api.url, token],
      );
    expect([await answer(token), await answer('another')]).toEqual([200, 401]);
  });

  test('is refused otherwise', async ({ page, world }) => {
    await open(page, world);
    await signIn(page, world);
    const refusal = await page.evaluate(() => session.accessToken().catch(({ code, hint }) => [code, hint]));
    expect(refusal).toEqual(['unsupported', expect.stringContaining('dangerouslyExposeAccessToken')]);
  });
});
