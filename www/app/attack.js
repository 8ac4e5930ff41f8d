// Try to steal this token: runs the attacks of the tests in a frame with a live session, and shows what they have won.
import { themes } from '/attacks/attacks.mjs';
import { placements } from '/attacks/placements.mjs';
import { reasons } from '/attacks/reasons.mjs';
import { createSession } from '/strongroom/index.js';

/** The longest wait for an attack, in milliseconds. */
const LONGEST = 30_000;
const PLACES = {
  shared: 'a shared worker',
  worker: 'a worker',
  closure: 'a closure',
  'own-origin': 'an origin of their own',
};
const LOOT = {
  access_token: 'an access token',
  refresh_token: 'a refresh token',
  id_token: 'an ID token',
  code: 'a code that it could redeem',
  code_verifier: 'a code verifier',
  'private key': 'a private key',
};

const $ = (id) => document.getElementById(id);
const config = await fetch('/config.json').then((response) => response.json());
/** The placements that can be chosen: a demo whose vault has an origin of its own has no other. */
const here = Object.keys(placements).filter((name) => (name === 'own-origin') === Boolean(config.vault));
const wanted = new URLSearchParams(location.search).get('vault');
const vault = here.includes(wanted) ? wanted : here.includes('shared') ? 'shared' : here[0];
const when = () => document.querySelector('[name=when]:checked').value;
/** The row of each attack, and what came of it. */
const rows = new Map();
let stopped = false;

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

const capitalised = (text) => text[0].toUpperCase() + text.slice(1);
const sentence = (text) => `${capitalised(text)}.`;

/** Why an attack is known to win at this time in this placement; nothing where it should not. */
const knownReason = (attack) => reasons[attack.lost?.[when()]?.[vault]];

/** What an outcome means, in a sentence. */
function explained(attack, { outcome, found, problems }) {
  const why = knownReason(attack);
  if (outcome === 'lost') {
    const loot = found.map((kind) => LOOT[kind] ?? kind).join(' and ');
    return `The script has ${loot}. ${why ?? 'It should not: please report this.'}`;
  }
  if (why) return `Stopped by this page’s Content-Security-Policy, or by the browser. Without it: ${why}`;
  const broke = problems.length && !attack.disturbs ? ' The app did not work under this attack.' : '';
  return `The script got no token, no code that it could redeem, no verifier and no key.${broke}`;
}

function show(attack, state, text) {
  const { badge, note } = rows.get(attack);
  const label = { idle: '', running: 'running', safe: 'safe', lost: 'lost', unknown: 'no answer' }[state];
  badge.textContent = label;
  badge.className = `badge ${state}`;
  note.textContent = text;
  note.hidden = !text;
}

function tally() {
  const states = [...rows.values()].map(({ badge }) => badge.textContent);
  const count = (state) => states.filter((text) => text === state).length;
  const tried = count('safe') + count('lost') + count('no answer');
  const parts = [`${tried} of ${fitting().length} tried`, `${count('safe')} safe`, `${count('lost')} lost`];
  $('tally').textContent = tried ? parts.join(' · ') : '';
}

/** The attacks that make sense at the chosen time. */
const fitting = () => [...rows.keys()].filter((attack) => when() === 'after' || attack.when === 'both');

/** Forgets what an attack has left in storage: a sign-in that nobody will answer has a verifier there, for 15 minutes. */
function tidy() {
  return new Promise((resolve) => {
    const request = indexedDB.deleteDatabase('strongroom');
    for (const outcome of ['success', 'error', 'blocked']) request.addEventListener(outcome, resolve);
  });
}

