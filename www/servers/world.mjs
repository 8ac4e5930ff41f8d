// The three servers of the demo, wired to one another.
import { startApi } from './api.mjs';
import { contentSecurityPolicy, startApp } from './app.mjs';
import { startProvider } from './provider.mjs';

/**
 * Starts app, API and provider on free ports of loopback.
 * @param {{
 *   port?: number, providerHost?: string, csp?: boolean,
 *   configure?: (configuration: any) => void, middleware?: import('koa').Middleware,
 *   routes?: Record<string, import('node:http').RequestListener>,
 * }} [options] `port` is the app's; another `providerHost` than localhost makes the provider a third party
 */
export async function startWorld({ port, providerHost, csp = true, configure, middleware, routes } = {}) {
  let provider;
  let api;
  const app = await startApp({
    port,
    csp: () => (csp ? contentSecurityPolicy([provider.issuer], [api.origin]) : undefined),
    config: () => ({ issuer: provider.issuer, clientId: 'spa', api: api.url }),
    routes,
  });
  api = await startApi({ appOrigin: app.origin, issuer: () => provider.issuer });
  provider = await startProvider({ host: providerHost, appOrigins: [app.origin], apiAudience: api.url, configure, middleware });
  return {
    app,
    api,
    provider,
    close: () => Promise.all([app, api, provider].map((server) => server.close())),
  };
}
