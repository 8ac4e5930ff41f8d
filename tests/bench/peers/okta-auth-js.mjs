import { OktaAuth } from '@okta/okta-auth-js/core';
import { clientId, fetchWith, issuer, scopes } from './settings.mjs';

export async function start({ resident }) {
  const okta = new OktaAuth({
    issuer,
    clientId,
    redirectUri: `${location.origin}/`,
    scopes: scopes(resident),
    authorizeUrl: `${issuer}/auth`,
    tokenUrl: `${issuer}/token`,
    userinfoUrl: `${issuer}/me`,
  });
  const token = async () => {
    const held = await okta.getOrRenewAccessToken();
    if (held) return held;
    const { tokens } = await okta.token.getWithoutPrompt();
    okta.tokenManager.setTokens(tokens);
    return tokens.accessToken.accessToken;
  };
  await token();
  const refresh = async () => okta.tokenManager.setTokens(await okta.token.renewTokens());
  return { token, refresh, call: fetchWith(token) };
}
