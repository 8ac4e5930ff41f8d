import type { StrongroomError } from './errors.js';
import type { Session, SessionState, SignInOptions, User } from './types.js';

/** How a guard signs in: by redirect, since a popup needs a click. */
export type GuardOptions = Omit<SignInOptions, 'popup' | 'signal'>;

/**
 * Why nobody is signed in, where the provider's pages help. Not among them: a user who has signed out, and whatever the
 * provider's pages themselves answered, such as `access_denied`. Who is sent there again for that goes round in circles.
 */
const MENDED_BY_SIGN_IN = [
  'login_required',
  'interaction_required',
  'consent_required',
  'account_selection_required',
  'third_party_cookies_blocked',
  'frame_blocked',
  'not_signed_in',
];

/** Whether a guard may send the user to the provider by itself. */
export function mayLeave(state: SessionState): boolean {
  return state.status === 'signedOut' && MENDED_BY_SIGN_IN.includes(state.reason.code);
}

const leaving = new WeakMap<Session, Promise<void>>();

/** Leaves for the provider: once, however many guards want it. Rejects if the page stays. */
export function leave(session: Session, options?: GuardOptions): Promise<void> {
  let under = leaving.get(session);
  if (!under) {
    const done = () => {
      leaving.delete(session);
      unsubscribe();
    };
    const unsubscribe = session.subscribe(done);
    under = session.signIn(options);
    leaving.set(session, under);
    under.catch(done);
  }
  return under;
}

/**
 * The user, for the loader of a route: leaves for the provider if nobody is signed in, and does not resolve then. Rejects
 * where the provider cannot help: with `signed_out` if the user has signed out, or with what the provider has answered.
 */
export async function requireUser(session: Session, options?: GuardOptions): Promise<User> {
  // There, a session never gets to know: better an error than a page that never ends.
  if (typeof document === 'undefined') throw new Error('requireUser works in the browser only');
  await session.ready;
  const state = session.getSnapshot();
  if (state.status === 'signedIn') return state.user;
  if (state.status === 'signedOut' && !mayLeave(state)) throw state.reason;
  await leave(session, options);
  return requireUser(session, options);
}

/** Whether a route may be shown: true, or what `fallback` makes of the reason why not. A server leaves it to the browser. */
export async function admit<T>(
  session: Session,
  options: GuardOptions,
  fallback: (reason: StrongroomError) => T,
): Promise<true | T> {
  if (typeof document === 'undefined') return true;
  return requireUser(session, options).then(() => true as const, fallback);
}
