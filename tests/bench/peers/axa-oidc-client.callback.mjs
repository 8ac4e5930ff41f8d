import { OidcClient } from '@axa-fr/oidc-client';
import { callback, clientId, here, issuer, scope } from './settings.mjs';

const configuration = {
  client_id: clientId,
  redirect_uri: callback,
  silent_redirect_uri: callback,
  silent_login_uri: `${here}silent-login.html`,
  scope: scope(location.search.includes('offline_access')),
  authority: issuer,
  service_worker_relative_url: '/bench/axa-oidc-client/OidcServiceWorker.js',
  service_worker_keep_alive_path: '/bench/axa-oidc-client/',
  service_worker_only: true,
};
const client = OidcClient.getOrCreate(() => fetch)(configuration);
const extras = Object.fromEntries(new URLSearchParams(location.search));
if (location.pathname.endsWith('silent-login.html')) {
  const { scope, ...rest } = extras;
  client.loginAsync(undefined, rest, true, scope);
} else {
  client.silentLoginCallbackAsync();
}
