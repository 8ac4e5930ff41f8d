import { createSubscriber } from 'svelte/reactivity';
import type { Session, SessionState, User } from './types.js';

export { type GuardOptions, requireUser } from './guard.js';

/** {@link sessionStore} */
export interface SessionStore {
  readonly session: Session;
  /** Whether somebody is signed in; reactive. */
  readonly state: SessionState;
  /** Who is signed in; reactive. */
  readonly user: User | undefined;
  /** Makes this a store: `$auth` is the state. */
  subscribe(run: (state: SessionState) => void): () => void;
}

/** The state of `session` for Svelte: reactive properties, and a store. */
export function sessionStore(session: Session): SessionStore {
  const track = createSubscriber(session.subscribe);
  return {
    session,
    get state() {
      track();
      return session.getSnapshot();
    },
    get user() {
      const { state } = this;
      return state.status === 'signedIn' ? state.user : undefined;
    },
    subscribe(run) {
      run(session.getSnapshot());
      return session.subscribe(() => run(session.getSnapshot()));
    },
  };
}
