// The pages of the benchmark.

/** What no page can beat: one that does nothing. It is measured where pages begin, and nowhere else. */
export const EMPTY = { name: 'empty-page', keeps: '' };

/** Who takes part: the npm package, where it keeps tokens as it is set up here, and what its page needs. */
export const PEERS = [
  { name: 'strongroom', package: 'strongroom', keeps: 'shared worker' },
  { name: 'floor', keeps: 'memory' },
  { name: 'auth0-spa-js', package: '@auth0/auth0-spa-js', keeps: 'memory' },
  { name: 'oidc-client-ts', package: 'oidc-client-ts', keeps: 'sessionStorage', callback: true },
  { name: 'axa-oidc-client', package: '@axa-fr/oidc-client', keeps: 'service worker', callback: true },
  { name: 'oauth4webapi', package: 'oauth4webapi', keeps: 'memory' },
  { name: 'keycloak-js', package: 'keycloak-js', keeps: 'memory', callback: true },
  { name: 'msal-browser', package: '@azure/msal-browser', keeps: 'sessionStorage', callback: true },
  { name: 'okta-auth-js', package: '@okta/okta-auth-js', keeps: 'localStorage' },
  { name: 'oidc-spa', package: 'oidc-spa', keeps: 'memory', entry: 'oidc-spa.entry.mjs' },
];
