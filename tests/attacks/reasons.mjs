// Why an attack wins, and where it wins for one reason. The words are those of the tables in README.md and SECURITY.md.
export const reasons = {
  hooks: 'In a closure, built-ins that are replaced see tokens go by.',
  memory: 'In a closure, the wasm memory can be read.',
  flow: 'A token of its own, by starting a silent sign-in of its own and reading the answer: no design of the page’s own origin stops that (OAuth 2.0 for Browser-Based Applications, 5.1.3).',
  redirect:
    'A redirect sign-in must survive the redirect: until it is answered, its code verifier is in IndexedDB, where a script of the same origin can read it.',
  signOut: 'The ID token, when the user signs out at the provider: it is in the URL that the page leaves by.',
  first: 'A script that runs before Strongroom, with the page’s whole power, decides what is loaded as the vault.',
};

/** @typedef {keyof typeof reasons} Reason */

/**
 * Where the vault is in the page itself.
 * @param {Reason} reason
 */
export const inClosure = (reason) => ({ closure: reason });

/**
 * Wherever the vault is of the page's own origin.
 * @param {Reason} reason
 */
export const onPagesOrigin = (reason) => ({ closure: reason, worker: reason, shared: reason });

/** Whenever the script comes. */
export const whenever = (where) => ({ after: where, before: where });
