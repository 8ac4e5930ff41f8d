// The placements of the vault, for the lab and for the page on which a visitor tries the attacks.

/**
 * @typedef {object} Placement
 * @property {string} title as the tables name it
 * @property {(config: object) => object} options more options of the app's session, given /config.json
 * @property {object} [world] more options of `startWorld`: another world than the others'
 */

/** @type {Record<string, Placement>} */
export const placements = {
  closure: { title: 'closure', options: () => ({ vault: 'closure' }) },
  worker: { title: 'worker', options: () => ({ vault: { placement: 'worker', fallback: false } }) },
  shared: { title: 'shared', options: () => ({ vault: { placement: 'shared', fallback: false } }) },
  // Answers come to the vault's own callback page, so that the page has none.
  'own-origin': {
    title: 'own origin',
    options: ({ vault }) => ({ vault, redirectUri: undefined, silent: {} }),
    world: { ownOrigin: true },
  },
};

/** When the script comes: after the session was created, or before the package is loaded. */
export const times = ['after', 'before'];
