// How a provider may misbehave, a line a module, and what Strongroom does about it.
//
// Names are those of the OpenID Foundation's relying-party tests. `does` says what the provider does; `change` makes it
// do that (see misbehave.mjs); `outcome` says how the sign-in, or the step after it, must end.

/** @type {Record<string, { does: string, change: import('./misbehave.mjs').Change, outcome: object, options?: object }>} */
export const modules = {
  // The code flow and its ID token.
  'oidcc-client-test': { does: 'behaves', change: {}, outcome: { signsIn: true, userinfo: true } },
  'oidcc-client-test-nonce-invalid': {
    does: 'returns another nonce',
    change: { idToken: { nonce: 'another' } },
    outcome: { rejects: 'nonce' },
  },
  'oidcc-client-test-invalid-iss': {
    does: 'names another issuer',
    change: { idToken: { iss: 'https://another.example' } },
    outcome: { rejects: 'iss' },
  },
  'oidcc-client-test-invalid-aud': {
    does: 'is for another client',
    change: { idToken: { aud: 'another' } },
    outcome: { rejects: 'aud' },
  },
  'oidcc-client-test-missing-aud': {
    does: 'leaves aud out',
    change: { idToken: { aud: undefined } },
    outcome: { rejects: 'aud' },
  },
  'oidcc-client-test-missing-sub': {
    does: 'leaves sub out',
    change: { idToken: { sub: undefined } },
    outcome: { rejects: 'sub' },
  },
  'oidcc-client-test-missing-iat': {
    does: 'leaves iat out',
    change: { idToken: { iat: undefined } },
    outcome: { rejects: 'iat' },
  },
  'oidcc-client-test-idtoken-sig-rs256': { does: 'signs with RS256', change: {}, outcome: { signsIn: true } },
  'oidcc-client-test-idtoken-sig-none': {
    does: 'sends alg none',
    change: { signing: { alg: 'none' } },
    outcome: { rejects: 'alg' },
  },
  'oidcc-client-test-invalid-sig-rs256': {
    does: 'sends a broken RS256 signature',
    change: { signing: { broken: true } },
    outcome: { rejects: 'signature' },
  },
  'oidcc-client-test-invalid-sig-es256': {
    does: 'sends a broken ES256 signature',
    change: { signing: { broken: true } },
    options: { clientId: 'spa-es256' },
    outcome: { rejects: 'signature' },
  },
  'oidcc-client-test-invalid-sig-hs256': {
    does: 'signs with HS256, the client id as the secret',
    change: { signing: { alg: 'HS256' } },
    outcome: { rejects: 'alg' },
  },
  'oidcc-client-test-invalid-sig-hs256, with dangerouslyAcceptHmacIdTokens': {
    does: 'signs with HS256',
    change: { signing: { alg: 'HS256' }, metadata: { id_token_signing_alg_values_supported: ['RS256', 'HS256'] } },
    options: { dangerouslyAcceptHmacIdTokens: true },
    outcome: { signsIn: true },
  },
  'oidcc-client-test-kid-absent-single-jwks': {
    does: 'names no key, and one fits',
    change: { signing: { header: { kid: undefined } }, keys: (keys) => keys.map(({ kid, ...key }) => key) },
    outcome: { signsIn: true },
  },
  'oidcc-client-test-kid-absent-multiple-jwks': {
    does: 'names no key, and several may fit',
    change: {
      signing: { header: { kid: undefined } },
      keys: async (keys, { key }) => [(await key('another')).jwk, ...keys],
    },
    outcome: { signsIn: true },
  },
  'oidcc-client-test-invalid-athash': {
    does: 'sends a wrong at_hash',
    change: { idToken: { at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' } },
    outcome: { rejects: 'at_hash' },
  },
  'expired ID token': {
    does: 'sends an ID token that has expired',
    change: { idToken: () => ({ exp: Math.floor(Date.now() / 1000) - 61 }) },
    outcome: { rejects: 'exp' },
  },
  'missing exp': { does: 'leaves exp out', change: { idToken: { exp: undefined } }, outcome: { rejects: 'exp' } },
  'missing iss': { does: 'leaves iss out', change: { idToken: { iss: undefined } }, outcome: { rejects: 'iss' } },
  'missing nonce': {
    does: 'leaves the nonce out',
    change: { idToken: { nonce: undefined } },
    outcome: { rejects: 'nonce' },
  },
  'null alg': {
    does: 'names no algorithm',
    change: { signing: { alg: 'none', header: { alg: null } } },
    outcome: { rejects: 'alg' },
  },
  'not yet valid ID token': {
    does: 'sends an ID token for tomorrow',
    change: { idToken: () => ({ nbf: Math.floor(Date.now() / 1000) + 86_400 }) },
    outcome: { rejects: 'nbf' },
  },
  'aud as an array': {
    does: 'sends aud as an array of one',
    change: { idToken: { aud: ['spa'] } },
    outcome: { signsIn: true },
  },
  'aud with a second audience': {
    does: 'names a second audience',
    change: { idToken: { aud: ['spa', 'another'], azp: 'spa' } },
    outcome: { rejects: 'aud' },
  },
  'azp of another client': {
    does: 'names another azp',
    change: { idToken: { azp: 'another' } },
    outcome: { rejects: 'azp' },
  },
  'c_hash of another code': {
    does: 'sends a wrong c_hash',
    change: { idToken: { c_hash: 'AAAAAAAAAAAAAAAAAAAAAA' } },
    outcome: { rejects: 'c_hash' },
  },
  'auth_time older than max_age': {
    does: 'authenticated the user two hours ago',
    change: { idToken: () => ({ auth_time: Math.floor(Date.now() / 1000) - 7200 }) },
    options: { params: { max_age: '3600' } },
    outcome: { rejects: 'auth_time' },
  },
  'acr of another level': {
    does: 'authenticated the user at another level',
    change: {
      idToken: { acr: 'bronze' },
      configure: (config) => {
        config.acrValues = ['gold', 'bronze'];
      },
    },
    options: { params: { acr_values: 'gold' } },
    outcome: { rejects: 'acr' },
  },
  'ID token of another registered algorithm': {
    does: 'signs with RS256, and the client is registered for ES256',
    change: {},
    options: { idTokenSigningAlg: 'ES256' },
    outcome: { rejects: 'alg' },
  },
  'token_type in upper case': {
    does: 'sends BEARER',
    change: { token: { token_type: 'BEARER' } },
    outcome: { signsIn: true, api: true },
  },
  'no expires_in': {
    does: 'does not say how long',
    change: { token: { expires_in: undefined } },
    outcome: { signsIn: true, api: true },
  },
  'no ID token': {
    does: 'sends no ID token',
    change: { token: { id_token: undefined } },
    outcome: { fails: 'invalid_response' },
  },

  // Userinfo.
  'oidcc-client-test-scope-userinfo-claims': {
    does: 'returns claims by scope from userinfo alone',
    change: {
      configure: (config) => {
        config.conformIdTokenClaims = true;
      },
    },
    options: { scope: 'openid profile email phone address' },
    outcome: { signsIn: true, userinfo: ['name', 'email', 'phone_number', 'address'] },
  },
  'oidcc-client-test-userinfo-bearer-header': {
    does: 'wants the token in the header',
    change: {},
    outcome: { signsIn: true, userinfo: true, bearerHeader: true },
  },
  'oidcc-client-test-userinfo-invalid-sub': {
    does: 'answers userinfo for another user',
    change: { userinfo: { sub: 'grace' } },
    outcome: { signsIn: true, userinfoRejects: 'userinfo_sub_mismatch' },
  },
  'oidcc-client-test-userinfo-invalid-sub, at sign-in': {
    does: 'answers userinfo for another user',
    change: { userinfo: { sub: 'grace' } },
    options: { userinfo: true },
    outcome: { fails: 'userinfo_sub_mismatch' },
  },
  'oidcc-client-test-userinfo-signed': {
    does: 'signs userinfo',
    change: { signedUserinfo: {}, userinfo: { nickname: 'The Enchantress' } },
    outcome: { signsIn: true, userinfo: ['nickname'] },
  },
  'oidcc-client-test-userinfo-signed, broken': {
    does: 'signs userinfo wrongly',
    change: { signedUserinfo: { broken: true } },
    outcome: { signsIn: true, userinfoRejects: 'invalid_userinfo' },
  },
  'oidcc-client-test-aggregated-claims': {
    does: 'sends claims of another source along',
    change: {
      idToken: async ({ sign }, ctx) => ({
        _claim_names: { shoe_size: 'shop' },
        _claim_sources: { shop: { JWT: await sign({ iss: `http://${ctx.host}`, shoe_size: 38 }, { alg: 'RS256' }) } },
      }),
    },
    outcome: { signsIn: true, sources: { shoe_size: 38 } },
  },
  'oidcc-client-test-distributed-claims': {
    does: 'says where claims of another source are',
    change: {
      idToken: (_layer, ctx) => ({
        _claim_names: { credit: 'bank' },
        _claim_sources: { bank: { endpoint: `http://${ctx.host}/claims`, access_token: 'for-the-bank' } },
      }),
      claimsEndpoint: (ctx, { sign }) =>
        ctx.get('authorization') === 'Bearer for-the-bank'
          ? sign({ iss: `http://${ctx.host}`, credit: 'good' }, { alg: 'RS256' })
          : 'refused',
    },
    outcome: { signsIn: true, sources: { credit: 'good' }, hides: 'for-the-bank' },
  },

  // Refreshed tokens.
  'oidcc-client-test-refresh-token': {
    does: 'rotates the refresh token',
    change: {},
    options: { scope: 'openid profile offline_access' },
    outcome: { signsIn: true, refreshes: 3 },
  },
  'oidcc-client-test-refresh-token-invalid-issuer': {
    does: 'changes iss in the refreshed ID token',
    change: { at: 'refresh', idToken: { iss: 'https://another.example' } },
    options: { scope: 'openid profile offline_access' },
    outcome: { signsIn: true, refreshRejected: true },
  },
  'oidcc-client-test-refresh-token-invalid-sub': {
    does: 'changes sub in the refreshed ID token',
    change: { at: 'refresh', idToken: { sub: 'grace' } },
    options: { scope: 'openid profile offline_access' },
    outcome: { signsIn: true, refreshRejected: true },
  },

  // Discovery and keys.
  'oidcc-client-test-discovery-openid-config': {
    does: 'publishes metadata',
    change: {},
    outcome: { signsIn: true, asks: '/.well-known/openid-configuration' },
  },
  'oidcc-client-test-discovery-jwks-uri-keys': {
    does: 'publishes keys',
    change: {},
    outcome: { signsIn: true, asks: '/jwks' },
  },
  'oidcc-client-test-discovery-issuer-mismatch': {
    does: 'names another issuer in its metadata',
    change: { metadata: { issuer: 'https://another.example' } },
    outcome: { neverStarts: 'issuer_mismatch' },
  },
  'oidcc-client-test-signing-key-rotation': {
    does: 'rotates its keys between two sign-ins',
    change: {},
    outcome: { signsIn: true, thenRotates: true },
  },
  'oidcc-client-test-signing-key-rotation-just-before-signing': {
    does: 'rotates its keys after they were fetched',
    change: { rotatesAtFirstToken: true },
    // The page load before the redirect has asked for the keys.
    options: { silent: {} },
    outcome: { signsIn: true, thenRotates: false, asksTwice: '/jwks' },
  },

  // The authorization response (FAPI 2.0, RFC 9207, JARM).
  'state missing': {
    does: 'leaves the state out',
    change: { redirect: (url) => url.searchParams.delete('state') },
    outcome: { ignores: true },
  },
  'state of nobody': {
    does: 'returns another state',
    change: { redirect: (url) => url.searchParams.set('state', 'another') },
    outcome: { ignores: true },
  },
  'iss of another issuer': {
    does: 'names another issuer in the authorization response',
    change: { redirect: (url) => url.searchParams.set('iss', 'https://another.example') },
    outcome: { fails: 'issuer_mismatch' },
  },
  'iss missing though promised': {
    does: 'leaves iss out of the authorization response, and its metadata promises it',
    change: { redirect: (url) => url.searchParams.delete('iss') },
    outcome: { fails: 'issuer_mismatch' },
  },
  JARM: {
    does: 'signs the authorization response',
    change: jarm({}),
    options: { responseMode: 'jwt' },
    outcome: { signsIn: true },
  },
  'JARM in the fragment': {
    does: 'signs the authorization response',
    change: jarm({}),
    options: { responseMode: 'fragment.jwt' },
    outcome: { signsIn: true },
  },
  'JARM with a broken signature': {
    does: 'signs the authorization response wrongly',
    change: jarm({ responseSigning: { broken: true } }),
    options: { responseMode: 'query.jwt' },
    outcome: { fails: 'invalid_response', claim: 'signature' },
  },
  'JARM with another aud': {
    does: 'signs the authorization response for another client',
    change: jarm({ response: { aud: 'another' } }),
    options: { responseMode: 'query.jwt' },
    outcome: { fails: 'invalid_response', claim: 'aud' },
  },
  'JARM with another iss': {
    does: 'signs the authorization response for another issuer',
    change: jarm({ response: { iss: 'https://another.example' } }),
    options: { responseMode: 'query.jwt' },
    outcome: { fails: 'invalid_response', claim: 'iss' },
  },
  'JARM expired': {
    does: 'signs an authorization response that has expired',
    change: jarm({ response: (_claims, now) => ({ exp: now - 61 }) }),
    options: { responseMode: 'query.jwt' },
    outcome: { fails: 'invalid_response', claim: 'exp' },
  },
  'JARM with alg none': {
    does: 'sends alg none',
    change: jarm({ responseSigning: { alg: 'none' } }),
    options: { responseMode: 'query.jwt' },
    outcome: { fails: 'invalid_response', claim: 'alg' },
  },
  'JARM asked for, and an unsigned answer': {
    does: 'does not sign the authorization response',
    change: jarm({
      redirect: (url, { decode }) => {
        const { code, state, iss } = decode(url.searchParams.get('response').split('.')[1]);
        url.search = String(new URLSearchParams({ code, state, iss }));
      },
    }),
    options: { responseMode: 'query.jwt' },
    outcome: { fails: 'invalid_response' },
  },

  // Proofs of possession (RFC 9449).
  'DPoP without nonces': {
    does: 'binds tokens to a key',
    change: {},
    options: { dpop: 'required' },
    outcome: { signsIn: true, api: true, userinfo: true, scheme: 'DPoP' },
  },
  'DPoP with nonces': {
    does: 'wants a nonce in each proof, as does the API',
    change: {
      configure: (config) => {
        config.features.dPoP.requireNonce = () => true;
      },
    },
    setting: { api: { dpopNonce: 'nonce-of-the-api' } },
    options: { dpop: 'required' },
    outcome: { signsIn: true, api: true, userinfo: true, scheme: 'DPoP' },
  },
  'DPoP in lower case': {
    does: 'calls the token type dpop',
    change: { token: { token_type: 'dpop' } },
    options: { dpop: true },
    outcome: { signsIn: true, api: true, scheme: 'DPoP' },
  },
  'DPoP refreshed': {
    does: 'binds refresh tokens too',
    change: {},
    options: { dpop: true, scope: 'openid profile offline_access' },
    outcome: { signsIn: true, refreshes: 2, scheme: 'DPoP' },
  },
  'DPoP required, and a bearer token': {
    does: 'binds nothing',
    change: { token: { token_type: 'Bearer' } },
    options: { dpop: 'required' },
    outcome: { fails: 'unsupported' },
  },

  // Requests.
  'PAR required': {
    does: 'takes pushed authorization requests only',
    change: {
      configure: (config) => {
        config.features.pushedAuthorizationRequests = { enabled: true, requirePushedAuthorizationRequests: true };
      },
    },
    outcome: { signsIn: true, asks: '/request' },
  },
};

/** A provider with a session frame, which says what `layer.sessionStatus` says. */
export const sessionManagement = {
  metadata: (metadata) => ({ check_session_iframe: `${metadata.issuer}/check-session` }),
  redirect: (url, layer) => {
    layer.given = (layer.given ?? 0) + 1;
    url.searchParams.set('session_state', layer.constant ?? `state.${layer.given}`);
  },
  pages: {
    '/check-session': () =>
      `<!doctype html><script>
        onmessage = async ({ data, source, origin }) => {
          const status = await fetch('/session-status').then((response) => response.text());
          source.postMessage(data.startsWith('spa state.') ? status : 'error', origin);
        };
      </script>`,
    '/session-status': (_ctx, layer) => {
      layer.asked = (layer.asked ?? 0) + 1;
      return layer.sessionStatus;
    },
  },
};

/** A provider that loads the front-channel logout page of the app, in a page of its own at /op-logout. */
export const frontChannel = {
  idToken: { sid: 'session-1' },
  pages: {
    '/op-logout': ({ query }) => `<!doctype html><iframe src="${query.app}/frontchannel.html?${query.with}"></iframe>`,
  },
};

/** With JARM on. */
function jarm(change) {
  return {
    ...change,
    configure: (config) => {
      config.features.jwtResponseModes = { enabled: true };
    },
  };
}
