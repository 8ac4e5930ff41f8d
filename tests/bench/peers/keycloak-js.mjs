import Keycloak from 'keycloak-js';
import { callback, clientId, fetchWith, issuer, scope } from './settings.mjs';

export async function start({ resident }) {
  const keycloak = new Keycloak({ clientId, url: issuer, realm: 'bench' });
  const signedIn = await keycloak.init({
    onLoad: 'check-sso',
    silentCheckSsoRedirectUri: callback,
    checkLoginIframe: false,
    scope: scope(resident),
  });
  if (!signedIn) throw new Error('keycloak-js found nobody');
  const token = async () => {
    if (resident) await keycloak.updateToken(5);
    return keycloak.token;
  };
  return { token, refresh: () => keycloak.updateToken(-1), call: fetchWith(token) };
}
