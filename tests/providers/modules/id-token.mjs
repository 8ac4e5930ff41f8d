// The code flow and its ID token.

/** @type {Record<string, import('../modules.mjs').Module>} */
export const idToken = {
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
};
