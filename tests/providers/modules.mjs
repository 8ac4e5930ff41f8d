// How a provider may misbehave, a line a module, and what Strongroom does about it.
import { authorizationResponse } from './modules/authorization-response.mjs';
import { idToken } from './modules/id-token.mjs';
import { userinfo } from './modules/userinfo.mjs';

/**
 * Its name is that of the OpenID Foundation's relying-party test, where there is one.
 * @typedef {object} Module
 * @property {string} does what the provider does
 * @property {import('./misbehave.mjs').Change} change makes it do that
 * @property {object} outcome how the sign-in, or the step after it, must end
 * @property {object} [options] more options of the session
 * @property {object} [setting] more options of `startWorld`
 */

/** @type {Record<string, Module>} */
export const modules = {
  ...idToken,

  ...userinfo,

  // Refreshed tokens.
  'oidcc-client-test-refresh-token': {
    does: 'rotates the refresh token',
    change: {},
    options: { scope: 'openid profile offline_access' },
    outcome: { signsIn: true, refreshes: 3 },
  },
  'oidcc-client-test-refresh-token-invalid-issuer': {
    does: 'changes iss in the refreshed ID token',
    change: { at: 'refresh', idToken: { iss: 'https://another.example' } },
    options: { scope: 'openid profile offline_access' },
    outcome: { signsIn: true, refreshRejected: true },
  },
  'oidcc-client-test-refresh-token-invalid-sub': {
    does: 'changes sub in the refreshed ID token',
    change: { at: 'refresh', idToken: { sub: 'grace' } },
    options: { scope: 'openid profile offline_access' },
    outcome: { signsIn: true, refreshRejected: true },
  },

  // Discovery and keys.
  'oidcc-client-test-discovery-openid-config': {
    does: 'publishes metadata',
    change: {},
    outcome: { signsIn: true, asks: '/.well-known/openid-configuration' },
  },
  'oidcc-client-test-discovery-jwks-uri-keys': {
    does: 'publishes keys',
    change: {},
    outcome: { signsIn: true, asks: '/jwks' },
  },
  'oidcc-client-test-discovery-issuer-mismatch': {
    does: 'names another issuer in its metadata',
    change: { metadata: { issuer: 'https://another.example' } },
    outcome: { neverStarts: 'issuer_mismatch' },
  },
  'oidcc-client-test-signing-key-rotation': {
    does: 'rotates its keys between two sign-ins',
    change: {},
    outcome: { signsIn: true, thenRotates: true },
  },
  'oidcc-client-test-signing-key-rotation-just-before-signing': {
    does: 'rotates its keys after they were fetched',
    change: { rotatesAtFirstToken: true },
    // The page load before the redirect has asked for the keys.
    options: { silent: {} },
    outcome: { signsIn: true, thenRotates: false, asksTwice: '/jwks' },
  },

  ...authorizationResponse,

  // Proofs of possession (RFC 9449).
  'DPoP without nonces': {
    does: 'binds tokens to a key',
    change: {},
    options: { dpop: 'required' },
    outcome: { signsIn: true, api: true, userinfo: true, scheme: 'DPoP' },
  },
  'DPoP with nonces': {
    does: 'wants a nonce in each proof, as does the API',
    change: {
      configure: (config) => {
        config.features.dPoP.requireNonce = () => true;
      },
    },
    setting: { api: { dpopNonce: 'nonce-of-the-api' } },
    options: { dpop: 'required' },
    outcome: { signsIn: true, api: true, userinfo: true, scheme: 'DPoP' },
  },
  'DPoP in lower case': {
    does: 'calls the token type dpop',
    change: { token: { token_type: 'dpop' } },
    options: { dpop: true },
    outcome: { signsIn: true, api: true, scheme: 'DPoP' },
  },
  'DPoP refreshed': {
    does: 'binds refresh tokens too',
    change: {},
    options: { dpop: true, scope: 'openid profile offline_access' },
    outcome: { signsIn: true, refreshes: 2, scheme: 'DPoP' },
  },
  'DPoP required, and a bearer token': {
    does: 'binds nothing',
    change: { token: { token_type: 'Bearer' } },
    options: { dpop: 'required' },
    outcome: { fails: 'unsupported' },
  },

  // Requests.
  'PAR required': {
    does: 'takes pushed authorization requests only',
    change: {
      configure: (config) => {
        config.features.pushedAuthorizationRequests = { enabled: true, requirePushedAuthorizationRequests: true };
      },
    },
    outcome: { signsIn: true, asks: '/request' },
  },
};

/** A provider with a session frame, which says what `layer.sessionStatus` says. */
export const sessionManagement = {
  metadata: (metadata) => ({ check_session_iframe: `${metadata.issuer}/check-session` }),
  redirect: (url, layer) => {
    layer.given = (layer.given ?? 0) + 1;
    url.searchParams.set('session_state', layer.constant ?? `state.${layer.given}`);
  },
  pages: {
    '/check-session': () =>
      `<!doctype html><script>
        onmessage = async ({ data, source, origin }) => {
          const status = await fetch('/session-status').then((response) => response.text());
          source.postMessage(data.startsWith('spa state.') ? status : 'error', origin);
        };
      </script>`,
    '/session-status': (_ctx, layer) => {
      layer.asked = (layer.asked ?? 0) + 1;
      return layer.sessionStatus;
    },
  },
};

/** A provider that loads the front-channel logout page of the app, in a page of its own at /op-logout. */
export const frontChannel = {
  idToken: { sid: 'session-1' },
  pages: {
    '/op-logout': ({ query }) => `<!doctype html><iframe src="${query.app}/frontchannel.html?${query.with}"></iframe>`,
  },
};
