// An app with a live session, and one attack on it: /attacks/victim.html?attack=ID&when=after&vault=worker&run=ID.
// Without `attack` it is the app alone.
import { attacks } from './attacks.mjs';
import { Hooks, pristine, Recorder, Thief, wait } from './kit.mjs';
import { placements } from './placements.mjs';

const KEPT = 'attack under way';
/** The longest that an attack may take, in milliseconds. */
const LONGEST = 25_000;
// The attacker may load the app in a frame: that is the app alone.
const nested = name === 'nested';
const kept = nested ? null : sessionStorage.getItem(KEPT);
sessionStorage.removeItem(KEPT);
const run = kept ? JSON.parse(kept) : Object.fromEntries(new URLSearchParams(location.search));
const attack = attacks.find(({ id }) => id === run.attack);

const config = await pristine.fetch('/config.json').then((response) => response.json());
const { issuer, clientId, api } = config;
const page = `${location.origin}/attacks/victim.html`;
const base = {
  issuer,
  clientId,
  scope: 'openid profile email offline_access',
  redirectUri: page,
  apis: [{ url: api, resource: api, scope: 'read:orders' }],
  silent: { redirectUri: '/callback.html' },
  ...placements[run.vault ?? (config.vault ? 'own-origin' : 'worker')].options(config),
};
const options = { ...base, ...attack?.options, silent: { ...base.silent, ...attack?.options?.silent } };
/** The callback page, of the vault's own origin if it has one. */
const callback = new URL('callback.html', config.vault?.origin ?? location.origin).href;
/** Where the provider sends the user back to: this page, unless the vault has an origin of its own. */
const redirectUri = config.vault ? callback : page;

const problems = [];
let live;
/** The app's session: created when it is first wanted. */
async function session() {
  live ??= import('/strongroom/index.js').then(({ createSession }) => {
    // As apps do, and for the attacker's convenience.
    window.session = createSession(options);
    return window.session;
  });
  return live;
}

async function signedIn() {
  const { status, reason } = await (await session()).ready;
  if (status !== 'signedIn') throw reason;
}

/** What the app does with its session; what goes wrong is a problem, unless the attack is one that disturbs. */
const use = {
  fetch: async () => {
    const response = await (await session()).fetch(`${api}orders`);
    if ((await response.json()).user !== 'ada') throw new Error(`the API says ${response.status}`);
  },
  post: async () => {
    const { status } = await (await session()).fetch(`${api}echo`, { method: 'POST', body: 'something' });
    if (status !== 200) throw new Error(`the API says ${status}`);
  },
  // The API refuses the token, and the vault gets another.
  renew: async () => {
    const challenge = encodeURIComponent('Bearer error="invalid_token"');
    await (await session()).fetch(`${api}status?code=401&challenge=${challenge}`);
  },
  checkSession: async () => void (await (await session()).checkSession()),
  userinfo: async () => void (await (await session()).userinfo()),
};

async function victim(...kinds) {
  const attempt = async (task) => {
    await task().catch((error) => problems.push(`${error.code ?? error.name}: ${error.message}`));
  };
  await attempt(signedIn);
  for (const kind of kinds.length ? kinds : Object.keys(use)) await attempt(use[kind]);
}

/** Keeps the run across a navigation of this page, which is about to be. */
async function leaving() {
  const texts = [...(run.texts ?? []), ...(await recorder.harvest())];
  sessionStorage.setItem(KEPT, JSON.stringify({ ...run, texts, problems, left: true }));
}

/** Tells what the attacker has, and shows what the provider's side says to that. */
async function tell() {
  hooks.restore();
  const texts = [...(run.texts ?? []), ...(await recorder.harvest())];
  const verdict = await pristine
    .fetch('/attacks/verdict', { method: 'POST', body: JSON.stringify({ run: run.run, texts, problems }) })
    .then((response) => response.json());
  if (parent !== window) parent.postMessage({ type: 'strongroom:verdict', run: run.run, ...verdict }, location.origin);
}

const recorder = new Recorder();
const { record } = recorder;
const hooks = new Hooks(record);
problems.push(...(run.problems ?? []));

/** What a script in the page has, and nothing more. */
const context = {
  config: { issuer, clientId, api, redirectUri, callback, attacker: config.attacker },
  options,
  when: run.when,
  vault: run.vault,
  record,
  hooks,
  session,
  // What an attack has broken may never end.
  victim: (...kinds) => Promise.race([victim(...kinds), ...(attack.disturbs ? [wait(2500)] : [])]),
  thief: new Thief({ clientId, issuer, api, redirectUri }, record),
  undo: (task) => hooks.undo(task),
  tap: (owner, name, see) => hooks.tap(owner, name, see),
  leaving,
};

async function strike() {
  // With a refresh token: there is one after a redirect alone.
  if (attack.offline && !run.left) {
    await (await session()).ready;
    await leaving();
    return live.then((session) => session.signIn());
  }
  // A page that is loaded anew goes on where the last one left.
  if (run.left && !attack.offline) {
    if (run.when === 'after') await session();
    return attack.returns(context);
  }
  if (run.when === 'after') {
    await victim('fetch');
    if (problems.length) return;
  }
  await attack.run(context);
}

if (attack) {
  try {
    const late = wait(LONGEST).then(() => {
      throw new Error('it does not end');
    });
    await Promise.race([strike(), late]);
  } catch (error) {
    problems.push(`the attack: ${error.code ?? error.name}: ${error.message}`);
  }
  await tell();
} else await session();
