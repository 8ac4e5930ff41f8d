import { UserManager } from 'oidc-client-ts';
import { callback, clientId, issuer } from './settings.mjs';

new UserManager({ authority: issuer, client_id: clientId, redirect_uri: callback }).signinSilentCallback();
