// The other side of the attacks in tests/attacks: the attacker's server, and the judge, who knows what the provider issued.
import { createHash } from 'node:crypto';
import { bodyOf, listen } from './loopback.mjs';

/**
 * @typedef {object} Verdict
 * @property {'safe' | 'lost'} outcome
 * @property {string[]} found what the attacker has: kinds of tokens, `code_verifier`, `private key`
 * @property {string[]} problems what went wrong with the attack or with the app's use of its session
 */

/**
 * Starts the attacker's server, which records whatever arrives and lets every origin send everything.
 * @param {{ host?: string, port?: number }} [options]
 */
export async function startAttacker(options) {
  /** Everything that arrived, as texts. */
  const arrived = [];
  const server = await listen(async (request, response) => {
    response.setHeader('Access-Control-Allow-Origin', request.headers.origin ?? '*');
    response.setHeader('Access-Control-Allow-Headers', 'authorization, content-type, dpop, x-test');
    response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, POST, PUT, PATCH, DELETE');
    response.setHeader('Access-Control-Allow-Credentials', 'true');
    const body = await bodyOf(request);
    arrived.push(request.url, JSON.stringify(request.headers), body.toString('latin1'));
    response.writeHead(request.method === 'OPTIONS' ? 204 : 200, { 'Content-Type': 'application/json' }).end('{}');
  }, options);
  return { origin: server.origin, url: `${server.origin}/`, port: server.port, arrived, close: server.close };
}

/** Koa middleware of a provider: keeps the code verifiers that its token endpoint was sent. */
export function keepVerifiers() {
  const verifiers = new Set();
  const middleware = async (ctx, next) => {
    await next();
    const verifier = ctx.path === '/token' && ctx.oidc?.body?.code_verifier;
    if (verifier) verifiers.add(verifier);
  };
  return { verifiers, middleware };
}

/** What is long enough to be a code verifier, and of its alphabet (RFC 7636 section 4.1). */
const VERIFIER = /[\w.~-]{43,128}/g;

const challengeOf = (verifier) => createHash('sha256').update(verifier).digest('base64url');

/** `texts` as one, with what is encoded in them. */
function everythingIn(texts) {
  // Some come letter by letter.
  const pieces = texts.filter((text) => text.length < 4).join('');
  const plain = [...texts, pieces].join('\n');
  const unescaped = plain.replace(/%[0-9a-f]{2}/gi, (octet) =>
    String.fromCharCode(Number.parseInt(octet.slice(1), 16)),
  );
  const decoded = (plain.match(/[\w+/-]{40,}={0,2}/g) ?? []).map((text) =>
    Buffer.from(text, 'base64').toString('latin1'),
  );
  return [plain, unescaped, ...decoded].join('\n');
}

/**
 * Judges attacks on sessions at `provider`.
 * @param {object} world
 * @param {import('./provider.mjs').RunningProvider} world.provider
 * @param {Awaited<ReturnType<typeof startAttacker>>} world.attacker
 * @param {Set<string>} world.verifiers
 */
export function judge({ provider, attacker, verifiers }) {
  /** Redeems a code as the attacker would. */
  async function redeemable(code, candidates) {
    for (const { verifier, query } of candidates) {
      const answer = await fetch(`${provider.issuer}/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'authorization_code',
          client_id: query.client_id,
          redirect_uri: query.redirect_uri,
          code,
          code_verifier: verifier,
        }),
      });
      if (answer.ok) return true;
    }
    return false;
  }

  /** The verdict on what an attacker recorded in the page, and what arrived at its server. */
  return async (texts) => {
    const everything = everythingIn([...texts, ...attacker.arrived.splice(0)]);
    const has = ({ value }) => everything.includes(value);
    const found = new Set();
    for (const issued of provider.issued) if (issued.kind !== 'code' && has(issued)) found.add(issued.kind);

    const asked = new Map(provider.requests.map(({ query }) => [query.code_challenge, query]));
    // What was only guessed answers no challenge.
    const right = (verifier) => asked.has(challengeOf(verifier));
    const candidates = new Set([...verifiers].filter((verifier) => everything.includes(verifier) && right(verifier)));
    for (const [text] of everything.matchAll(VERIFIER)) if (right(text)) candidates.add(text);
    if (candidates.size) found.add('code_verifier');
    const withRequest = [...candidates].map((verifier) => ({
      verifier,
      query: asked.get(challengeOf(verifier)) ?? {},
    }));
    for (const issued of provider.issued.filter(({ kind }) => kind === 'code')) {
      if (has(issued) && (await redeemable(issued.value, withRequest))) found.add('code');
    }

    if (/"d":"[\w-]{20,}"/.test(everything) || everything.includes('exported private key')) found.add('private key');
    return { outcome: found.size ? 'lost' : 'safe', found: [...found].sort() };
  };
}

/**
 * The app's side: where the attacks tell what they recorded. For worlds on loopback alone: the answer tells a guess right
 * from a wrong one.
 * @param {() => ReturnType<typeof judge>} verdictOn
 */
export function verdicts(verdictOn) {
  const waiting = new Map();
  const told = (run) => {
    if (!waiting.has(run)) waiting.set(run, withResolvers());
    return waiting.get(run);
  };
  return {
    /** The verdict on a run, once it is there. */
    of: (run) => told(run).promise,
    route: async (request, response) => {
      const { run, texts, problems } = JSON.parse(String(await bodyOf(request)));
      const verdict = { ...(await verdictOn()(texts)), problems };
      told(run).resolve(verdict);
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify(verdict));
    },
  };
}

function withResolvers() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}
