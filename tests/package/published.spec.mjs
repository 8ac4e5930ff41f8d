// The packed package as tools see it: its files, its manifest, its types, and where there is no browser.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@playwright/test';
import { freshApp, npm, tarball } from './tools.mjs';

const run = promisify(execFile);

/** Runs a tool of the tools' folder. */
const tool = (...args) =>
  npm(tarball().replace(/[^/\\]*$/, ''), 'exec', '--offline', '--loglevel=error', '--', ...args);

/** What is imported; everything else is served. */
const ENTRIES = ['.', 'claims', 'react', 'vue', 'svelte', 'angular', 'testing'];

test('only what is meant to be published is', async () => {
  const { stdout } = await run('tar', ['-tzf', tarball()]);
  const entries = ENTRIES.map((entry) => (entry === '.' ? 'index' : entry));
  const parts = 'shared worker vault frame callback frontchannel initiate-login monitor own-origin popup'.split(' ');
  expect(stdout.trim().split(/\s+/).sort()).toEqual(
    [
      ...[...entries, ...parts].flatMap((name) => [`${name}.js`, `${name}.js.map`]),
      ...entries.map((name) => `${name}.d.ts`),
      ...['strongroom_bg.wasm', 'callback.html', 'frontchannel.html', 'vault.html', 'docs/recipes.md'],
      ...['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE-MIT', 'LICENSE-APACHE'],
    ]
      .map((file) => `package/${file}`)
      .sort(),
  );
});

test('publint has nothing to say', async () => {
  expect(await tool('publint', 'run', tarball(), '--strict')).toContain('All good!');
});

test('the types are right for every way of importing an ES module', async () => {
  // The other entries are files to be served, not imported; and the package is no CommonJS.
  await tool('attw', tarball(), '--entrypoints', ...ENTRIES, '--profile', 'esm-only');
});

for (const resolution of ['bundler', 'nodenext']) {
  test(`the types promise what they should, resolved as by ${resolution}`, async () => {
    await npm(await freshApp('types', 'apps/types'), 'run', '--loglevel=error', resolution);
  });
}

test('on a server it can be imported, and a session waits for a browser', async () => {
  const script = `
    const { createSession } = await import('strongroom');
    const { state, placement, ready } = createSession({ issuer: 'https://login.example.com', clientId: 'spa' });
    console.log(JSON.stringify({ state, placement, ready: await Promise.race([ready, 'pending']) }));`;
  const cwd = await freshApp('node', 'apps/static');
  const { stdout, stderr } = await run('node', ['--input-type=module', '--eval', script], { cwd });
  expect(JSON.parse(stdout)).toEqual({ state: { status: 'loading' }, ready: 'pending' });
  expect(stderr).toBe('');
});

for (const runner of ['vitest', 'jest']) {
  test(`under ${runner} with jsdom it can be imported, and a session waits for a browser`, async () => {
    await npm(await freshApp(runner, 'jsdom', `apps/${runner}`), 'test', '--loglevel=error');
  });
}
