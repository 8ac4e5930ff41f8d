// Userinfo, and claims of other sources.

/** @type {Record<string, import('../modules.mjs').Module>} */
export const userinfo = {
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
};
