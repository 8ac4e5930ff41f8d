// The world of the benchmark: app, API and provider, and paths of the provider as each peer expects them.
import { bodyOf } from '../../www/servers/loopback.mjs';
import { startWorld } from '../../www/servers/world.mjs';
import { filesOf } from './build.mjs';

/** What some peers take for given, mapped to the provider's own endpoints. */
const PATHS = {
  '/authorize': '/auth',
  '/oauth/token': '/token',
  '/oauth2/v2.0/token': '/token',
  '/realms/bench/protocol/openid-connect/auth': '/auth',
  '/realms/bench/protocol/openid-connect/token': '/token',
};
/** Where keycloak-js looks whether its frames have cookies. */
const COOKIES_PAGE = '/realms/bench/protocol/openid-connect/3p-cookies/step1.html';
/** Where refresh tokens are JWTs, as keycloak-js wants them. */
const KEYCLOAK_TOKEN = '/realms/bench/protocol/openid-connect/token';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part) => JSON.parse(Buffer.from(part, 'base64url').toString());

/** The ID token as auth0-spa-js wants it, which knows no issuer without a slash at its end, and checks no signature. */
function withSlash(idToken) {
  const [header, payload, signature] = idToken.split('.');
  const claims = decode(payload);
  return [header, encode({ ...claims, iss: `${claims.iss}/` }), signature].join('.');
}

/** What the token endpoint is asked, as the provider understands it. */
async function translateForm(ctx, keycloak) {
  const form = new URLSearchParams(String(await bodyOf(ctx.req)));
  if (form.get('grant_type') === 'refresh_token') {
    // It was dropped from what was granted: the frame could not ask for consent.
    const scope = form.get('scope')?.replace(/ ?\boffline_access\b/, '');
    if (scope) form.set('scope', scope);
    if (keycloak) form.set('refresh_token', decode(form.get('refresh_token').split('.')[1]).jti);
  }
  ctx.req.body = String(form);
}

/** Koa middleware: the provider as peers know it that were made for one product. */
async function translate(ctx, next) {
  const { path, query } = ctx;
  if (path === COOKIES_PAGE) {
    ctx.type = 'html';
    ctx.body = '<!doctype html><script>parent.postMessage("supported", "*")</script>';
    return;
  }
  const keycloak = path === KEYCLOAK_TOKEN;
  if (ctx.method === 'POST' && (keycloak || path === '/oauth2/v2.0/token')) await translateForm(ctx, keycloak);
  ctx.path = PATHS[path] ?? path;
  const toOkta = query.response_mode === 'okta_post_message';
  if (toOkta) ctx.query = { ...query, response_mode: 'web_message' };
  await next();
  if (toOkta && typeof ctx.body === 'string') {
    ctx.body = ctx.body.replace("{ type: 'authorization_response', response: response }", 'response');
  }
  // keycloak-js sends cookies along with its token request, as Keycloak allows.
  if (ctx.get('origin')) ctx.set('Access-Control-Allow-Credentials', 'true');
  if (keycloak && ctx.body?.refresh_token) {
    ctx.body.refresh_token = [encode({ alg: 'none' }), encode({ jti: ctx.body.refresh_token }), ''].join('.');
  }
  if (path === '/oauth/token' && ctx.body?.id_token) ctx.body.id_token = withSlash(ctx.body.id_token);
}

/** Starts the servers, with a page for each of `peers`. App and provider answer as late as `distance.ms` says. */
export async function startServers(peers) {
  const distance = { ms: 0 };
  const late = () => distance.ms && new Promise((resolve) => setTimeout(resolve, distance.ms));
  /** What the provider does from now on: whether it issues refresh tokens, and how long access tokens live. */
  const manner = { refreshTokens: false, seconds: 600 };
  const routes = {};
  let world;
  const configure = (config) => {
    // Not every peer can ask for a resource.
    config.features.resourceIndicators.defaultResource = () => world.api.url;
    config.ttl = { ...config.ttl, AccessToken: () => manner.seconds };
    // The provider gives none to a hidden frame, which cannot ask for consent.
    config.issueRefreshToken = () => manner.refreshTokens;
    for (const client of config.clients) {
      const origin = new URL(client.redirect_uris[0]).origin;
      client.redirect_uris.push(
        ...peers.flatMap(({ name }) => ['', 'callback.html'].map((page) => `${origin}/bench/${name}/${page}`)),
      );
    }
    return config;
  };
  world = await startWorld({
    provider: {
      consent: 'never',
      configure,
      middleware: [(_ctx, next) => Promise.resolve(late()).then(next), translate],
    },
    routes,
    csp: (policy) => {
      // Few peers can live with Trusted Types, and some make workers of blobs.
      delete policy['require-trusted-types-for'];
      delete policy['trusted-types'];
      policy['worker-src'] = "'self' blob:";
      policy['script-src'] = "'self' blob: 'wasm-unsafe-eval'";
    },
  });
  /** What was loaded from the app, by path: how often. */
  const served = new Map();
  /** The files of each peer. */
  const files = new Map();
  for (const peer of peers) {
    const own = await filesOf(peer, { issuer: world.provider.issuer, api: world.api.url });
    files.set(peer.name, own);
    for (const [path, { type, brotli, cached }] of own) {
      routes[path] = async (_request, response) => {
        await late();
        served.set(path, (served.get(path) ?? 0) + 1);
        response.writeHead(200, {
          'Content-Type': type,
          'Content-Encoding': 'br',
          'Cache-Control': cached ? 'max-age=31536000, immutable' : 'no-cache',
        });
        response.end(brotli);
      };
    }
  }
  return { ...world, distance, manner, served, files };
}
