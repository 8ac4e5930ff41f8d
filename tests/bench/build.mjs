// Bundles each peer's page, as an application that uses it would be bundled.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { build } from 'esbuild';
import { PKG } from '../../www/servers/files.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const require = createRequire(import.meta.url);

/** The folder of an installed package. */
const folder = (name) => {
  const paths = require.resolve.paths(name) ?? [];
  return paths.map((path) => join(path, name)).find((path) => path.startsWith(HERE));
};

/** The version of an installed package. */
export const versionOf = async (name) =>
  JSON.parse(await readFile(join(folder(name) ?? PKG, 'package.json'), 'utf8')).version;

/**
 * The files of a peer's page, by path, each with how it travels.
 * @param {{ name: string, entry?: string, callback?: boolean }} peer
 * @param {{ issuer: string, api: string }} world
 * @returns {Promise<Map<string, { type: string, raw: Buffer, brotli: Buffer, cached: boolean }>>}
 */
export async function filesOf(peer, { issuer, api }) {
  const own = peer.name === 'strongroom';
  const base = own ? '/strongroom/' : `/bench/${peer.name}/`;
  const { outputFiles } = await build({
    entryPoints: {
      app: join(HERE, 'peers', peer.entry ?? 'main.mjs'),
      ...(peer.callback && { callback: join(HERE, 'peers', `${peer.name}.callback.mjs`) }),
    },
    outdir: '/',
    write: false,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    splitting: true,
    legalComments: 'none',
    logLevel: 'error',
    define: {
      ISSUER: JSON.stringify(issuer),
      API: JSON.stringify(api),
      PEER: JSON.stringify(peer.name),
      'process.env.NODE_ENV': '"production"',
    },
    alias: { '#peer': join(HERE, 'peers', `${peer.name}.mjs`), strongroom: join(PKG, 'index.js') },
    nodePaths: [join(HERE, 'node_modules')],
  });
  const files = new Map();
  const add = (path, type, content, cached = true) => {
    const raw = Buffer.from(content);
    const brotli = brotliCompressSync(raw, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: raw.length },
    });
    files.set(path, { type, raw, brotli, cached });
  };
  const page = (script) =>
    `<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>${peer.name}</title><body><script type="module" src="${base}${script}.js"></script></body></html>`;
  const [html, js] = ['text/html; charset=utf-8', 'text/javascript; charset=utf-8'];
  for (const { path, text } of outputFiles) add(base + path.replace(/^\//, ''), js, text);
  add(`/bench/${peer.name}/`, html, page('app'), false);
  if (peer.callback) add(`/bench/${peer.name}/callback.html`, html, page('callback'));
  if (own) {
    for (const name of ['shared.js', 'strongroom_bg.wasm']) {
      add(base + name, name.endsWith('.js') ? js : 'application/wasm', await readFile(join(PKG, name)));
    }
  }
  if (peer.name === 'axa-oidc-client') {
    add(`${base}silent-login.html`, html, page('callback'));
    const dist = join(folder('@axa-fr/oidc-client-service-worker'), 'dist');
    add(`${base}OidcServiceWorker.js`, js, await readFile(join(dist, 'OidcServiceWorker.js')));
    const domains = { oidcDomains: [issuer], accessTokenDomains: [api] };
    add(`${base}OidcTrustedDomains.js`, js, `const trustedDomains = { default: ${JSON.stringify(domains)} };`);
  }
  return files;
}
