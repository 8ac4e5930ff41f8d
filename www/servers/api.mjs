// The demo's API: it demands JWT access tokens of the provider.
import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, createRemoteJWKSet, EmbeddedJWK, jwtVerify } from 'jose';
import { bodyOf, listen, reachable } from './loopback.mjs';

const ORDERS = [
  { id: 1843, item: 'Notes on the Analytical Engine', price: 18.43 },
  { id: 1952, item: 'A compiler', price: 19.52 },
];

/**
 * Starts the API.
 * @param {{
 *   port?: number, host?: string, callers: string[], issuer: () => string, dpopNonce?: string,
 * }} options `callers` are the origins whose requests CORS lets through; with a `dpopNonce`, DPoP proofs must have it
 */
export async function startApi({ port, host, callers, issuer, dpopNonce }) {
  /** Every request as it arrived, with its headers. */
  const requests = [];
  let keys;

  /** What came once: the `jti` of proofs, so that none serves twice, and the ids of /once. */
  const seen = new Set();

  /** Checks that who sends `token` has the key it is bound to (RFC 9449 section 4.3). */
  async function checkProof(request, token, { cnf }) {
    const { payload, protectedHeader } = await jwtVerify(request.headers.dpop, EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: ['ES256', 'EdDSA'],
      maxTokenAge: 60,
    });
    const digest = createHash('sha256').update(token).digest('base64url');
    const url = `${server.origin}${request.url.split('?')[0]}`;
    const right =
      payload.htm === request.method &&
      payload.htu === url &&
      payload.ath === digest &&
      cnf?.jkt === (await calculateJwkThumbprint(protectedHeader.jwk)) &&
      !seen.has(payload.jti);
    seen.add(payload.jti);
    if (!right) throw new Error('the proof is for something else');
    return payload;
  }

  /** What the token allows, or the challenge that says why it is none (RFC 6750 section 3). */
  async function authorize(request, scope) {
    const [scheme = '', token] = request.headers.authorization?.split(' ') ?? [];
    const proven = scheme.toLowerCase() === 'dpop';
    if (!proven && scheme.toLowerCase() !== 'bearer') {
      return { status: 401, challenge: 'Bearer realm="orders", DPoP realm="orders", algs="ES256 EdDSA"' };
    }
    try {
      keys ??= createRemoteJWKSet(reachable(`${issuer()}/jwks`));
      const { payload } = await jwtVerify(token, keys, {
        issuer: issuer(),
        audience: `${server.origin}/`,
        typ: 'at+jwt',
      });
      const proof = proven ? await checkProof(request, token, payload) : undefined;
      if (!proven && payload.cnf) throw new Error('the token is bound to a key');
      if (proven && dpopNonce && proof.nonce !== dpopNonce) {
        return { status: 401, challenge: 'DPoP error="use_dpop_nonce", algs="ES256 EdDSA"', nonce: dpopNonce };
      }
      const scopes = String(payload.scope ?? '').split(' ');
      if (scopes.includes(scope)) return { user: payload.sub };
      return { status: 403, challenge: `Bearer realm="orders", error="insufficient_scope", scope="${scope}"` };
    } catch {
      return {
        status: 401,
        challenge:
          'Bearer realm="orders", error="invalid_token", error_description="not a valid access token for this API"',
      };
    }
  }

  /** The user, if the token allows it; else the challenge is the answer. */
  async function admitted(request, json, scope) {
    const { status, challenge, nonce, user } = await authorize(request, scope);
    if (!challenge) return user;
    json(status, { error: 'unauthorized' }, { 'WWW-Authenticate': challenge, ...(nonce && { 'DPoP-Nonce': nonce }) });
  }

  const routes = {
    '/orders': async ({ method, request, body, json }) => {
      const writes = method === 'POST';
      const user = await admitted(request, json, writes ? 'write:orders' : 'read:orders');
      if (!user) return;
      return writes ? json(201, { user, order: JSON.parse(body.toString()) }) : json(200, { user, orders: ORDERS });
    },
    // Whatever is asked, it is the orders.
    '/graphql': async ({ request, json }) => {
      const user = await admitted(request, json, 'read:orders');
      if (user) json(200, { data: { orders: ORDERS.map((order) => ({ __typename: 'Order', ...order })) } });
    },
    '/echo': ({ method, headers, body, json }) =>
      json(200, {
        method,
        type: headers['content-type'] ?? null,
        scheme: headers.authorization?.split(' ')[0] ?? null,
        length: body.length,
        body: body.toString('base64'),
      }),
    '/once': ({ url, method, headers, body, json }) => {
      // Refuses each id the first time, whatever the token.
      const id = url.searchParams.get('id');
      if (!seen.has(id)) {
        seen.add(id);
        return json(401, { error: 'unauthorized' }, { 'WWW-Authenticate': 'Bearer error="invalid_token"' });
      }
      return json(200, { method, type: headers['content-type'] ?? null, body: body.toString('base64') });
    },
    '/public': ({ headers, json }) => json(200, { token: Boolean(headers.authorization) }),
    '/stream': async ({ url, response }) => {
      response.writeHead(200, { 'Content-Type': 'text/plain' });
      for (let chunk = 0; chunk < Number(url.searchParams.get('chunks') ?? 3); chunk++) {
        response.write(`chunk ${chunk}\n`);
        await new Promise((resolve) => setImmediate(resolve));
      }
      // Without an end, the answer lasts until the client gives up.
      if (!url.searchParams.has('endless')) response.end();
    },
    '/never': () => {},
    '/redirect': ({ url, response }) => response.writeHead(302, { Location: url.searchParams.get('to') ?? '/' }).end(),
    '/status': ({ url, response }) => {
      const challenge = url.searchParams.get('challenge');
      response
        .writeHead(Number(url.searchParams.get('code') ?? 200), challenge ? { 'WWW-Authenticate': challenge } : {})
        .end();
    },
  };

  const server = await listen(
    async (request, response) => {
      const url = new URL(request.url ?? '/', server.origin);
      const { method = 'GET', headers } = request;
      const record = { method, path: url.pathname, headers, aborted: false };
      requests.push(record);
      response.on('close', () => {
        record.aborted = !response.writableEnded;
      });
      const { origin } = headers;
      if (callers.includes(origin) || origin === 'null') {
        response.setHeader('Access-Control-Allow-Origin', origin);
        response.setHeader('Access-Control-Expose-Headers', 'WWW-Authenticate, DPoP-Nonce, X-Demo');
        response.setHeader('Vary', 'Origin');
      }
      response.setHeader('X-Demo', 'orders');
      if (method === 'OPTIONS') {
        response.setHeader('Access-Control-Allow-Headers', 'authorization, content-type, dpop, x-test');
        response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, POST, PUT, PATCH, DELETE');
        response.writeHead(204).end();
        return;
      }
      const json = (status, value, more = {}) =>
        response.writeHead(status, { 'Content-Type': 'application/json', ...more }).end(JSON.stringify(value));
      const route = routes[url.pathname];
      if (!route) return json(404, { error: 'not_found' });
      try {
        await route({ method, headers, request, url, response, json, body: await bodyOf(request) });
      } catch {
        // The client has gone.
        response.destroy();
      }
    },
    { port, host },
  );
  return { origin: server.origin, url: `${server.origin}/`, requests, close: server.close };
}
