// Strongroom beside its peers: node tests/bench/run.mjs [--samples N] [--latency MS] [--only NAME,NAME] [--write]
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';
import config from '../../playwright.config.mjs';
import { EMPTY, PEERS } from './peers.mjs';
import { report } from './report.mjs';
import { startServers } from './servers.mjs';
import { signInAtProvider } from './user.mjs';

const { values } = parseArgs({
  options: {
    samples: { type: 'string', default: '20' },
    latency: { type: 'string', default: '40' },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const [samples, latency] = [Number(values.samples), Number(values.latency)];
const only = values.only?.split(',');
const peers = PEERS.filter(({ name }) => !only || name === 'floor' || only.includes(name));
/** How many calls one sample is made of: a page's clock has steps of 0.1 ms. */
const CALLS = { api: 20, token: 200 };

const world = await startServers([...peers, EMPTY]);
const browser = await chromium.launch(config.use.launchOptions);
/** What was measured: by scenario and peer. */
const measured = {};
const add = (scenario, { name }, value) => {
  measured[scenario] ??= {};
  measured[scenario][name] ??= [];
  measured[scenario][name].push(value);
};

/** The mean of the middle half. */
function midmean(values) {
  const middle = [...values].sort((a, b) => a - b).slice(values.length / 4, (values.length * 3) / 4);
  return middle.reduce((sum, value) => sum + value) / middle.length;
}

/** Peers in another order each round, so that no one always follows the same. */
const turned = (round, all = peers) => all.map((_, at) => all[(at + round) % all.length]);
const say = (text) => process.stderr.write(`${text}\n`);

/** The cookies of a user whom the provider knows. */
async function cookiesOfUser() {
  const context = await browser.newContext();
  const page = await context.newPage();
  await signInAtProvider(page, world);
  const cookies = await context.cookies();
  await context.close();
  return cookies;
}
const cookies = await cookiesOfUser();

/** A browser profile with nothing in it but that user's cookies at the provider. */
async function profile() {
  const context = await browser.newContext({ storageState: { cookies, origins: [] } });
  await context.addInitScript(() => {
    window.bench = Promise.withResolvers();
    window.bench.promise.catch(() => {});
  });
  return context;
}

const urlOf = ({ name }, query = '') => `${world.app.origin}/bench/${name}/${query}`;
/** Milliseconds from the navigation's start to a usable token. */
const arrived = (page) => page.evaluate(() => window.bench.promise.then(({ at }) => at));
/** The requests of browsers to the provider since there were `before`. The API asks for keys too. */
const asked = (before) => world.provider.requests.slice(before).filter(({ origin, dest }) => origin || dest);

/** Loads a page by `go`, and notes how long it took and what reached the provider. */
async function timed(scenario, peer, page, go) {
  const before = world.provider.requests.length;
  await go();
  add(scenario, peer, await arrived(page));
  add(`${scenario} requests`, peer, asked(before));
}

/** The API answers with 200 to a call as the peer's users make it. */
async function checkApi(page, peer) {
  if (peer === EMPTY) return;
  const status = await page.evaluate(async (url) => {
    const { call } = await window.bench.promise;
    const response = await call(url);
    await response.arrayBuffer();
    return response.status;
  }, `${world.api.url}orders`);
  if (status !== 200) throw new Error(`${peer.name}: the API answers ${status}`);
}

/**
 * Cold, after a reload, in a second tab, and with a warm cache but without tokens; with servers that answer `latency`
 * milliseconds late.
 */
async function starts(peer, round, latency) {
  world.distance.ms = latency;
  const named = (scenario) => (latency ? `far ${scenario}` : scenario);
  const context = await profile();
  const page = await context.newPage();
  await timed(named('cold'), peer, page, () => page.goto(urlOf(peer), { waitUntil: 'commit' }));
  await checkApi(page, peer);
  await timed(named('reload'), peer, page, () => page.reload({ waitUntil: 'commit' }));
  const tab = await context.newPage();
  await timed(named('second tab'), peer, tab, () => tab.goto(urlOf(peer), { waitUntil: 'commit' }));
  await checkApi(tab, peer);
  // What outlives a page is forgotten, but for what the HTTP cache holds.
  await tab.evaluate(async () => {
    await (await window.bench.promise).forget?.();
    localStorage.clear();
  });
  await tab.close();
  await page.close();
  const warm = await context.newPage();
  await timed(named('warm'), peer, warm, () => warm.goto(urlOf(peer, `?run=${round + 1}`), { waitUntil: 'commit' }));
  await checkApi(warm, peer);
  await context.close();
  world.distance.ms = 0;
}

/** The main thread's time until the token is there, the heap then, and what was loaded. */
async function costs(peer) {
  const context = await profile();
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  const metric = async (name) =>
    (await cdp.send('Performance.getMetrics')).metrics.find((metric) => metric.name === name).value;
  world.served.clear();
  await page.goto(urlOf(peer), { waitUntil: 'commit' });
  await arrived(page);
  add('main thread', peer, (await metric('TaskDuration')) * 1000);
  await cdp.send('HeapProfiler.collectGarbage');
  add('heap', peer, (await metric('JSHeapUsedSize')) / 1e6);
  const files = world.files.get(peer.name);
  const loaded = [...world.served.keys()].filter((path) => files.has(path) && !path.endsWith('/'));
  const size = (paths) => paths.reduce((sum, path) => sum + files.get(path).brotli.length, 0);
  const elsewhere = /(shared|callback|OidcServiceWorker|OidcTrustedDomains)\.js$|\.wasm$|\.html$/;
  add('bytes', peer, { page: size(loaded.filter((path) => !elsewhere.test(path))), total: size(loaded) });
  await context.close();
}

/** Pages that stay: API calls, cached tokens, forced renewals. */
async function residents() {
  world.manner.refreshTokens = true;
  const open = async (peer) => {
    const page = await (await profile()).newPage();
    await page.goto(urlOf(peer, '?resident'), { waitUntil: 'commit' });
    await arrived(page);
    await checkApi(page, peer);
    return page;
  };
  const pages = new Map();
  for (const peer of peers) pages.set(peer, await open(peer));
  const raw = await open({ name: 'floor' });
  const held = await raw.evaluate(async () => {
    const { token, refreshToken } = await window.bench.promise;
    return { token: await token(), refresh: refreshToken() };
  });
  for (let round = -1; round < samples; round++) {
    for (const peer of turned(round + 1)) {
      const one = await pages.get(peer).evaluate(
        async ({ url, held, calls, tokenUrl, ownFirst }) => {
          const { call, token, refresh } = await window.bench.promise;
          const time = async (task) => {
            const began = performance.now();
            const result = await task();
            return { took: performance.now() - began, result };
          };
          const read = (send) => async () => {
            const response = await send();
            await response.arrayBuffer();
            if (!response.ok) throw new Error(`the API answers ${response.status}`);
          };
          const headers = { Authorization: `Bearer ${held.token}` };
          const [raw, own] = [read(() => fetch(url, { headers })), read(() => call(url))];
          const pairs = [];
          for (let pair = 0; pair < calls.api; pair++) {
            const took = new Map();
            for (const send of pair % 2 ? [raw, own] : [own, raw]) took.set(send, (await time(send)).took);
            pairs.push((took.get(own) - took.get(raw)) * 1000);
          }
          const cached = await time(async () => {
            for (let done = 0; done < calls.token; done++) await token();
          });
          const body = { grant_type: 'refresh_token', client_id: 'spa', refresh_token: held.refresh };
          const rawRefresh = async () =>
            (await fetch(tokenUrl, { method: 'POST', body: new URLSearchParams(body) })).json();
          const forced = ownFirst ? await time(refresh) : undefined;
          const { took, result } = await time(rawRefresh);
          const mine = forced ?? (await time(refresh));
          return {
            pairs,
            cached: (cached.took * 1000) / calls.token,
            refresh: (typeof mine.result === 'number' ? mine.result : mine.took) - took,
            next: result.refresh_token,
          };
        },
        {
          url: `${world.api.url}orders`,
          held,
          calls: CALLS,
          tokenUrl: `${world.provider.issuer}/token`,
          ownFirst: round % 2 === 0,
        },
      );
      held.refresh = one.next;
      // The first round only warms up.
      if (round < 0) continue;
      add('api', peer, midmean(one.pairs));
      add('cached', peer, one.cached);
      add('refresh', peer, one.refresh);
    }
  }
  for (const page of pages.values()) await page.context().close();
  await raw.context().close();
  world.manner.refreshTokens = false;
}

/** `callers` calls in each of `tabs` tabs, when the token has just expired. */
async function expiry(peer, tabs, callers) {
  const scenario = tabs === 1 ? 'callers' : 'tabs';
  world.manner.refreshTokens = true;
  const context = await profile();
  // A shared worker's clock cannot be set: there the tokens are short-lived instead.
  const simulated = peer.name !== 'strongroom';
  if (simulated) await context.clock.install();
  else world.manner.seconds = 8;
  const pages = [];
  for (let tab = 0; tab < tabs; tab++) {
    const page = await context.newPage();
    await page.goto(urlOf(peer, '?resident'), { waitUntil: 'commit' });
    await arrived(page);
    pages.push(page);
  }
  world.manner.seconds = 600;
  if (!simulated) await new Promise((resolve) => setTimeout(resolve, 9000));
  const before = world.provider.requests.length;
  if (simulated) {
    await context.clock.pauseAt(Date.now() + 700_000);
    await context.clock.resume();
  }
  const errors = [];
  const calling = pages.map((page) =>
    page.evaluate(
      async ({ url, callers }) => {
        const { call } = await window.bench.promise;
        const calls = Array.from({ length: callers }, async () => (await call(url)).status);
        return (await Promise.allSettled(calls)).map(({ value, reason }) => (reason ? String(reason) : value));
      },
      { url: `${world.api.url}orders`, callers },
    ),
  );
  const patience = new Promise((resolve) => setTimeout(resolve, 20_000, [Array(callers).fill('no answer in 20 s')]));
  for (const answers of await Promise.race([Promise.all(calling), patience])) {
    errors.push(...answers.filter((answer) => answer !== 200));
  }
  for (const call of calling) call.catch(() => {});
  add(scenario, peer, { requests: asked(before), errors });
  await context.close();
  world.manner.refreshTokens = false;
}

const began = Date.now();
/** How busy the machine was with other things. */
const [load] = loadavg();
/** What could not be measured. */
const failures = [];
/** Runs `task` for a peer; if it fails, that is said, and the others go on. */
const attempt = async (what, peer, task) => {
  try {
    await task();
  } catch (error) {
    failures.push({ what, peer: peer.name, why: String(error).split('\n')[0] });
    say(`${what}, ${peer.name}: ${error}`);
  }
};
for (const peer of peers) await attempt('costs', peer, () => costs(peer));
for (let round = 0; round < samples; round++) {
  say(`round ${round + 1} of ${samples}`);
  for (const peer of turned(round, [...peers, EMPTY])) {
    for (const distance of new Set([0, latency])) {
      await attempt('starts', peer, () => starts(peer, round, distance));
    }
  }
}
for (let round = 1; round < Math.min(samples, 10); round++) {
  for (const peer of turned(round)) await attempt('costs', peer, () => costs(peer));
}
say('API calls, cached tokens, renewals');
await residents();
for (const peer of peers) {
  say(`at expiry: ${peer.name}`);
  await attempt('callers', peer, () => expiry(peer, 1, 100));
  await attempt('tabs', peer, () => expiry(peer, 10, 10));
}
const text = await report({
  peers,
  measured,
  samples,
  latency,
  failures,
  seconds: Math.round((Date.now() - began) / 1000),
  machine: `${cpus().length} cores (load ${load.toFixed(1)} at the beginning), ${browser.browserType().name()} ${browser.version()}`,
});
console.log(text);
if (values.write) await writeFile(new URL('../../BENCHMARKS.md', import.meta.url), text);
await writeFile(new URL('../../target/bench.json', import.meta.url), JSON.stringify(measured));
await browser.close();
await world.close();
