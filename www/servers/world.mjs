// The servers of the demo, wired to one another.
import { startApi } from './api.mjs';
import { appPolicy, startApp } from './app.mjs';
import { judge, keepVerifiers, startAttacker, verdicts } from './attacks.mjs';
import { startProvider } from './provider.mjs';
import { startVault, vaultPolicy } from './vault.mjs';

/**
 * Starts app, API and provider on free ports of loopback, and a vault where that is to have an origin of its own: then
 * all are sub-domains of one site, strongroom.localhost.
 * @param {object} [options]
 * @param {number} [options.port] the app's
 * @param {boolean} [options.ownOrigin] whether the vault has an origin of its own
 * @param {string} [options.vaultHost] its host
 * @param {(policies: object) => unknown} [options.policies] changes its strongroom.json
 * @param {(policy: Record<string, string>) => void} [options.csp] changes the app's Content-Security-Policy
 * @param {Record<string, string>} [options.headers] more of the app's response headers
 * @param {Record<string, import('node:http').RequestListener>} [options.routes] of the app, before its files; those that are added later count as well
 * @param {{ dpopNonce?: string }} [options.api]
 * @param {Partial<import('./provider.mjs').ProviderOptions>} [options.provider] another `host` than localhost makes the
 *   provider a third party
 * @param {boolean} [options.attacks] whether the attacks of tests/attacks can be tried: adds an attacker's server, and
 *   one that says what they have won
 */
export async function startWorld(options = {}) {
  const {
    port,
    ownOrigin = false,
    csp,
    headers,
    routes = {},
    api: moreOfApi,
    provider: more,
    attacks = false,
  } = options;
  const host = (name) => (ownOrigin ? `${name}.strongroom.localhost` : 'localhost');
  let provider;
  let api;
  let vault;
  const attacker = attacks ? await startAttacker() : undefined;
  const kept = keepVerifiers();
  const said = verdicts(() => judge({ provider, attacker, verifiers: kept.verifiers }));
  const app = await startApp({
    port,
    host: host('app'),
    csp: (pathname) => {
      const policy = appPolicy([provider.issuer], [api.origin]);
      if (vault) policy['frame-src'] = vault.origin;
      if (pathname === '/frontchannel.html') policy['frame-ancestors'] = provider.issuer;
      // What keeps the attacker's server from getting anything is to be Strongroom, and not the policy.
      if (attacks) policy['connect-src'] += ` ${attacker.origin}`;
      if (attacks && vault) policy['frame-src'] += " 'self'";
      csp?.(policy);
      return policy;
    },
    config: () => ({
      issuer: provider.issuer,
      clientId: 'spa',
      api: api.url,
      ...(attacker && { attacker: attacker.url }),
      ...(vault && { vault: { origin: `${vault.origin}/` } }),
    }),
    headers,
    // What is added to `routes` later counts, and nothing is added to it here: worlds may share it.
    routes: Object.assign(Object.create(routes), attacks && { '/attacks/verdict': said.route }),
  });
  if (ownOrigin) {
    const { vaultHost = host('auth'), policies = (own) => own } = options;
    vault = await startVault({
      host: vaultHost,
      csp: (pathname) => {
        const policy = vaultPolicy([provider.issuer], [api.origin], [app.origin]);
        if (pathname === '/frontchannel.html') policy['frame-ancestors'] = provider.issuer;
        return policy;
      },
      policies: () => policies({ apps: [app.origin], issuer: provider.issuer, clientId: 'spa', apis: [api.url] }),
    });
  }
  // The demo shows what an API says to somebody without a token, so the page may ask too.
  const callers = [app.origin, ...(vault ? [vault.origin] : [])];
  api = await startApi({ callers, host: host('api'), issuer: () => provider.issuer, ...moreOfApi });
  const pages = attacks ? ['/attack.html', '/attacks/victim.html'].map((page) => app.origin + page) : [];
  provider = await startProvider({
    host: host('login'),
    ...(vault
      ? { redirectUris: [`${vault.origin}/callback.html`], postLogoutRedirectUris: [`${vault.origin}/callback.html`] }
      : { appOrigins: [app.origin], redirectUris: pages }),
    apiAudience: api.url,
    ...more,
    middleware: [attacks ? kept.middleware : [], more?.middleware ?? []].flat(),
  });
  const servers = [app, api, provider, ...[vault ?? []].flat(), ...[attacker ?? []].flat()];
  return {
    app,
    api,
    provider,
    vault,
    attacker,
    verdictOf: said.of,
    close: () => Promise.all(servers.map((server) => server.close())),
  };
}
