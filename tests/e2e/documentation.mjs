// Bundles the code that the package's documentation shows, as an app's bundler would, with the package as it is published.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { build } from 'esbuild';
import * as svelte from 'svelte/compiler';
import * as vue from 'vue/compiler-sfc';

/** The text under the heading `title` of a file of pkg-template. */
export function section(file, title) {
  const text = readFileSync(`pkg-template/${file}`, 'utf8');
  const [, level, rest] = new RegExp(`^(##+) ${title}\n([\\s\\S]*)`, 'm').exec(text) ?? [];
  if (!rest) throw new Error(`${file} has no section ${title}`);
  // Longer headings are of the section's own parts.
  return rest.split(new RegExp(`^#{2,${level.length}} `, 'm'))[0];
}

/** The fenced blocks of `text` that begin with a comment that names a file: their code by that name. */
export function files(text) {
  const blocks = text.matchAll(/^```\w+\n(?:\/\/|<!--) ([\w.]+)(?: -->)?\n([\s\S]*?)^```$/gm);
  return Object.fromEntries([...blocks].map(([, name, code]) => [name, code]));
}

/** The first block of `text`. */
export const block = (text) => /^```\w+\n([\s\S]*?)^```$/m.exec(text)[1];

/** What a compiler makes of a file: its code, and the loader of that. */
function compiled(name, code) {
  if (name.endsWith('.svelte')) return { contents: svelte.compile(code, { filename: name }).js.code, loader: 'js' };
  if (!name.endsWith('.vue')) return { contents: code, loader: name.split('.').pop() };
  const { descriptor } = vue.parse(code, { filename: name });
  return { contents: vue.compileScript(descriptor, { id: name, inlineTemplate: true }).content, loader: 'js' };
}

/**
 * A script of `files`, where `replace` takes the place of what the documentation calls things.
 * @param {Record<string, string>} files by name
 * @param {string} entry the name of the first one
 * @param {[string, string][]} replace
 */
export async function bundled(files, entry, replace) {
  const source = (name) => replace.reduce((code, [from, to]) => code.replaceAll(from, to), files[name]);
  const documentation = {
    name: 'documentation',
    setup(build) {
      build.onResolve({ filter: /^\.\// }, ({ path, importer, kind }) => {
        const name = path.slice(2);
        if (kind === 'entry-point' || files[importer]) return { path: name, namespace: 'documentation' };
      });
      build.onLoad({ filter: /.*/, namespace: 'documentation' }, ({ path }) => ({
        ...compiled(path, source(path)),
        resolveDir: resolve('.'),
      }));
      // The core stays a file of its own, beside its worker.
      build.onResolve({ filter: /^strongroom$/ }, () => ({ path: '/strongroom/index.js', external: true }));
      build.onResolve({ filter: /^strongroom\// }, ({ path }) => ({
        path: resolve('pkg', `${path.split('/')[1]}.js`),
      }));
    },
  };
  const { outputFiles } = await build({
    entryPoints: [`./${entry}`],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    conditions: ['browser'],
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"development"', __VUE_PROD_DEVTOOLS__: 'false', __VUE_OPTIONS_API__: 'true' },
    tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
    write: false,
    plugins: [documentation],
  });
  return outputFiles[0].text;
}
