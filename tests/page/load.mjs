// Loads a module of pkg-template/src, and stands in for what a page has and Node has not.
import Module, { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { build } from 'esbuild';
import { Window } from 'happy-dom';

/** The exports of `pkg-template/src/{name}.ts`. */
export async function load(name) {
  const { outputFiles } = await build({
    entryPoints: [`pkg-template/src/${name}.ts`],
    bundle: true,
    format: 'esm',
    write: false,
    external: ['#glue', './vault.js'],
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

/** Makes this realm look like a page at `href`, until the function that comes back is called. */
export function page(href, { secure = true } = {}) {
  const url = new URL(href);
  const globals = { location: url, document: { baseURI: url.href }, isSecureContext: secure };
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  return () => {
    for (const name of Object.keys(globals)) delete globalThis[name];
  };
}

/**
 * The exports of an adapter, and of packages of its framework, all of which share one copy of it.
 * @param {string} name of the adapter
 * @param {string[]} packages whose exports come along, under their own names
 * @param {{ alias?: Record<string, string>, bundled?: boolean }} [options] `alias`: packages in place of others.
 *   `bundled`: the packages become part of the bundle, as for a browser
 */
export async function loadAdapter(name, packages, { alias = {}, bundled = false } = {}) {
  // Node remembers by folder what a name stands for.
  const outfile = resolve('target/page', [name, ...Object.values(alias)].join('+'), 'adapter.cjs');
  await build({
    stdin: {
      contents: [...packages, `./pkg-template/src/${name}.ts`].map((from) => `export * from '${from}';`).join('\n'),
      resolveDir: '.',
    },
    bundle: true,
    format: 'cjs',
    platform: 'node',
    outfile,
    ...(bundled ? { conditions: ['browser'] } : { packages: 'external' }),
  });
  const resolveFilename = Module._resolveFilename;
  Module._resolveFilename = (request, ...rest) => {
    const [first, ...path] = request.split('/');
    return resolveFilename([alias[first] ?? first, ...path].join('/'), ...rest);
  };
  try {
    return createRequire(import.meta.url)(outfile);
  } finally {
    Module._resolveFilename = resolveFilename;
  }
}

/** Gives this realm a DOM, for what Node has not of its own, until the function that comes back is called. */
export function dom() {
  const window = new Window({ url: 'https://app.example.com/orders' });
  const names = Object.getOwnPropertyNames(window).filter((name) => !(name in globalThis));
  for (const name of [...names, 'window']) {
    const value = name === 'window' ? window : window[name];
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  return async () => {
    for (const name of [...names, 'window']) delete globalThis[name];
    await window.happyDOM.close();
  };
}

/** Counts who listens to `session` through `subscribe`. */
export function counting(session) {
  const counts = { now: 0 };
  const { subscribe } = session;
  const counted = (listener) => {
    const unsubscribe = subscribe(listener);
    counts.now += 1;
    return () => {
      counts.now -= 1;
      unsubscribe();
    };
  };
  Object.defineProperty(session, 'subscribe', { value: counted });
  return counts;
}
