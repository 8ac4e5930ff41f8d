import { Auth0Client } from '@auth0/auth0-spa-js';
import { clientId, fetchWith, issuer, scope } from './settings.mjs';

export async function start({ resident }) {
  const client = new Auth0Client({
    domain: issuer,
    clientId,
    authorizationParams: { redirect_uri: `${location.origin}/`, scope: scope(resident) },
    ...(resident && { useRefreshTokens: true, useRefreshTokensFallback: true }),
  });
  const token = () => client.getTokenSilently();
  await token();
  return { token, refresh: () => client.getTokenSilently({ cacheMode: 'off' }), call: fetchWith(token) };
}
