// The three servers of the demo, wired to one another.
import { startApi } from './api.mjs';
import { contentSecurityPolicy, startApp } from './app.mjs';
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
 */
export async function startWorld({ port, csp, headers, routes, api: moreOfApi, provider: more } = {}) {
  let provider;
  let api;
  const app = await startApp({
    port,
    csp: (pathname) =>
      contentSecurityPolicy([provider.issuer], [api.origin], (policy) => {
        if (pathname === '/frontchannel.html') policy['frame-ancestors'] = provider.issuer;
        csp?.(policy);
      }),
    config: () => ({ issuer: provider.issuer, clientId: 'spa', api: api.url }),
    headers,
    routes,
  });
  api = await startApi({ appOrigin: app.origin, issuer: () => provider.issuer, ...moreOfApi });
  provider = await startProvider({ appOrigins: [app.origin], apiAudience: api.url, ...more });
  return {
    app,
    api,
    provider,
    close: () => Promise.all([app, api, provider].map((server) => server.close())),
  };
}
