import { UserManager } from 'oidc-client-ts';
import { callback, clientId, fetchWith, issuer, scope } from './settings.mjs';

export async function start({ resident }) {
  const manager = new UserManager({
    authority: issuer,
    client_id: clientId,
    redirect_uri: callback,
    silent_redirect_uri: callback,
    scope: scope(resident),
  });
  const token = async () => {
    let user = await manager.getUser();
    if (!user || user.expired) user = await manager.signinSilent();
    return user.access_token;
  };
  await token();
  return { token, refresh: () => manager.signinSilent(), call: fetchWith(token) };
}
