// The wire between page and vault, as an attacker uses it.
import { Hooks, soon } from './kit.mjs';

/** Where the package's files are. */
export const FILES = '/strongroom/';

/** The URL of the vault's wasm. */
export const WASM = new URL(`${FILES}strongroom_bg.wasm`, import.meta.url).href;

/** Has `see` look at each message that is posted to a port, and at the port; it may change the message. */
export const onPosted = (hooks, see) =>
  hooks.instead(
    MessagePort.prototype,
    'postMessage',
    (postMessage) =>
      function (...args) {
        see(args[0], this);
        return Reflect.apply(postMessage, this, args);
      },
  );

/** What the app tells its vault when it opens it, taken off a session of the attacker's own that is configured alike. */
export async function openOptions({ options }) {
  const { createSession } = await import(`${FILES}index.js`);
  const hooks = new Hooks(() => {});
  let open;
  onPosted(hooks, (message) => {
    open ??= message?.[0]?.command?.command?.open;
  });
  const own = createSession({ ...options, silent: { ...options.silent, onLoad: false }, vault: 'worker' });
  await soon(() => open, 3000);
  hooks.restore();
  own.close();
  return { ...open, silent: { ...open.silent, onLoad: true } };
}

/** The port by which the app talks to its vault, taken when it is next used. */
export async function appPort({ hooks, victim }) {
  let port;
  onPosted(hooks, (message, to) => {
    if (message?.[0]?.command) port = to;
  });
  await victim('post');
  return port;
}

/** `open` with the attacker's server among the APIs. */
export const withOwnServer = (open, { attacker, api }) => ({
  ...open,
  apis: [...open.apis, { url: attacker, scope: 'read:orders', resource: api }],
});

/** The command to call an API. */
export const fetchTo = (url) => ({ fetch: { url, method: 'GET', headers: [], init: [], keepalive: false } });

/** Messages that the vault never gets from its own page. */
export const forged = () => [
  'open',
  [],
  [null],
  [{}],
  [{ command: { id: 1, command: 'dump' } }],
  [{ command: { id: 1, command: { tokens: {} } } }],
  [{ command: { id: 4294967295, command: 'close' } }],
  [{ cancel: { id: 1 } }],
  ...[1, 2, 3, 4, 5].flatMap((id) => [
    [{ answer: { id, answer: 'done' } }],
    [{ answer: { id, answer: 'gone' } }],
    [{ answer: { id, answer: { url: `${location.origin}/?code=forged&state=forged` } } }],
    [{ answer: { id, answer: { message: '{"code":"forged","state":"forged"}' } } }],
  ]),
  [{ command: { id: 5, command: { start: { callback: 'javascript:alert(1)' } } } }],
  [{ command: { id: 6, command: { loggedOut: { iss: 'x', sid: 'x' } } } }],
];
