// A layer around the real provider that changes what it answers.
import { CompactSign, exportJWK, generateKeyPair, importJWK } from 'jose';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part) => JSON.parse(Buffer.from(part, 'base64url').toString());

/** `value` with `changes` written over it: an object (a member that is undefined goes), or a function. */
function changed(value, changes) {
  const now = Math.floor(Date.now() / 1000);
  const given = typeof changes === 'function' ? changes(value, now) : changes;
  return Object.fromEntries(Object.entries({ ...value, ...given }).filter(([, member]) => member !== undefined));
}

/** A key that the provider does not have: to sign with, and to publish. */
async function anotherKey(alg, kid) {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, kid, privateKey, jwk: { ...(await exportJWK(publicKey)), alg, kid, use: 'sig' } };
}

/**
 * What a provider does wrong (or right in an unusual way). All members are optional.
 * @typedef {object} Change
 * @property {object | Function} [metadata]
 * @property {(keys: object[], layer: object) => object[] | Promise<object[]>} [keys] what it publishes
 * @property {object | Function} [token] the token response
 * @property {object | Function} [idToken] the claims of the ID token
 * @property {Signing} [signing] how the ID token is signed
 * @property {object | Function} [userinfo] the claims
 * @property {Signing} [signedUserinfo] as a JWT
 * @property {(url: URL, layer: object) => void | Promise<void>} [redirect] the answer to an authorization request
 * @property {object | Function} [response] the claims of a signed authorization response
 * @property {Signing} [responseSigning]
 * @property {(ctx: object, layer: object) => void | Promise<void>} [before] what happens when a request arrives
 * @property {(ctx: object, layer: object) => string | Promise<string>} [claimsEndpoint] the JWT at /claims
 * @property {Record<string, (ctx: object, layer: object) => string>} [pages] more pages, by path
 * @property {(url: URL, layer: object) => void} [signedOut] where the user is sent after a sign-out
 * @property {'code' | 'refresh'} [at] which token responses are changed; all by default
 * @property {(config: object) => void} [configure] oidc-provider's own configuration
 * @property {boolean} [rotatesAtFirstToken] the test has it change its key then
 *
 * @typedef {object} Signing
 * @property {object} [header] members over those of the header
 * @property {boolean} [broken] the signature is of something else
 * @property {'none' | 'HS256'} [alg] instead of the key's
 * @property {string} [key] the name of another key, such as `rotated`: it is made up when it is first named
 */

/** Wraps a provider. Gives the options of `startProvider`, and the layer itself. */
export function misbehaving(change) {
  let own;
  const others = new Map();

  /** Key pairs by name: those of the provider by algorithm, others made up as they are named. */
  async function key(name) {
    const jwk = own.find(({ alg }) => alg === name);
    if (jwk) return { alg: jwk.alg, kid: jwk.kid, privateKey: await importJWK(jwk, jwk.alg) };
    if (!others.has(name)) others.set(name, await anotherKey('RS256', name));
    return others.get(name);
  }

  /** A token of `claims`, signed as the first token's header says or as `signing` has it. */
  async function sign(claims, header, { header: more, broken, alg, key: name } = {}) {
    if (alg === 'none') return `${encode({ ...header, ...more, alg })}.${encode(claims)}.`;
    if (alg === 'HS256') {
      // With what an attacker has: the public client id.
      const signer = new CompactSign(Buffer.from(JSON.stringify(claims))).setProtectedHeader({ alg });
      return signer.sign(new TextEncoder().encode('spa'.padEnd(32, '.')));
    }
    const { privateKey, alg: keyAlg, kid } = await key(name ?? header.alg);
    const protectedHeader = changed({ ...header, alg: keyAlg, kid }, more);
    const token = await new CompactSign(Buffer.from(JSON.stringify(claims)))
      .setProtectedHeader(protectedHeader)
      .sign(privateKey);
    if (!broken) return token;
    const [head, body, signature] = token.split('.');
    return [head, body, signature.replace(/^.{8}/, (start) => [...start].reverse().join(''))].join('.');
  }

  async function resign(token, claims, signing) {
    const [header, payload] = token.split('.').slice(0, 2).map(decode);
    return sign(changed(payload, claims), header, signing);
  }

  const layer = { change, sign, key, decode };

  async function middleware(ctx, next) {
    await layer.change.before?.(ctx, layer);
    const { change } = layer;
    if (ctx.path === '/claims') {
      ctx.set('Access-Control-Allow-Origin', '*');
      ctx.set('Access-Control-Allow-Headers', 'authorization');
      if (ctx.method === 'OPTIONS') {
        ctx.status = 204;
        return;
      }
      ctx.type = 'application/jwt';
      ctx.body = await change.claimsEndpoint?.(ctx, layer);
      return;
    }
    const page = change.pages?.[ctx.path];
    if (page) {
      ctx.type = 'html';
      ctx.body = page(ctx, layer);
      return;
    }
    await next();
    const { body, path } = ctx;
    if (path === '/.well-known/openid-configuration' && change.metadata) ctx.body = changed(body, change.metadata);
    if (path === '/jwks' && change.keys) ctx.body = { keys: await change.keys(body.keys, layer) };
    if (path === '/token' && body?.access_token) {
      const grant = ctx.oidc.params.grant_type === 'refresh_token' ? 'refresh' : 'code';
      if (change.at && change.at !== grant) return;
      const response = changed(body, change.token);
      if (response.id_token && (change.idToken || change.signing)) {
        const claims = typeof change.idToken === 'function' ? await change.idToken(layer, ctx) : change.idToken;
        response.id_token = await resign(response.id_token, claims, change.signing);
      }
      ctx.body = response;
    }
    if (path === '/me' && ctx.status === 200 && (change.userinfo || change.signedUserinfo)) {
      const claims = changed(body, change.userinfo);
      if (!change.signedUserinfo) ctx.body = claims;
      else {
        const issuer = `http://${ctx.host}`;
        ctx.type = 'application/jwt';
        ctx.body = await sign({ iss: issuer, aud: 'spa', ...claims }, { alg: 'RS256' }, change.signedUserinfo);
      }
    }
    const location = ctx.response.get('location');
    if (location && URL.canParse(location) && path.startsWith('/session/end')) {
      const url = new URL(location);
      change.signedOut?.(url, layer);
      ctx.set('location', url.href);
    }
    if (location && URL.canParse(location) && path.startsWith('/auth')) {
      const url = new URL(location);
      const answers = url.searchParams.has('code') || url.searchParams.has('response');
      if (!answers) return;
      await change.redirect?.(url, layer);
      const signed = url.searchParams.get('response');
      if (signed && (change.response || change.responseSigning)) {
        url.searchParams.set('response', await resign(signed, change.response, change.responseSigning));
      }
      ctx.set('location', url.href);
    }
  }

  return {
    layer,
    provider: {
      middleware,
      configure: (config) => {
        own = config.jwks.keys;
        change.configure?.(config);
      },
    },
  };
}
