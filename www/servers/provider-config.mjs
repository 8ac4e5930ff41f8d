import { randomBytes } from 'node:crypto';
import { exportJWK, generateKeyPair } from 'jose';
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js';
import { errors } from './oidc-provider.mjs';
import { errorPage, logoutPage, signedOutPage } from './provider-pages.mjs';
import { claimsOfScope, userBySub } from './users.mjs';

const CLOCK_TOLERANCE = 15;

/** The lives of what is issued, in seconds. */
const TTL = {
  AccessToken: 10 * 60,
  AuthorizationCode: 60,
  Grant: 14 * 24 * 3600,
  IdToken: 3600,
  Interaction: 3600,
  RefreshToken: 14 * 24 * 3600,
  Session: 14 * 24 * 3600,
};

/** Fresh signing keys: RS256 and ES256. */
async function signingKeys() {
  const keys = await Promise.all(
    ['RS256', 'ES256'].map(async (alg) => {
      const { privateKey } = await generateKeyPair(alg, { extractable: true });
      return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: `demo-${alg.toLowerCase()}` };
    }),
  );
  return { keys };
}

/** Public clients, alike but for their names and what their table says. */
function clients(redirectUris, postLogoutRedirectUris) {
  const client = (client_id, client_name, more = {}) => ({
    client_id,
    client_name,
    token_endpoint_auth_method: 'none',
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: redirectUris,
    post_logout_redirect_uris: postLogoutRedirectUris,
    ...more,
  });
  return [
    client('spa', 'Strongroom demo'),
    client('spa-consent', 'Third-party app'),
    client('spa-es256', 'Strongroom demo (ES256)', { id_token_signed_response_alg: 'ES256' }),
  ];
}

/**
 * The configuration of oidc-provider.
 * @param {object} options
 * @param {string[]} options.redirectUris
 * @param {string[]} options.postLogoutRedirectUris
 * @param {Record<string, object>} options.resources resource indicators, and what oidc-provider wants to know of each
 * @param {boolean} options.crossSite
 * @param {(ctx: object) => Promise<object | undefined>} options.loadExistingGrant
 */
export async function configuration({ redirectUris, postLogoutRedirectUris, resources, crossSite, loadExistingGrant }) {
  const origins = new Set(redirectUris.map((uri) => new URL(uri).origin));
  const cookie = crossSite ? { httpOnly: true, sameSite: 'none', secure: true } : { httpOnly: true, sameSite: 'lax' };
  return {
    adapter: createMemoryAdapter(CLOCK_TOLERANCE),
    claims: claimsOfScope,
    clientBasedCORS: (_ctx, origin) => origins.has(origin),
    clients: clients(redirectUris, postLogoutRedirectUris),
    clockTolerance: CLOCK_TOLERANCE,
    conformIdTokenClaims: false,
    cookies: { keys: [randomBytes(32).toString('base64url')], long: cookie, short: cookie },
    // `consent_if_needed` is this provider's own: it tells that `prompt=consent` was not the client's wish.
    extraParams: ['audience', 'consent_if_needed'],
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => false },
      introspection: { enabled: false },
      resourceIndicators: resourceIndicators(resources),
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      rpInitiatedLogout: { enabled: true, logoutSource: logoutPage, postLogoutSuccessSource: signedOutPage },
      webMessageResponseMode: { enabled: true, ack: 'individual-draft-01' },
    },
    findAccount: (_ctx, sub) => {
      const user = userBySub(sub);
      return user && { accountId: sub, claims: () => user };
    },
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    jwks: await signingKeys(),
    loadExistingGrant,
    renderError: errorPage,
    rotateRefreshToken: true,
    ttl: TTL,
  };
}

function resourceIndicators(resources) {
  return {
    enabled: true,
    // Of several granted resources none is meant: the token is then one for the userinfo endpoint.
    defaultResource: () => undefined,
    useGrantedResource: () => true,
    getResourceServerInfo: (_ctx, identifier) => {
      if (!Object.hasOwn(resources, identifier)) throw new errors.InvalidTarget();
      return {
        audience: identifier,
        accessTokenFormat: 'jwt',
        accessTokenTTL: TTL.AccessToken,
        ...resources[identifier],
      };
    },
  };
}
