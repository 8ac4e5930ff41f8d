// The tables of a run, and what they say about the goals.
import { versionOf } from './build.mjs';
import { EMPTY } from './peers.mjs';

const sorted = (values) => [...values].sort((a, b) => a - b);
const quantile = (values, share) => {
  const all = sorted(values);
  return all[Math.min(all.length - 1, Math.ceil(share * all.length) - 1)];
};
const median = (values) => {
  const all = sorted(values);
  const middle = all.length >> 1;
  return all.length % 2 ? all[middle] : (all[middle - 1] + all[middle]) / 2;
};
/** Few digits, and no more than mean something. */
const short = (value) => {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits).replace(/^-(0(\.0+)?)$/, '$1');
};
const thousands = (value) => Math.round(value).toLocaleString('en-US');

function table(head, rows) {
  return [head, head.map((_, at) => (at ? '--:' : '---')), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** What endpoints are called, by the last part of their path. */
const NAMES = { auth: 'authorize', 'openid-configuration': 'metadata', jwks: 'keys', certs: 'keys' };

/** A request as one reads it. */
function named({ method, path }) {
  const last = path.split('/').at(-1);
  return (method === 'OPTIONS' ? 'preflight of ' : '') + (NAMES[last] ?? last.replace(/^step1\.html$/, 'cookie test'));
}
const isToken = (request) => request.method === 'POST' && /\/token$/.test(request.path);

/** @returns {Promise<string>} Markdown */
export async function report({ peers, measured, samples, latency, failures, seconds, machine }) {
  const names = new Map();
  for (const { name, package: npm } of peers) {
    names.set(name, npm ? `${npm} ${npm === 'strongroom' ? '' : await versionOf(npm)}`.trim() : 'hand-written floor');
  }
  const of = (scenario, name) => measured[scenario]?.[name];
  const middle = (scenario, name) => {
    const values = of(scenario, name);
    return values && median(values);
  };
  const others = peers.filter(({ name }) => name !== 'strongroom' && name !== 'floor').map(({ name }) => name);
  const best = (scenario, among) =>
    among
      .filter((name) => of(scenario, name))
      .map((name) => ({ name, value: middle(scenario, name) }))
      .sort((a, b) => a.value - b.value)[0];
  const cell = (scenario, name, ratioTo) => {
    const values = of(scenario, name);
    if (!values) return '–';
    const ratio = ratioTo ? `, ×${(median(values) / ratioTo).toFixed(2)}` : '';
    return `${short(median(values))} (${short(quantile(values, 0.95))}${ratio})`;
  };

  names.set(EMPTY.name, 'a page that does nothing');
  const starts = ['cold', 'warm', 'reload', 'second tab'];
  const startsTable = (prefix) =>
    table(
      ['', 'tokens in', 'silent, cold', 'silent, warm', 'reload', 'second tab'],
      [...peers, EMPTY].map(({ name, keeps }) => [
        names.get(name),
        keeps,
        ...starts.map((scenario) => cell(prefix + scenario, name, middle(prefix + scenario, 'floor'))),
      ]),
    );
  const callsTable = table(
    ['', 'API call: µs more than `fetch`', 'cached token: µs a call', 'forced renewal: ms more than `fetch`'],
    peers.map(({ name }) => [names.get(name), ...['api', 'cached', 'refresh'].map((scenario) => cell(scenario, name))]),
  );
  /** What most of the runs asked the provider. */
  const usual = (scenario, name) => {
    const runs = of(`${scenario} requests`, name)?.map((requests) => requests.map(named).join(', ') || 'none');
    if (!runs) return '–';
    const counted = new Map();
    for (const run of runs) counted.set(run, (counted.get(run) ?? 0) + 1);
    return [...counted].sort((a, b) => b[1] - a[1])[0][0];
  };
  const crowd = (scenario, name) => {
    const [found] = of(scenario, name) ?? [];
    if (!found) return '–';
    return `${found.requests.filter(isToken).length} of ${found.requests.length}, ${found.errors.length}`;
  };
  const requestsTable = table(
    ['', 'silent, warm', 'reload', '100 callers at expiry', '10 tabs at expiry, 10 callers each'],
    peers.map(({ name }) => [
      names.get(name),
      usual('warm', name),
      usual('reload', name),
      crowd('callers', name),
      crowd('tabs', name),
    ]),
  );
  const costsTable = table(
    ['', 'page, bytes', 'total, bytes', 'main thread, ms', 'heap, MB'],
    peers.map(({ name }) => {
      const [bytes] = of('bytes', name) ?? [];
      return [
        names.get(name),
        bytes ? thousands(bytes.page) : '–',
        bytes ? thousands(bytes.total) : '–',
        cell('main thread', name),
        cell('heap', name),
      ];
    }),
  );

  const goals = [];
  const goal = (text, met, found) => goals.push([text, met ? 'met' : '**not met**', found]);
  const own = (scenario) => middle(scenario, 'strongroom');
  if (own('cold') !== undefined) {
    const inMemory = peers
      .filter(({ name, keeps }) => others.includes(name) && keeps === 'memory')
      .map(({ name }) => name);
    const distances = { '': '', ...(latency && { 'far ': `, ${latency} ms away` }) };
    for (const [prefix, where] of Object.entries(distances)) {
      for (const scenario of ['cold', 'warm']) {
        const time = prefix + scenario;
        const floor = middle(time, 'floor');
        const ratio = own(time) / floor;
        goal(`silent, ${scenario}${where}: at most 1.15 × floor`, ratio <= 1.15, `${ratio.toFixed(2)} ×`);
        const peer = best(time, others);
        if (peer) {
          const found = `${short(own(time))} ms; ${names.get(peer.name)} ${short(peer.value)} ms`;
          goal(`silent, ${scenario}${where}: no slower than the best peer`, own(time) <= peer.value, found);
        }
      }
      for (const scenario of ['reload', 'second tab']) {
        const time = prefix + scenario;
        const peer = best(time, inMemory);
        if (!peer) continue;
        const [ratio, bound] = [own(time) / peer.value, middle(time, EMPTY.name) / peer.value];
        const text = `${scenario}${where}: at most 0.35 × the best peer that keeps tokens in memory`;
        const found = `${ratio.toFixed(2)} × ${names.get(peer.name)}; a page that does nothing: ${bound.toFixed(2)} ×`;
        goal(text, ratio <= 0.35, found);
      }
    }
    goal('API call: at most 300 µs more than `fetch`', own('api') <= 300, `${short(own('api'))} µs`);
    goal('forced renewal: at most 1 ms more than `fetch`', own('refresh') <= 1, `${short(own('refresh'))} ms`);
    for (const [scenario, text] of [
      ['callers', '100 callers at expiry'],
      ['tabs', '10 tabs at expiry'],
    ]) {
      const [found] = of(scenario, 'strongroom') ?? [];
      if (!found) continue;
      const tokens = found.requests.filter(isToken).length;
      goal(`${text}: 1 token request, 0 errors`, tokens === 1 && !found.errors.length, crowd(scenario, 'strongroom'));
    }
    const asked = of('warm requests', 'strongroom').map((requests) => requests.map(named).join(', '));
    const right = asked.every((run) => run === 'authorize, token');
    goal('silent, warm: authorize and token, nothing else', right, [...new Set(asked)].join('; '));
  }

  /** Where a peer is ahead. */
  const ahead = [];
  const compare = [
    ['cold', 'silent, cold', 'ms'],
    ['warm', 'silent, warm', 'ms'],
    ['reload', 'reload', 'ms'],
    ['second tab', 'second tab', 'ms'],
    ['api', 'API call, over `fetch`', 'µs'],
    ['cached', 'cached token', 'µs'],
    ['refresh', 'forced renewal, over `fetch`', 'ms'],
    ['main thread', 'main thread', 'ms'],
    ['heap', 'heap', 'MB'],
  ];
  for (const [scenario, text, unit] of compare) {
    const faster = others.filter((name) => of(scenario, name) && middle(scenario, name) < own(scenario));
    if (!faster.length) continue;
    const list = faster.map((name) => `${names.get(name)} (${short(middle(scenario, name))})`).join(', ');
    ahead.push(`- ${text}, Strongroom ${short(own(scenario))} ${unit}: ${list}`);
  }
  const lighter = others.filter(
    (name) =>
      of('bytes', name) && of('bytes', 'strongroom') && of('bytes', name)[0].total < of('bytes', 'strongroom')[0].total,
  );
  if (lighter.length) ahead.push(`- total bytes: ${lighter.map((name) => names.get(name)).join(', ')}`);

  const errors = ['callers', 'tabs'].flatMap((scenario) =>
    peers.flatMap(({ name }) => {
      const [found] = of(scenario, name) ?? [];
      return found?.errors.length
        ? [`- ${names.get(name)}, ${scenario}: \`${String(found.errors[0]).slice(0, 160)}\``]
        : [];
    }),
  );
  const failed = failures.map(({ what, peer, why }) => `- ${names.get(peer)}, ${what}: \`${why.slice(0, 160)}\``);

  return `# Benchmarks

Strongroom and other packages in one browser, against one provider, their pages in turn. Written by a run; no number is
edited by hand.

- ${new Date().toISOString().slice(0, 10)}, \`cargo xtask bench --samples ${samples} --write\`, ${seconds} s
- ${machine}; app, API and provider (npm oidc-provider) on the same machine

Median of ${samples} samples (95th percentile, × the floor's median). The floor is a page written by hand that makes the fewest requests
and checks nothing.

## Goals

${table(['goal', '', 'found'], goals)}

## From the start of the navigation to a usable token, ms

${startsTable('')}
${latency ? `\nWith app and provider ${latency} ms away (they answer so much later):\n\n${startsTable('far ')}\n` : ''}
- *cold*: a profile with nothing in it but the provider's cookie of a user who is signed in there
- *warm*: the page's files and what else the HTTP cache holds are there, tokens are not; a new tab
- *reload* and *second tab*: of a page that has its token
- *a page that does nothing* has a script of one line, and no token: what no other page can beat

## Calls

${callsTable}

An API call is one with its body read, in a page that has its token, as the package's users write it. The \`fetch\` it is compared
with is made by the same page right before or after, with the header ready; a sample is the mean of the middle half of 20 such
pairs. A forced renewal is compared with a \`fetch\` that does the same at the token endpoint.

## Requests that reach the provider

${requestsTable}

At expiry: token requests of all requests to the provider, and calls that failed. With refresh tokens that rotate.

## What it costs to load

${costsTable}

Bytes as brotli 11: those of the page's own scripts, and with workers, wasm and pages for frames. Main thread: its CPU time until the
token is there, hidden frames included. Heap: the page's own, after a garbage collection; not that of workers.

## Where a peer is ahead

${ahead.join('\n') || 'Nowhere.'}

## Notes

- All pages have one Content-Security-Policy, files compressed with brotli, cached for a year. Each peer is set up as its
  documentation says, for a hidden frame; [\`tests/bench/peers\`](tests/bench/peers) has all of it.
- strongroom: its page has no token and needs none. For *cached token* alone it was created with \`dangerouslyExposeAccessToken\`.
  No call forces a renewal: an API refuses a token once, and the time of two such API requests without Strongroom is taken off.
  Its shared worker's clock cannot be set, so at expiry its tokens live 8 s, and the other peers' clock is set forward.
- @auth0/auth0-spa-js: \`/authorize\` and \`/oauth/token\` are mapped to the provider's endpoints, and \`iss\` of its ID token gets the slash
  that it wants at the end. The newest version whose
  dependencies could be installed.
- keycloak-js: Keycloak's URLs are mapped to the provider's, refresh tokens are wrapped as JWTs, and the page that tells whether
  frames have cookies is the shortest there can be. Without offline_access it does not renew.
- @azure/msal-browser: takes no authority over http, so the metadata is given to it. Its tokens are in the sessionStorage.
- @okta/okta-auth-js: \`okta_post_message\` is translated to \`web_message\` and back. The build \`/core\`.
- @axa-fr/oidc-client: with its service worker. *Cached token* gives a placeholder, which the service worker replaces.
- oauth4webapi: the frame and the sharing of a renewal are code of this benchmark.
- Strongroom and @okta/okta-auth-js ask for the provider's keys and check the signature of the ID token with them. As they are
  set up here, the other peers do not: they trust the token endpoint's TLS (OIDC Core 3.1.3.7 item 6).
${errors.length ? `\nWhat failed at expiry, the first error of each:\n\n${errors.join('\n')}\n` : ''}${failed.length ? `\nWhat could not be measured:\n\n${failed.join('\n')}\n` : ''}`;
}
