import { listen } from './loopback.mjs';
import { Provider } from './oidc-provider.mjs';
import { configuration } from './provider-config.mjs';
import { assets, Consents, interactions, understandRequest } from './provider-interactions.mjs';
import { Record } from './provider-record.mjs';
import { users } from './users.mjs';

/**
 * @typedef {object} ProviderOptions
 * @property {string} [host] `localhost` by default; `127.0.0.1` is another site for an app on `localhost`
 * @property {number} [port] a free one by default
 * @property {string[]} [appOrigins] origins of apps: `/`, `/callback.html` and `/silent-callback.html` of each are
 *   registered as redirect URIs of every client, and `/` as post-logout redirect URI
 * @property {string[]} [redirectUris] more of them
 * @property {string[]} [postLogoutRedirectUris] more of them
 * @property {string} [apiAudience] the resource indicator of the demo API
 * @property {Record<string, object>} [resources] more resource indicators: `{ scope, accessTokenFormat?, accessTokenTTL? }`
 * @property {'once' | 'never'} [consent] whether users are asked before `spa` and `spa-es256` get what they ask for;
 *   `spa-consent` always needs consent. Default `once`
 * @property {boolean} [crossSite] cookies with SameSite=None; Secure, for apps on another site
 * @property {(config: object) => object | void | Promise<object | void>} [configure] changes oidc-provider's
 *   configuration, or returns another one
 * @property {Function | Function[]} [middleware] Koa middleware that runs before all of the provider's own
 * @property {boolean} [verbose] tells what happens on stdout
 *
 * @typedef {object} RunningProvider
 * @property {string} issuer
 * @property {number} port
 * @property {import('node:http').Server} server
 * @property {Provider} oidc the instance of oidc-provider
 * @property {import('./provider-record.mjs').ProviderEvent[]} events
 * @property {import('./provider-record.mjs').Issued[]} issued
 * @property {import('./provider-record.mjs').Requested[]} requests
 * @property {typeof users} users each one's password is its `sub`
 * @property {() => Promise<void>} close
 */

/**
 * Starts npm `oidc-provider` with the users, clients and pages of the demo. Clients, all public with PKCE: `spa`,
 * `spa-es256` (ID tokens signed with ES256) and `spa-consent` (an application of somebody else).
 * @param {ProviderOptions} [options]
 * @returns {Promise<RunningProvider>}
 */
export async function startProvider(options = {}) {
  const { host, port, appOrigins = [], apiAudience, crossSite = false, configure, verbose = false } = options;
  const pages = ['/', '/callback.html', '/silent-callback.html'];
  const consents = new Consents(options.consent ?? 'once');
  const record = new Record();
  const wanted = await configuration({
    redirectUris: [
      ...appOrigins.flatMap((origin) => pages.map((page) => origin + page)),
      ...(options.redirectUris ?? []),
    ],
    postLogoutRedirectUris: [...appOrigins.map((origin) => `${origin}/`), ...(options.postLogoutRedirectUris ?? [])],
    resources: { ...(apiAudience && { [apiAudience]: { scope: 'read:orders write:orders' } }), ...options.resources },
    crossSite,
    loadExistingGrant: consents.load,
  });
  const config = (await configure?.(wanted)) ?? wanted;

  // The issuer has the port in it, so the server comes first.
  let handler;
  const listening = await listen((request, response) => handler(request, response), { host, port });
  const oidc = new Provider(listening.origin, config);
  if (crossSite) allowSecureCookies(oidc);
  const own = [options.middleware ?? []].flat();
  for (const middleware of [record.middleware, ...own, assets, understandRequest, interactions(oidc, consents)]) {
    oidc.use(middleware);
  }
  record.listenTo(oidc, verbose ? (line) => console.log(line) : () => {});
  oidc.silent = !verbose;
  handler = oidc.callback();

  const { events, issued, requests } = record;
  return {
    issuer: listening.origin,
    port: listening.port,
    server: listening.server,
    oidc,
    events,
    issued,
    requests,
    users,
    close: listening.close,
  };
}

/** Browsers take Secure cookies from http on loopback; Koa must be told. */
function allowSecureCookies(oidc) {
  const createContext = oidc.createContext.bind(oidc);
  oidc.createContext = (request, response) => {
    const ctx = createContext(request, response);
    ctx.cookies.secure = true;
    return ctx;
  };
}
