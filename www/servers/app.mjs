// The demo app's web server: static files under a strict Content-Security-Policy.
import { extname, join } from 'node:path';
import { BASE_POLICY, contentSecurityPolicy, PKG, pathOf, ROOT, secured, sendFile, sendJson } from './files.mjs';
import { listen } from './loopback.mjs';

/**
 * The policy of a page whose vault is of its own origin.
 * @param {string[]} provider origins that are framed and asked
 * @param {string[]} apis origins that are called
 * @returns {Record<string, string>}
 */
export const appPolicy = (provider, apis) => ({
  ...BASE_POLICY,
  'worker-src': "'self'",
  'frame-src': `'self' ${provider.join(' ')}`,
  'connect-src': `'self' ${[...provider, ...apis].join(' ')}`,
  'style-src': "'self'",
  'img-src': "'self' data:",
  'frame-ancestors': "'self'",
});

/**
 * Starts the app's server: www/app at /, pkg at /strongroom/, tests/attacks at /attacks/, the package's pages at
 * /callback.html and /frontchannel.html.
 * @param {{
 *   port?: number, host?: string,
 *   csp: (pathname: string) => Record<string, string>, config: () => object, headers?: Record<string, string>,
 *   routes?: Record<string, import('node:http').RequestListener>,
 * }} options `config` is served as /config.json; `routes` come first, and `*` is for every path without one
 */
export function startApp({ port, host, csp, config, headers = {}, routes = {} }) {
  return listen(
    async (request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost');
      secured(response, contentSecurityPolicy(csp(pathname)), headers);
      const route = routes[pathname] ?? routes['*'];
      if (route) return route(request, response);
      if (pathname === '/config.json') return sendJson(response, config());
      await sendFile(response, fileFor(pathname));
    },
    { port, host },
  );
}

/** The file for a path; one without an extension is a route of the single-page app. */
function fileFor(pathname) {
  const path = pathOf(pathname);
  if (path.startsWith('/strongroom/')) return join(PKG, path.slice('/strongroom/'.length));
  if (path.startsWith('/attacks/')) return join(ROOT, 'tests/attacks', path.slice('/attacks/'.length));
  if (/^\/(callback|frontchannel)\.(html|js|js\.map)$/.test(path)) return join(PKG, path);
  return join(ROOT, 'www/app', extname(path) ? path : 'index.html');
}
