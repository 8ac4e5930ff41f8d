// The packed package in an app of each bundler: built, opened under a strict policy, and signed in with.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { test as base, expect } from '@playwright/test';
import { TYPES } from '../../www/servers/files.mjs';
import { startWorld } from '../../www/servers/world.mjs';
import { logIn } from '../e2e/harness.mjs';
import { freshApp, npm, startNpm } from './tools.mjs';

/** The files that no bundler looks for. */
const FILES = ['shared.js', 'worker.js', 'strongroom_bg.wasm'];

/**
 * @typedef {object} App
 * @property {string} folder of `apps`
 * @property {string} [build] the npm script that builds it
 * @property {string} [output] the folder that is served then
 * @property {string} [serve] the npm script that serves it instead
 * @property {string} [assetsUrl] where the package's files are copied to, and the option says so
 * @property {boolean} [direct] whether that is opened as it is, under no policy, and not behind the app's server
 * @property {boolean} [inline] whether its pages have scripts in them, which the policy names by their hashes
 * @property {(policy: Record<string, string>, placement: string) => void} [csp] what it needs beyond Strongroom's own policy
 */
/** A policy in which a bundler's own code may load scripts, by its Trusted Types policies. */
const trusting = (names) => (policy) => {
  policy['trusted-types'] += ` ${names}`;
};

/** Turbopack loads a module that is wanted later, as vault.js is, by no Trusted Types policy. */
function turbopack(policy, placement) {
  trusting('nextjs nextjs#bundler')(policy);
  if (placement === 'closure') {
    delete policy['trusted-types'];
    delete policy['require-trusted-types-for'];
  }
}

/** @type {Record<string, App>} */
const APPS = {
  'no bundler': { folder: 'static', output: '.', inline: true },
  Vite: { folder: 'vite', build: 'build', output: 'dist' },
  'Vite, dev': {
    folder: 'vite',
    serve: 'dev',
    // Its client asks its server for news past the app's server.
    csp: (policy) => {
      policy['connect-src'] += ' ws:';
    },
  },
  webpack: { folder: 'webpack', build: 'build', output: 'dist', csp: trusting('webpack') },
  Rollup: { folder: 'rollup', build: 'build', output: 'dist', assetsUrl: '/strongroom/' },
  esbuild: { folder: 'esbuild', build: 'build', output: 'dist', assetsUrl: '/strongroom/' },
  Parcel: { folder: 'parcel', build: 'build', output: 'dist', inline: true },
  'Next.js': { folder: 'next', build: 'build', serve: 'start', inline: true, csp: turbopack },
  // Its code for development evaluates strings and loads scripts by no Trusted Types policy.
  'Next.js, dev': { folder: 'next', serve: 'dev', direct: true },
  'Next.js, webpack': {
    folder: 'next',
    build: 'build:webpack',
    serve: 'start',
    inline: true,
    csp: trusting('nextjs nextjs#bundler'),
  },
};

/** Builds an app: what answers requests for its paths, and what ends that. */
async function make({ folder: name, build, output, serve, assetsUrl }) {
  const folder = await freshApp(name, 'app', `apps/${name}`);
  const said = build ? await npm(folder, 'run', '--loglevel=error', build) : '';
  expect(said).not.toMatch(/warning/i);
  if (serve) {
    const { origin, stop } = await start(folder, serve);
    return { origin, answer: (path) => fetch(origin + path), stop };
  }
  const dist = join(folder, output);
  // Who builds no pages gets the one that is there.
  if (!existsSync(join(dist, 'index.html'))) await cp(join(folder, 'index.html'), join(dist, 'index.html'));
  if (assetsUrl) {
    for (const file of FILES) await cp(join(folder, 'node_modules/strongroom', file), join(dist, assetsUrl, file));
  }
  return {
    answer: async (path) => {
      const { pathname } = new URL(path, 'http://localhost');
      const file = pathname === '/' ? 'index.html' : pathname;
      const type = TYPES[extname(file)] ?? 'application/octet-stream';
      const content = await readFile(join(dist, file)).catch(() => undefined);
      return new Response(content, { status: content ? 200 : 404, headers: { 'Content-Type': type } });
    },
    stop() {},
  };
}

