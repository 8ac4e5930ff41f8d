// All attacks. Each is a script that a page of the app runs: after the session was created, and, where that makes sense,
// also before the package is loaded.
import { allowList } from './scripts/allow-list.mjs';
import { builtins } from './scripts/built-ins.mjs';
import { channels } from './scripts/channels.mjs';
import { flows } from './scripts/flows.mjs';
import { frames } from './scripts/frames.mjs';
import { loading } from './scripts/loading.mjs';
import { objects } from './scripts/objects.mjs';
import { options } from './scripts/options.mjs';
import { ports } from './scripts/ports.mjs';
import { sharedWorker } from './scripts/shared-worker.mjs';
import { storage } from './scripts/storage.mjs';
import { workers } from './scripts/workers.mjs';

/**
 * @typedef {object} Attack
 * @property {string} id stable
 * @property {string} title what the script does, as the rest of a sentence
 * @property {'after' | 'both'} when whether it also makes sense before the package is loaded
 * @property {(context: object) => void | Promise<void>} run in the page: see `context` in victim.mjs
 * @property {(context: object) => void | Promise<void>} [returns] in the page that a redirect comes back to
 * @property {object} [options] more options of the app's session
 * @property {boolean} [offline] whether the session has a refresh token
 * @property {boolean} [disturbs] whether the app's use of its session may fail
 * @property {boolean} [signsOut] whether the provider's session ends
 * @property {boolean} [races] whether the vault may be quicker: what may be lost counts as lost
 * @property {Partial<Record<'after' | 'before', Record<string, import('./reasons.mjs').Reason>>>} [lost] where it
 *   wins, and why; everywhere else the tokens are safe
 */

/** @type {Record<string, Attack[]>} */
export const themes = {
  storage,
  objects,
  'built-ins': builtins,
  workers: [...workers, ...ports, ...sharedWorker, ...loading],
  frames,
  flows,
  channels,
  'allow-list': allowList,
  options,
};

export const attacks = Object.values(themes).flat();
