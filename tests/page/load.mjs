// Loads a module of pkg-template/src, and stands in for what a page has and Node has not.
import { build } from 'esbuild';

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
