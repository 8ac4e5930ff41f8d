// The script of callback.html: hands the answer of a hidden frame or popup over, or brings that of a redirect home.
import { ANSWER, handOver, LEAVE, stateIn, waitingFor } from './callback-url.js';

/** Where the vault has noted, under the digest of `state`, that the user is to return to; as `src/browser/storage.rs` keeps it. */
async function returnTo(state: string): Promise<string | undefined> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(state)));
  const key = btoa(String.fromCharCode(...digest))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=/g, '');
  const opened = indexedDB.open('strongroom');
  const kept = await new Promise<unknown>((resolve) => {
    opened.onerror = () => resolve(undefined);
    // There is none: nothing waits.
    opened.onupgradeneeded = () => opened.transaction?.abort();
    opened.onsuccess = () => {
      const asked = opened.result.transaction('transactions').objectStore('transactions').get(key);
      asked.onerror = () => resolve(undefined);
      asked.onsuccess = () => resolve(asked.result);
    };
  });
  const json = /\{.*/s.exec(String(kept))?.[0];
  const url: unknown = json && JSON.parse(json).return_to;
  return typeof url === 'string' ? url : undefined;
}

/** Goes back to the application, which is of another origin, and leaves the answer here for the vault's frame. */
async function bringHome(state: string) {
  const url = await returnTo(state);
  // A page of this origin would have had the answer itself.
  if (!url || new URL(url).origin === location.origin) return sayEnd();
  sessionStorage.setItem(ANSWER, location.href);
  location.replace(url);
}

function sayEnd() {
  document.body.textContent = 'You can close this window.';
}

const waiting = waitingFor(location, 'sr');
const state = stateIn(location, 'sr');
const leaving = location.hash === '#leave' ? sessionStorage.getItem(LEAVE) : null;
if (leaving) {
  sessionStorage.removeItem(LEAVE);
  location.replace(leaving);
} else if (!handOver(waiting)) {
  if (waiting === 'redirect' && state) void bringHome(state).catch(sayEnd);
  else sayEnd();
}
