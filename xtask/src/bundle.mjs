// Bundles the TypeScript of pkg-template/src into pkg/: node xtask/src/bundle.mjs GLUE VERSION [--dev]
import { readFileSync } from 'node:fs';
import { build } from 'esbuild';

const [glue, version, kind] = process.argv.slice(2);

const CORE = ['index', 'shared', 'worker', 'vault', 'frame', 'callback', 'frontchannel'];
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

await build({
  entryPoints: [...CORE, ...ADAPTERS].map((name) => `pkg-template/src/${name}.ts`),
  outdir: 'pkg',
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
        // The page part loads the vault when it needs it, as a file of its own.
        build.onResolve({ filter: /^\.\/vault\.js$/ }, ({ kind }) =>
          kind === 'dynamic-import' ? { path: './vault.js', external: true } : undefined,
        );
      },
    },
  ],
});
