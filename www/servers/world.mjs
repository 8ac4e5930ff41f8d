// The servers of the demo, wired to one another.
import { startApi } from './api.mjs';
import { contentSecurityPolicy, startApp } from './app.mjs';
import { judge, keepVerifiers, startAttacker, verdicts } from './attacks.mjs';
import { startProvider } from './provider.mjs';

/**
 * Starts app, API and provider on free ports of loopback.
 * @param {object} [options]
 * @param {number} [options.port] the app's
 * @param {(policy: Record<string, string>) => void} [options.csp] changes the app's Content-Security-Policy
 * @param {Record<string, string>} [options.headers] more of the app's response headers
 * @param {Record<string, import('node:http').RequestListener>} [options.routes] of the app, before its files
 * @param {{ dpopNonce?: string }} [options.api]
 * @param {Partial<import('./provider.mjs').ProviderOptions>} [options.provider] another `host` than localhost makes the
 *   provider a third party
 * @param {boolean} [options.attacks] whether the attacks of tests/attacks can be tried: adds an attacker's server, and
 *   one that says what they have won
 */
export async function startWorld({ port, csp, headers, routes, api: moreOfApi, provider: more, attacks = false } = {}) {
  let provider;
  let api;
  const attacker = attacks ? await startAttacker() : undefined;
  const kept = keepVerifiers();
  const said = verdicts(() => judge({ provider, attacker, verifiers: kept.verifiers }));
  const app = await startApp({
    port,
    csp: (pathname) =>
      contentSecurityPolicy([provider.issuer], [api.origin], (policy) => {
        if (pathname === '/frontchannel.html') policy['frame-ancestors'] = provider.issuer;
        // What keeps the attacker's server from getting anything is to be Strongroom, and not the policy.
        if (attacks) policy['connect-src'] += ` ${attacker.origin}`;
        csp?.(policy);
      }),
    config: () => ({ issuer: provider.issuer, clientId: 'spa', api: api.url, attacker: attacker?.url }),
    headers,
    routes: { ...(attacks && { '/attacks/verdict': said.route }), ...routes },
  });
  api = await startApi({ appOrigin: app.origin, issuer: () => provider.issuer, ...moreOfApi });
  const redirectUris = attacks ? ['/attack.html', '/attacks/victim.html'].map((page) => app.origin + page) : [];
  const middleware = [attacks ? kept.middleware : [], more?.middleware ?? []].flat();
  provider = await startProvider({ appOrigins: [app.origin], apiAudience: api.url, redirectUris, ...more, middleware });
  const servers = [app, api, provider, ...(attacker ? [attacker] : [])];
  return {
    app,
    api,
    provider,
    attacker,
    verdictOf: said.of,
    close: () => Promise.all(servers.map((server) => server.close())),
  };
}
