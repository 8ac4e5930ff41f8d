// With its service worker, which keeps the tokens from the page.
import { OidcClient } from '@axa-fr/oidc-client';
import { callback, clientId, here, issuer, scope } from './settings.mjs';

export async function start({ resident }) {
  const client = OidcClient.getOrCreate(() => fetch)({
    client_id: clientId,
    redirect_uri: callback,
    silent_redirect_uri: callback,
    silent_login_uri: `${here}silent-login.html`,
    scope: scope(resident),
    authority: issuer,
    service_worker_relative_url: '/bench/axa-oidc-client/OidcServiceWorker.js',
    service_worker_keep_alive_path: '/bench/axa-oidc-client/',
    service_worker_only: true,
  });
  if (!(await client.tryKeepExistingSessionAsync())) {
    const failed = await client.loginAsync('/', null, false, undefined, true);
    if (failed instanceof Error) throw failed;
  }
  if (!client.tokens) throw new Error('@axa-fr/oidc-client found nobody');
  const call = client.fetchWithTokens(fetch);
  return {
    token: async () => (await client.getValidTokenAsync()).tokens.accessToken,
    refresh: () => client.renewTokensAsync(),
    call: (url) => call(url),
    forget: () => client.clearSessionAsync(),
  };
}
