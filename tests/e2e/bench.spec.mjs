// The benchmark's world: pages that get a token there, with and without Strongroom.
import { PEERS } from '../bench/peers.mjs';
import { startServers } from '../bench/servers.mjs';
import { signInAtProvider } from '../bench/user.mjs';
import { expect, test } from './harness.mjs';

test('the benchmark’s pages of Strongroom and of the floor have a token for the API', async ({ page }) => {
  // Bundling and compressing takes its time.
  test.setTimeout(60_000);
  const world = await startServers(PEERS.filter(({ name }) => ['strongroom', 'floor'].includes(name)));
  await page.addInitScript(() => {
    window.bench = Promise.withResolvers();
  });
  await signInAtProvider(page, world);
  for (const peer of ['strongroom', 'floor']) {
    await page.goto(`${world.app.origin}/bench/${peer}/`);
    const status = (url) => window.bench.promise.then(({ call }) => call(url)).then(({ status }) => status);
    expect(await page.evaluate(status, `${world.api.url}orders`)).toBe(200);
  }
  await world.close();
});
