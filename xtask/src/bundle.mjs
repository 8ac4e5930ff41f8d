// Bundles the TypeScript of pkg-template/src, and its types of target/npm/types, into pkg/:
// node xtask/src/bundle.mjs GLUE VERSION [--dev]
import { build } from 'esbuild';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';

const [glue, version, kind] = process.argv.slice(2);

await build({
  entryPoints: ['index', 'shared', 'worker', 'vault', 'callback', 'frontchannel'].map(
    (name) => `pkg-template/src/${name}.ts`,
  ),
  outdir: 'pkg',
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: kind !== '--dev',
  sourcemap: 'linked',
  define: { VERSION: JSON.stringify(version) },
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [
    {
      name: 'strongroom',
      setup(build) {
        build.onResolve({ filter: /^#glue$/ }, () => ({ path: glue }));
        // The page part loads the vault when it needs it, as a file of its own.
        build.onResolve({ filter: /^\.\/vault\.js$/ }, ({ kind }) =>
          kind === 'dynamic-import' ? { path: './vault.js', external: true } : undefined,
        );
      },
    },
  ],
});

// One file of types, so that what is not public has no name and no path.
const types = await rollup({ input: 'target/npm/types/index.d.ts', plugins: [dts()] });
await types.write({ file: 'pkg/index.d.ts' });
