// The web server of a vault with an origin of its own: the package's files and strongroom.json.
import { join } from 'node:path';
import { BASE_POLICY, contentSecurityPolicy, PKG, pathOf, secured, sendFile, sendJson } from './files.mjs';
import { listen } from './loopback.mjs';

/**
 * @param {string[]} provider origins that are framed and asked
 * @param {string[]} apis origins that are called
 * @param {string[]} apps origins of the pages that may frame the vault
 * @returns {Record<string, string>}
 */
export const vaultPolicy = (provider, apis, apps) => ({
  ...BASE_POLICY,
  'worker-src': "'self'",
  'frame-src': `'self' ${provider.join(' ')}`,
  'connect-src': `'self' ${[...provider, ...apis].join(' ')}`,
  'frame-ancestors': `'self' ${apps.join(' ')}`,
});

/**
 * Starts the vault's server.
 * @param {{ port?: number, host?: string, csp: (pathname: string) => Record<string, string>, policies: () => unknown }} options
 *   `policies` are served as /strongroom.json
 */
export function startVault({ port, host, csp, policies }) {
  return listen(
    async (request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost');
      secured(response, contentSecurityPolicy(csp(pathname)));
      if (pathname === '/strongroom.json') return sendJson(response, policies());
      await sendFile(response, join(PKG, pathOf(pathname)));
    },
    { port, host },
  );
}