/** Runs an attack in a frame of its own: the verdict, or nothing if there is none. */
function strike(attack) {
  const run = crypto.randomUUID();
  const query = new URLSearchParams({ attack: attack.id, when: when(), vault, run });
  const frame = element('iframe', {
    hidden: true,
    title: 'The app under attack',
    src: `/attacks/victim.html?${query}`,
  });
  return new Promise((resolve) => {
    const end = (verdict) => {
      clearTimeout(timer);
      removeEventListener('message', hear);
      frame.remove();
      resolve(verdict);
    };
    const hear = ({ data, origin }) => {
      if (origin === location.origin && data?.type === 'strongroom:verdict' && data.run === run) end(data);
    };
    const timer = setTimeout(end, LONGEST);
    addEventListener('message', hear);
    document.body.append(frame);
  });
}

async function attempt(attack) {
  show(attack, 'running', '');
  await tidy();
  const verdict = await strike(attack);
  if (verdict) show(attack, verdict.outcome, explained(attack, verdict));
  else show(attack, 'unknown', 'The frame did not answer in time.');
  tally();
}

/** Keeps everything but Stop from being pressed while `task` runs: one attack at a time. */
async function alone(task) {
  const buttons = [...document.querySelectorAll('main button:not(#stop), #when input')];
  for (const button of buttons) button.disabled = true;
  await task();
  for (const button of buttons) button.disabled = false;
}

/** Forgets all outcomes: another time is another table. */
function reset() {
  for (const [attack, { row }] of rows) {
    show(attack, 'idle', '');
    row.hidden = !fitting().includes(attack);
  }
  tally();
}

/** The row of an attack, which is kept in `rows`. */
function makeRow(attack) {
  const badge = element('span', { className: 'badge' });
  const note = element('p', { className: 'note', hidden: true });
  const run = element('button', { type: 'button', textContent: 'Run', hidden: true });
  run.setAttribute('aria-label', `Run ${attack.id}`);
  run.addEventListener('click', () => alone(() => attempt(attack)));
  const what = element(
    'div',
    {},
    element('p', { textContent: sentence(attack.title) }),
    element('code', { textContent: attack.id }),
  );
  const made = element('li', { className: 'attack' }, what, badge, run, note);
  rows.set(attack, { row: made, badge, note, run });
  return made;
}

for (const name of here) {
  const link = element('a', { href: `/attack.html?vault=${name}`, textContent: PLACES[name] });
  if (name === vault) link.setAttribute('aria-current', 'true');
  $('placements').append(link);
}
for (const [theme, attacks] of Object.entries(themes)) {
  const heading = element('h2', { textContent: capitalised(theme), id: `theme-${theme}` });
  const card = element(
    'section',
    { className: 'card' },
    heading,
    element('ul', { className: 'attacks' }, ...attacks.map(makeRow)),
  );
  card.setAttribute('aria-labelledby', heading.id);
  $('themes').append(card);
}
$('when').addEventListener('change', reset);
reset();

$('all').addEventListener('click', () =>
  alone(async () => {
    stopped = false;
    $('stop').hidden = false;
    for (const attack of fitting()) {
      if (stopped) break;
      await attempt(attack);
    }
    $('stop').hidden = true;
  }),
);
$('stop').addEventListener('click', () => {
  stopped = true;
});

const { issuer, clientId, api } = config;
const session = createSession({
  issuer,
  clientId,
  scope: 'openid profile email offline_access',
  redirectUri: '/attack.html',
  apis: [{ url: api, resource: api, scope: 'read:orders' }],
  silent: { redirectUri: '/callback.html' },
  // The placement is in the URL that the sign-in began at.
  navigate: (url) => location.replace(url),
  ...placements[vault].options(config),
});
const { status, user } = await session.ready;
if (status === 'signedIn') {
  $('standing').textContent = `${user.name}’s tokens live in ${PLACES[vault]}. Be a script on this page, and take one.`;
  $('all').hidden = false;
  for (const { run } of rows.values()) run.hidden = false;
  // The sessions under attack are the frames’ own.
  session.close();
} else {
  $('standing').textContent = 'Sign in first, so that there is something to steal.';
  $('sign-in').hidden = false;
  $('sign-in').addEventListener('click', () => session.signIn());
}
