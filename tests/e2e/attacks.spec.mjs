// The attack lab: every attack of tests/attacks, on a live session in each placement, against the real provider.
import { readFile } from 'node:fs/promises';
import { test as base, expect } from '@playwright/test';
import { build } from 'esbuild';
import { attacks } from '../attacks/attacks.mjs';
import { placements, times } from '../attacks/placements.mjs';
import { startLab } from './lab.mjs';

const test = base.extend({
  lab: [
    async ({ browser }, use) => {
      const lab = startLab(browser);
      await use(lab);
      await lab.close();
    },
    { scope: 'worker' },
  ],
});

test.describe.configure({ timeout: 90_000 });

/**
 * Where an attack is tried: everywhere with `cargo xtask test attacks`, and usually where it makes a difference. Before
 * creation that is a closure, where built-ins of the page matter most; and a shared worker stands for that of a tab.
 */
function placementsFor({ id, lost }, when) {
  const all = Object.keys(placements);
  if (process.env.STRONGROOM_ATTACKS === 'all') return all;
  const [before, after] = [JSON.stringify(lost?.before), JSON.stringify(lost?.after)];
  if (when === 'before' && before === after) return ['closure'];
  const { worker, shared } = lost?.[when] ?? {};
  return all.filter((placement) => placement !== 'worker' || id.startsWith('worker') || worker !== shared);
}

for (const attack of attacks) {
  for (const when of times.filter((time) => time === 'after' || attack.when === 'both')) {
    test(`${attack.id}, ${when} creation`, { tag: '@attack' }, async ({ lab }) => {
      for (const placement of placementsFor(attack, when)) {
        const reason = attack.lost?.[when]?.[placement];
        const { outcome: seen, found, problems } = await lab.strike(attack, when, placement);
        const outcome = attack.races && reason ? 'lost' : seen;
        const description = JSON.stringify({ id: attack.id, when, placement, outcome, reason, found, problems });
        test.info().annotations.push({ type: 'attack', description });
        expect.soft(outcome, `in '${placement}': ${found.join(', ')}`).toBe(reason ? 'lost' : 'safe');
        // An attack that wins elsewhere may break off where it cannot.
        const expected = attack.lost ? problems.filter((problem) => !problem.startsWith('the attack: ')) : problems;
        if (!attack.disturbs) expect.soft(expected, `in '${placement}', the app goes on working`).toEqual([]);
      }
    });
  }
}

/** The page part with `from` replaced in one of its sources. */
async function pagePart(file, from, to) {
  const patch = {
    name: 'patch',
    setup({ onLoad, onResolve }) {
      // As in the build: what is loaded when it is wanted is a file of its own.
      onResolve({ filter: /^\.\// }, ({ kind, path }) =>
        kind === 'dynamic-import' ? { path, external: true } : undefined,
      );
      onLoad({ filter: new RegExp(`/${file}$`) }, async ({ path }) => {
        const source = await readFile(path, 'utf8');
        expect(source).toContain(from);
        return { contents: source.replace(from, to), loader: 'ts' };
      });
    },
  };
  const { outputFiles } = await build({
    entryPoints: ['pkg-template/src/index.ts'],
    bundle: true,
    format: 'esm',
    write: false,
    define: { VERSION: '"leaky"' },
    plugins: [patch],
  });
  return outputFiles[0].text;
}

/** The worker, with a script before it that hears of each request that the vault makes, and of its port. */
const leakyWorker = async (leak) => `
  let port;
  addEventListener('message', ({ ports }) => { port = ports[0]; }, { once: true });
  const send = fetch;
  globalThis.fetch = (request) => {
    const token = request.headers?.get('authorization');
    if (token) (${leak})(token, port);
    return send(request);
  };
  ${await readFile('pkg/worker.js', 'utf8')}`;

const leaks = {
  'a page part that opens the vault in the page, whatever it was told': {
    files: {
      'index.js': () =>
        pagePart(
          'placement.ts',
          'worker: (port: MessagePort) => inWorker(port, workerUrl(assetsUrl), wasm)',
          'worker: (port: MessagePort) => inClosure(port, wasm)',
        ),
    },
    loses: ['hook-fetch', 'hook-reflect', 'hook-json', 'hook-wasm-memory'],
  },
  'a page part whose session shows what it heard of a renewal, from a vault that tells the token': {
    files: {
      'worker.js': () => leakyWorker('(token, port) => port.postMessage([{ renewed: { token } }])'),
      'index.js': () =>
        pagePart(
          'session.ts',
          'renewed: (detail) =>',
          'renewed: (detail) => (session as any).last = detail, other: (detail: any) =>',
        ),
    },
    loses: ['objects-session', 'objects-window', 'hook-message-event'],
  },
  'a vault that tells other tabs its tokens': {
    files: { 'worker.js': () => leakyWorker("(token) => new BroadcastChannel('strongroom').postMessage(token)") },
    loses: ['channel-broadcast', 'worker-spy'],
  },
  'a vault that stores its tokens': {
    files: {
      'worker.js': () =>
        leakyWorker("(token) => caches.open('x').then((cache) => cache.put('/token', new Response(token)))"),
    },
    loses: ['storage-cache'],
  },
};

for (const [name, { files, loses }] of Object.entries(leaks)) {
  test(`the lab finds ${name}`, async ({ browser }) => {
    const routes = {};
    for (const [file, make] of Object.entries(files)) {
      const text = await make();
      routes[`/strongroom/${file}`] = (_request, response) => {
        response.setHeader('Content-Type', 'text/javascript');
        response.end(text);
      };
    }
    const lab = startLab(browser, { routes });
    for (const id of loses) {
      const attack = attacks.find((attack) => attack.id === id);
      expect(attack.lost?.after?.worker, 'it is safe otherwise').toBeUndefined();
      const { outcome, found } = await lab.strike(attack, 'after', 'worker');
      expect
        .soft({ id, outcome, found })
        .toMatchObject({ outcome: 'lost', found: expect.arrayContaining(['access_token']) });
    }
    await lab.close();
  });
}
