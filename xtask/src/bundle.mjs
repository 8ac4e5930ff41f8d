// Bundles the TypeScript of pkg-template/src, and its types of target/npm/types, into pkg/:
// node xtask/src/bundle.mjs GLUE VERSION [--dev]
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { build } from 'esbuild';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import { minify } from 'terser';

const [glue, version, kind] = process.argv.slice(2);

const CORE = ['index', 'shared', 'worker', 'vault', 'frame', 'callback', 'frontchannel'];
/** What the page part loads only where it is asked for. */
const ON_DEMAND = ['claims', 'initiate-login', 'monitor', 'own-origin', 'popup'];
const ADAPTERS = ['react', 'vue', 'svelte', 'angular', 'testing'];

/** The glue, with the short names that the optimised wasm has for its imports and exports. */
function shortened() {
  const { imports, exports } = JSON.parse(readFileSync(glue.replace(/[^/\\]+$/, 'names.json'), 'utf8'));
  const names = new Map(imports.map(([, long, short]) => [long, short]));
  const members = new Map(exports);
  return readFileSync(glue, 'utf8')
    .replace(/\b__wbg_\w+|\b__wbindgen_\w+/g, (name) => names.get(name) ?? name)
    .replace(/(?<=\bwasm\.)\w+/g, (name) => members.get(name) ?? name)
    .replace('"./strongroom_bg.js"', 'a');
}

const { outputFiles } = await build({
  entryPoints: [...CORE, ...ON_DEMAND, ...ADAPTERS].map((name) => `pkg-template/src/${name}.ts`),
  outdir: 'pkg',
  write: kind === '--dev',
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: kind !== '--dev',
  sourcemap: 'linked',
  // The app's own copy of its framework.
  external: ['react', 'vue', 'svelte/*', '@angular/*', 'rxjs'],
  define: { VERSION: JSON.stringify(version) },
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [
    {
      name: 'strongroom',
      setup(build) {
        build.onResolve({ filter: /^#glue$/ }, () => ({ path: glue }));
        if (kind !== '--dev') build.onLoad({ filter: /strongroom\.js$/ }, () => ({ contents: shortened() }));
        // What the page part loads when it needs it is a file of its own.
        build.onResolve({ filter: /^\.\// }, ({ kind, path }) =>
          kind === 'dynamic-import' ? { path, external: true } : undefined,
        );
      },
    },
  ],
});

// Terser makes what esbuild has made smaller still, by names and forms that repeat.
for (const { path, text } of outputFiles ?? []) {
  if (path.endsWith('.map')) continue;
  const map = outputFiles.find((other) => other.path === `${path}.map`);
  const { code, map: shorter } = await minify(text, {
    module: true,
    ecma: 2022,
    sourceMap: { content: map.text, url: `${basename(path)}.map` },
  });
  await Promise.all([writeFile(path, code), writeFile(map.path, shorter)]);
}

// One file of types for each entry, so that what is not public has no name and no path.
for (const name of ['index', 'claims', ...ADAPTERS]) {
  const ofCore = {
    name: 'types-of-core',
    resolveId: (source) =>
      name !== 'index' && /^\.\/(types|errors|session|claims)\.js$/.test(source)
        ? { id: './index.js', external: true }
        : undefined,
  };
  const types = await rollup({
    input: `target/npm/types/${name}.d.ts`,
    plugins: [ofCore, dts()],
    external: /^(react|vue|svelte|rxjs|@angular)(\/|$)/,
  });
  await types.write({ file: `pkg/${name}.d.ts` });
}
