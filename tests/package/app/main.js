// The app that each bundler builds: a session, a sign-in, a call to an API. Its options are the test's.
import { createSession, isStrongroomError } from 'strongroom';

const { api, ...options } = window.options;
const session = createSession(options);

function show() {
  const { status, user, reason } = session.state;
  const who = status === 'signedIn' ? user.sub : isStrongroomError(reason) ? reason.code : '';
  document.querySelector('[role=status]').textContent = `${status} ${who} in ${session.placement}`;
}

session.addEventListener('statechange', show);
document.querySelector('#sign-in').addEventListener('click', () => session.signIn());
document.querySelector('#call').addEventListener('click', async () => {
  const response = await session.fetch(api);
  document.querySelector('pre').textContent = `${response.status} ${await response.text()}`;
});
