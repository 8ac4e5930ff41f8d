// oauth4webapi is a toolbox of protocol steps: the frame, the storage and the timing are the user's own code.
import * as oauth from 'oauth4webapi';
import { clientId, fetchWith, issuer, scope, shared, webMessage } from './settings.mjs';

const http = { [oauth.allowInsecureRequests]: true };

export async function start({ resident }) {
  const client = { client_id: clientId };
  const none = oauth.None();
  const url = new URL(issuer);
  const server = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, http));
  const redirectUri = `${location.origin}/`;
  const [verifier, state, nonce] = [
    oauth.generateRandomCodeVerifier(),
    oauth.generateRandomState(),
    oauth.generateRandomNonce(),
  ];
  const authorize = new URL(server.authorization_endpoint);
  authorize.search = new URLSearchParams({
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: scope(resident),
    response_type: 'code',
    response_mode: 'web_message',
    prompt: 'none',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  });
  const answer = await webMessage(authorize.href);
  const parameters = oauth.validateAuthResponse(server, client, new URLSearchParams(answer), state);
  let held;
  let expires;
  const keep = (tokens) => {
    held = { ...held, ...tokens };
    expires = Date.now() + tokens.expires_in * 1000;
  };
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    none,
    parameters,
    redirectUri,
    verifier,
    http,
  );
  const options = { expectedNonce: nonce, requireIdToken: true };
  keep(await oauth.processAuthorizationCodeResponse(server, client, response, options));
  const refresh = shared(async () => {
    const answer = await oauth.refreshTokenGrantRequest(server, client, none, held.refresh_token, http);
    keep(await oauth.processRefreshTokenResponse(server, client, answer));
  });
  const token = async () => {
    if (Date.now() >= expires) await refresh();
    return held.access_token;
  };
  return { token, refresh, call: fetchWith(token) };
}
