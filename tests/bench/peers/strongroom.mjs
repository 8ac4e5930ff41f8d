// Strongroom as its users set it up. The page may have the token only where the benchmark asks what that costs.
import { createSession } from 'strongroom';
import { api, clientId, issuer } from './settings.mjs';

export async function start({ resident, run }) {
  const session = createSession({
    issuer,
    clientId,
    apis: [{ url: api, scope: 'read:orders' }],
    // Another configuration is another shared worker: so a page load begins with a warm cache, and without tokens.
    silent: { timeoutMs: 10_000 + run },
    ...(resident && { scope: 'openid profile email offline_access', dangerouslyExposeAccessToken: true }),
  });
  const { status, reason } = await session.ready;
  if (status !== 'signedIn') throw reason;
  const refused = () => `${api}once?id=${crypto.randomUUID()}`;
  return {
    token: () => session.accessToken(),
    call: (url) => session.fetch(url),
    // There is no call that forces a renewal, so an API refuses the token once. The time of the same two API requests
    // without Strongroom is left out.
    async refresh() {
      const [raw, own] = [refused(), refused()];
      const began = performance.now();
      for (let tries = 0; tries < 2; tries++) {
        await (await fetch(raw, { headers: { Authorization: 'Bearer none' } })).arrayBuffer();
      }
      const between = performance.now();
      const response = await session.fetch(own);
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`the API answers ${response.status}`);
      return performance.now() - between - (between - began);
    },
  };
}
