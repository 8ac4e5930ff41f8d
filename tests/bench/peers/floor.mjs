// The floor: what can be had with the fewest requests and no checks at all. Endpoints are written into it.
import { clientId, fetchWith, issuer, scope, shared, webMessage } from './settings.mjs';

const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

const tokenRequest = async (body) =>
  (
    await fetch(`${issuer}/token`, { method: 'POST', body: new URLSearchParams({ client_id: clientId, ...body }) })
  ).json();

export async function start({ resident }) {
  const redirect_uri = `${location.origin}/`;
  let held;
  let expires;
  const keep = (tokens) => {
    held = { ...held, ...tokens };
    expires = Date.now() + tokens.expires_in * 1000;
  };
  const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)));
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  const parameters = new URLSearchParams({
    client_id: clientId,
    redirect_uri,
    scope: scope(resident),
    response_type: 'code',
    response_mode: 'web_message',
    prompt: 'none',
    code_challenge: base64url(digest),
    code_challenge_method: 'S256',
  });
  const { code } = await webMessage(`${issuer}/auth?${parameters}`);
  keep(await tokenRequest({ grant_type: 'authorization_code', code, redirect_uri, code_verifier: verifier }));
  const refresh = shared(async () =>
    keep(await tokenRequest({ grant_type: 'refresh_token', refresh_token: held.refresh_token })),
  );
  const token = async () => {
    if (Date.now() >= expires) await refresh();
    return held.access_token;
  };
  return { token, refresh, call: fetchWith(token), refreshToken: () => held.refresh_token };
}
