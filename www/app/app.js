import { createSession } from '/strongroom/index.js';

const { issuer, clientId, api, vault } = await fetch('/config.json').then((response) => response.json());
// The provider sends the user back to the root: the tab remembers the choice.
const wanted = new URLSearchParams(location.search).get('vault') ?? sessionStorage.getItem('vault') ?? 'shared';
const placement = vault ? 'own-origin' : ['shared', 'worker', 'closure'].includes(wanted) ? wanted : 'shared';
sessionStorage.setItem('vault', placement);

const session = createSession({
  issuer,
  clientId,
  scope: 'openid profile email address phone offline_access',
  apis: [{ url: `${api}orders`, resource: api, scope: 'read:orders write:orders' }],
  ...(vault ? { vault } : { silent: { redirectUri: '/callback.html' }, vault: placement }),
});
// For the curious, in the console.
window.session = session;

const $ = (id) => document.getElementById(id);
const since = performance.now();

/** Adds a line to the log. */
function log(text, mood = '') {
  const line = document.createElement('li');
  const time = document.createElement('time');
  const what = document.createElement('span');
  time.textContent = `${((performance.now() - since) / 1000).toFixed(2)} s`;
  what.textContent = text;
  what.className = mood;
  line.append(time, what);
  $('log').prepend(line);
}

/** Shows an error: its code and message in the log, what to do about it under the greeting. */
function explain(error) {
  log(`${error.code ?? error.name}: ${error.message}`, 'bad');
  $('hint').textContent = error.hint ?? '';
  $('hint').hidden = !error.hint;
}

/** Runs `task` when the button with this id is pressed, and keeps it from being pressed again before that has ended. */
function on(id, task) {
  const button = $(id);
  button.addEventListener('click', async () => {
    button.disabled = true;
    $('hint').hidden = true;
    try {
      await task();
    } catch (error) {
      explain(error);
    }
    button.disabled = false;
  });
}

const REASONS = {
  login_required: 'Nobody is signed in at the provider.',
  signed_out: 'You have signed out.',
  access_denied: 'The sign-in was cancelled at the provider.',
};

const PROFILE = [
  ['Name', ({ name }) => name],
  ['User', ({ preferred_username, sub }) => preferred_username ?? sub],
  ['Email', ({ email, email_verified }) => email && `${email}${email_verified ? ' (verified)' : ''}`],
  ['Phone', ({ phone_number }) => phone_number],
  ['Born', ({ birthdate }) => birthdate],
  ['Address', ({ address }) => address?.formatted?.replaceAll('\n', ', ')],
  ['Time zone', ({ zoneinfo }) => zoneinfo],
];

/** Shows who is signed in. */
function render({ status, user, reason }) {
  const [greeting, standing] = {
    loading: ['One moment', 'Asking the provider who is signed in.'],
    signedOut: ['You are signed out', REASONS[reason?.code] ?? reason?.message],
    signedIn: [
      `Hello, ${user?.given_name ?? user?.name ?? user?.sub}`,
      `Signed in at ${issuer} as ${user?.email ?? user?.sub}.`,
    ],
  }[status];
  $('greeting').textContent = greeting;
  $('standing').textContent = standing;
  $('avatar').textContent = user ? (user.name ?? user.sub).replace(/(\w)\w*\W*/g, '$1').slice(0, 2) : '–';
  $('avatar').classList.toggle('known', Boolean(user));
  for (const button of $('actions').children) button.hidden = !button.dataset.when.split(' ').includes(status);

  const rows = PROFILE.map(([name, of]) => [name, user && of(user)]).filter(([, value]) => value);
  $('profile').replaceChildren(
    ...rows.flatMap(([name, value]) => {
      const [term, detail] = [document.createElement('dt'), document.createElement('dd')];
      [term.textContent, detail.textContent] = [name, value];
      return [term, detail];
    }),
  );
  $('no-profile').hidden = Boolean(user);
  $('claims').hidden = !user;
  $('claims-body').textContent = user ? JSON.stringify(user, null, 2) : '';
}

