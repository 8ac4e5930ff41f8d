// The script of callback.html: hands the answer of a hidden frame or popup over, or brings that of a redirect home.
import { handOver, LEAVE, stateIn, waitingFor } from './callback-url.js';
import { keptFor, leave, take } from './deposit.js';

/**
 * Goes back to the application, which is of another origin, and leaves the answer here for the vault's frame. The ticket
 * for it travels as a `state` would.
 */
async function bringHome(state: string) {
  const { return_to: home } = await keptFor(state);
  // A page of this origin would have had the answer itself.
  if (typeof home !== 'string' || new URL(home).origin === location.origin) return sayEnd();
  const url = new URL(home);
  const ticket = await leave(location.href, state.slice(0, state.indexOf('-') + 2));
  // The first one counts, if the application has a `state` of its own.
  url.search = `?state=${ticket}${url.search.replace('?', '&')}`;
  location.replace(url);
}

/** Leaves for the provider, where the vault's frame wants the page to go. */
async function leaveFor(ticket: string) {
  const url = await take(ticket);
  if (url) location.replace(url);
  else sayEnd();
}

function sayEnd() {
  document.body.textContent = 'You can close this window.';
}

const waiting = waitingFor(location, 'sr');
const state = stateIn(location, 'sr');
if (location.hash.startsWith(LEAVE)) void leaveFor(location.hash.slice(LEAVE.length)).catch(sayEnd);
else if (!handOver(waiting)) {
  if (waiting === 'redirect' && state) void bringHome(state).catch(sayEnd);
  else sayEnd();
}