/** Runs the server of an app, on a port of its choice, in a process group of its own: it starts others. */
async function start(folder, script) {
  const child = startNpm(folder, 'run', '--loglevel=error', script, '--', '--port', '0');
  const stop = () => process.kill(-child.pid);
  const said = [];
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    const [origin] = line.match(/http:\/\/localhost:\d+/) ?? [];
    if (origin) return { origin, stop };
  }
  throw new Error(`npm run ${script} has ended\n${said.join('\n')}`);
}

/** Adds the hashes of the scripts in a page to the policy it is served with. */
function allowInline(response, page) {
  const scripts = [...page.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)];
  const hashes = scripts.map(([, text]) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`);
  const policy = response.getHeader('Content-Security-Policy');
  response.setHeader('Content-Security-Policy', policy.replace('script-src', `script-src ${hashes.join(' ')}`));
}

const test = base.extend({
  app: [undefined, { option: true }],
  placement: ['', { option: true }],
  world: async ({ app, placement }, use) => {
    const { csp, direct, inline, made } = app;
    const { origin } = made();
    const handler = async (request, response) => {
      const answer = await made().answer(request.url);
      const [type, body] = [answer.headers.get('Content-Type') ?? '', Buffer.from(await answer.arrayBuffer())];
      if (inline && type.startsWith('text/html')) allowInline(response, body.toString());
      response.writeHead(answer.status, { 'Content-Type': type }).end(body);
    };
    const world = await startWorld({
      csp: (policy) => csp?.(policy, placement),
      routes: { '*': handler },
      api: direct && { callers: [origin] },
      provider: { consent: 'never', ...(direct && { appOrigins: [origin] }) },
    });
    await use({ ...world, url: `${direct ? origin : world.app.origin}/` });
    await world.close();
  },
});

for (const [name, app] of Object.entries(APPS)) {
  test.describe(name, () => {
    // One build for all placements.
    test.describe.configure({ mode: 'default' });
    let made;
    test.use({ app: { ...app, made: () => made } });
    test.beforeAll(async () => {
      made = await make(app);
    });
    test.afterAll(() => made?.stop());

    for (const placement of ['shared', 'worker', 'closure']) {
      test.describe(() => {
        test.use({ placement });
        test(`${name}: a session in ${placement}`, async ({ page, world }) => {
          const problems = [];
          page.on('pageerror', (error) => problems.push(String(error)));
          page.on('console', (message) => {
            if (/policy|trusted/i.test(message.text())) problems.push(message.text());
          });
          const options = {
            issuer: world.provider.issuer,
            clientId: 'spa',
            apis: [{ url: world.api.url, resource: world.api.url, scope: 'read:orders' }],
            vault: { placement, fallback: false },
            api: `${world.api.url}orders`,
            ...(app.assetsUrl && { assetsUrl: app.assetsUrl }),
          };
          await page.addInitScript((options) => {
            window.options = options;
          }, options);
          const status = page.getByRole('status');

          await page.goto(world.url);
          await expect(status).toHaveText(`signedOut login_required in ${placement}`);
          await page.getByRole('button', { name: 'Sign in' }).click();
          await logIn(page);
          await expect(status).toHaveText(`signedIn ada in ${placement}`);
          await page.reload();
          await expect(status).toHaveText(`signedIn ada in ${placement}`);
          await page.getByRole('button', { name: 'Call the API' }).click();
          await expect(page.locator('pre')).toHaveText(/^200 .*Analytical Engine/);
          expect(problems).toEqual([]);
        });
      });
    }
  });
}