/** Shows an answer of the API. */
async function show(what, request, note) {
  const started = performance.now();
  const response = await request();
  const text = await response.text();
  const took = `${Math.round(performance.now() - started)} ms`;
  log(`${what}: ${response.status} ${response.statusText} in ${took}`, response.ok ? 'good' : 'bad');
  $('answer').hidden = false;
  $('answer').className = `answer ${response.ok ? 'good' : 'bad'}`;
  $('answer-status').textContent = `${response.status} ${response.statusText}`;
  $('answer-note').textContent = note?.(response) ?? '';
  $('answer-body').textContent = text.startsWith('{') ? JSON.stringify(JSON.parse(text), null, 2) : text;
}

on('sign-in', () => {
  log('leaving for the provider');
  return session.signIn();
});
on('sign-in-popup', async () => {
  log('a popup is open at the provider');
  await session.signIn({ popup: true });
});
on('check-session', async () => {
  log('asking the provider in a hidden frame, with prompt=none');
  const { user, scope, expiresAt } = await session.checkSession();
  const minutes = Math.round((expiresAt - Date.now()) / 60_000);
  log(`${user.name ?? user.sub} is signed in; scope ${scope}; the access token lasts ${minutes} minutes`, 'good');
});
on('sign-out', () => {
  log('leaving for the provider, to sign out');
  return session.signOut();
});
on('sign-out-here', () => session.signOut({ local: true }));
on('orders', () => show('GET /orders', () => session.fetch(`${api}orders`)));
on('order', () =>
  show('POST /orders', () =>
    session.fetch(`${api}orders`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ item: 'A very good lock', price: 12.5 }),
    }),
  ),
);
on('bare', () =>
  show(
    'GET /orders without a token',
    () => fetch(`${api}orders`),
    (response) => `WWW-Authenticate: ${response.headers.get('WWW-Authenticate')}`,
  ),
);
on('unlisted', () =>
  show(
    'GET /public, which is not in apis',
    () => session.fetch(`${api}public`),
    () => 'The URL is not in the apis option: no token went along.',
  ),
);
$('clear').addEventListener('click', () => $('log').replaceChildren());

// Which of them a page has is decided where the client is registered.
for (const link of document.querySelectorAll('[data-vault]')) {
  link.hidden = (link.dataset.vault === 'own-origin') !== (placement === 'own-origin');
}
document.querySelector(`[data-vault=${placement}]`).setAttribute('aria-current', 'true');
$('attack').href = `/attack.html?vault=${placement}`;
session.addEventListener('callback', () => log('back from the provider; the URL is cleaned'));
session.addEventListener('statechange', ({ detail }) => {
  render(detail);
  const why = detail.reason ? ` (${detail.reason.code})` : '';
  log(`state: ${detail.status}${why}`, detail.status === 'signedIn' ? 'good' : '');
});
session.addEventListener('userchange', ({ detail: { from, to } }) => log(`${to.name} took over from ${from.name}`));
session.addEventListener('renewed', ({ detail: { scope } }) => log(`the token for ${scope} was renewed`, 'good'));
session.addEventListener('renewalfailed', ({ detail: { error, next } }) =>
  log(
    `a renewal failed (${error.code}); ${next === 'retry' ? 'the next use tries again' : 'the session has ended'}`,
    'bad',
  ),
);
render(session.state);
log(`session created; the provider is ${issuer}`);
const { reason } = await session.ready;
if (session.placement === 'closure') {
  $('promise').textContent =
    'In a closure the tokens are in no storage and no object, but a script that replaces fetch sees them go by: prefer the worker.';
}
const PLACES = { shared: 'a worker of all tabs', worker: 'a worker of this tab', closure: 'a closure of this page' };
const place = PLACES[session.placement] ?? 'no place: there is no vault';
log(`ready; the tokens live in ${place}${vault ? `, at ${session.vaultOrigin}` : ''}`);
if (reason?.hint) explain(reason);
