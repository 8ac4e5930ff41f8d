import { ProtocolMode, PublicClientApplication } from '@azure/msal-browser';
import { callback, clientId, fetchWith, issuer, scopes } from './settings.mjs';

// It takes no authority over http: so it is told all of the metadata, and looks for none.
const authority = issuer.replace('http:', 'https:');

export async function start({ resident }) {
  const application = new PublicClientApplication({
    auth: {
      clientId,
      authority,
      knownAuthorities: [new URL(issuer).host],
      redirectUri: callback,
      authorityMetadata: JSON.stringify({
        issuer,
        authorization_endpoint: `${issuer}/auth`,
        token_endpoint: `${issuer}/oauth2/v2.0/token`,
        jwks_uri: `${issuer}/jwks`,
      }),
    },
    system: { protocolMode: ProtocolMode.OIDC },
  });
  await application.initialize();
  const request = { scopes: scopes(resident) };
  let [account] = application.getAllAccounts();
  if (!account) account = (await application.ssoSilent(request)).account;
  const acquire = (more) => application.acquireTokenSilent({ ...request, account, ...more });
  const token = async () => (await acquire()).accessToken;
  await token();
  return { token, refresh: () => acquire({ forceRefresh: true }), call: fetchWith(token) };
}
