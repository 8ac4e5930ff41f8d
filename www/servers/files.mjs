// What the web servers of app and vault have in common.
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the project. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** The folder of the built package. */
export const PKG = join(ROOT, 'pkg');

/** Content types by file name extension. */
export const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** The directives that app and vault have in common. */
export const BASE_POLICY = {
  'default-src': "'none'",
  'script-src': "'self' 'wasm-unsafe-eval'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'require-trusted-types-for': "'script'",
  'trusted-types': 'strongroom',
};

/** The value of the header Content-Security-Policy. */
export const contentSecurityPolicy = (directives) =>
  Object.entries(directives)
    .map((directive) => directive.join(' '))
    .join('; ');

/** Sets the headers that every answer has. */
export function secured(response, policy, headers = {}) {
  response.setHeader('Content-Security-Policy', policy);
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Cache-Control', 'no-cache');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}

/** The path of a URL, without a way out of its folder. */
export const pathOf = (pathname) => normalize(decodeURIComponent(pathname)).replace(/^(\.\.[/\\])+/, '');

/** Answers with `value`. */
export const sendJson = (response, value) =>
  void response.writeHead(200, { 'Content-Type': TYPES['.json'] }).end(JSON.stringify(value));

/** Answers with a file, or says that there is none. */
export async function sendFile(response, file) {
  try {
    const content = await readFile(file);
    response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(content);
  } catch {
    response.writeHead(404, { 'Content-Type': 'text/plain' }).end('not found');
  }
}
