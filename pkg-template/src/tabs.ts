// Tabs that have a vault each tell one another of sign-in and sign-out. The vault that all tabs share tells them itself.
import type { SessionState } from './types.js';

/** What a tab does when another one tells it something. */
export interface Tab {
  state(): SessionState;
  /** Forgets the user here. */
  signOut(): void;
  /** Asks the provider who is signed in. */
  check(): Promise<unknown>;
}

/** Listens to the other tabs for `tab`, and tells them what `tell` is called with. */
export function joinTabs(prefix: string, tab: Tab) {
  const channel = new BroadcastChannel(`strongroom:${prefix}`);
  /** Whether it is being found out who signed in in another tab. */
  let following = false;
  /** Whether the sign-out under way is another tab's. */
  let heard = false;
  channel.onmessage = ({ data }) => {
    const state = tab.state();
    if (data === null && state.status === 'signedIn') {
      heard = true;
      tab.signOut();
    } else if (typeof data === 'string' && state.status !== 'loading' && !following) {
      // Another tab knows who is signed in at the provider: so may this one. Many may say so, and one answer will do.
      if (state.status === 'signedIn' && state.user.sub === data) return;
      following = true;
      const done = () => {
        following = false;
      };
      tab.check().then(done, done);
    }
  };
  return {
    /** Tells of a sign-in (by the user's `sub`) or a sign-out (by null), unless it was another tab that told. */
    tell(before: SessionState, state: SessionState) {
      const was = before.status === 'signedIn' ? before.user.sub : undefined;
      const is = state.status === 'signedIn' ? state.user.sub : undefined;
      if (is !== undefined && is !== was) channel.postMessage(is);
      else if (was !== undefined && state.status === 'signedOut' && state.reason.code === 'signed_out' && !heard) {
        channel.postMessage(null);
      }
      heard = false;
    },
    close: () => channel.close(),
  };
}
