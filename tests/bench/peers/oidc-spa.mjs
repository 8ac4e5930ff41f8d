import { createOidc } from 'oidc-spa/core';
import { clientId, fetchWith, issuer } from './settings.mjs';

export async function start({ resident }) {
  const oidc = await createOidc({
    issuerUri: issuer,
    clientId,
    scopes: ['profile', 'email', 'read:orders', ...(resident ? ['offline_access'] : [])],
  });
  if (!oidc.isUserLoggedIn) throw new Error('oidc-spa found nobody');
  const token = async () => (await oidc.getTokens()).accessToken;
  await token();
  return { token, refresh: () => oidc.renewTokens(), call: fetchWith(token) };
}
