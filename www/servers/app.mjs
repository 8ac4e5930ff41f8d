// The demo app's web server: static files under a strict Content-Security-Policy.
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listen } from './loopback.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Content types by file name extension. */
export const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/**
 * The policy that Strongroom needs, and no more.
 * @param {string[]} provider origins that are framed and asked
 * @param {string[]} apis origins that are called
 * @param {(policy: Record<string, string>) => void} [change]
 */
export function contentSecurityPolicy(provider, apis, change) {
  const policy = {
    'default-src': "'none'",
    'script-src': "'self' 'wasm-unsafe-eval'",
    'worker-src': "'self'",
    'frame-src': `'self' ${provider.join(' ')}`,
    'connect-src': `'self' ${[...provider, ...apis].join(' ')}`,
    'style-src': "'self'",
    'img-src': "'self' data:",
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'self'",
    'require-trusted-types-for': "'script'",
    'trusted-types': 'strongroom',
  };
  change?.(policy);
  return Object.entries(policy)
    .map((directive) => directive.join(' '))
    .join('; ');
}

/**
 * Starts the app's server: www/app at /, pkg at /strongroom/, the package's pages at /callback.html and
 * /frontchannel.html.
 * @param {{
 *   port?: number, host?: string,
 *   csp: (pathname: string) => string, config: () => object, headers?: Record<string, string>,
 *   routes?: Record<string, import('node:http').RequestListener>,
 * }} options `config` is served as /config.json; `routes` come first, and `*` is for every path without one
 */
export async function startApp({ port, host, csp, config, headers = {}, routes = {} }) {
  const server = await listen(
    async (request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost');
      response.setHeader('Content-Security-Policy', csp(pathname));
      response.setHeader('Referrer-Policy', 'no-referrer');
      response.setHeader('X-Content-Type-Options', 'nosniff');
      response.setHeader('Cache-Control', 'no-cache');
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      const route = routes[pathname] ?? routes['*'];
      if (route) return route(request, response);
      if (pathname === '/config.json') {
        return response.writeHead(200, { 'Content-Type': TYPES['.json'] }).end(JSON.stringify(config()));
      }
      const file = fileFor(pathname);
      try {
        const content = await readFile(file);
        response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(content);
      } catch {
        response.writeHead(404, { 'Content-Type': 'text/plain' }).end('not found');
      }
    },
    { port, host },
  );
  return server;
}

/** The file for a path; one without an extension is a route of the single-page app. */
function fileFor(pathname) {
  const path = normalize(decodeURIComponent(pathname)).replace(/^(\.\.[/\\])+/, '');
  if (path.startsWith('/strongroom/')) return join(ROOT, 'pkg', path.slice('/strongroom/'.length));
  if (/^\/(callback|frontchannel)\.(html|js|js\.map)$/.test(path)) return join(ROOT, 'pkg', path);
  return join(ROOT, 'www/app', extname(path) ? path : 'index.html');
}
