// The authorization response (FAPI 2.0, RFC 9207, JARM).

/** With JARM on. */
function jarm(change) {
  return {
    ...change,
    configure: (config) => {
      config.features.jwtResponseModes = { enabled: true };
    },
  };
}

/** @type {Record<string, import('../modules.mjs').Module>} */
export const authorizationResponse = {
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
};
