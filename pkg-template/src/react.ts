'use client';

import {
  createContext,
  createElement,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from 'react';
import type { StrongroomError } from './errors.js';
import { type GuardOptions, leave, mayLeave } from './guard.js';
import type { Session, SessionState, User } from './types.js';

export { type GuardOptions, requireUser } from './guard.js';

const Context = createContext<Session | undefined>(undefined);

/** What a server renders, and a browser until it has taken over what the server rendered. */
const LOADING: SessionState = { status: 'loading' };
const onServer = () => LOADING;

/** Gives `session` to the components in it. The session lives outside of React: nothing here starts or closes it. */
export function SessionProvider({ session, children }: { session: Session; children?: ReactNode }): ReactNode {
  return createElement(Context.Provider, { value: session }, children);
}

function useProvided(): Session {
  const session = useContext(Context);
  if (!session) throw new Error('no <SessionProvider session={session}> is around this component');
  return session;
}

/** The state of the session (`status`, and `user` or `reason`), and the session itself. */
export function useSession(): SessionState & { readonly session: Session } {
  const session = useProvided();
  const state = useSyncExternalStore(session.subscribe, session.getSnapshot, onServer);
  return useMemo(() => ({ ...state, session }), [state, session]);
}

/** Who is signed in. */
export function useUser(): User | undefined {
  const session = useProvided();
  const user = () => {
    const state = session.getSnapshot();
    return state.status === 'signedIn' ? state.user : undefined;
  };
  return useSyncExternalStore(session.subscribe, user, () => undefined);
}

/** {@link SignedIn} */
export interface SignedInProps {
  /** For who is signed in, or what makes that from the user. */
  children?: ReactNode | ((user: User) => ReactNode);
  /** Until it is known whether somebody is signed in, and while the page leaves for the provider. */
  loading?: ReactNode;
  /** For who is not signed in, or what makes that from the reason. */
  fallback?: ReactNode | ((reason: StrongroomError) => ReactNode);
  /**
   * Leaves for the provider by itself, with these options if it is an object. `fallback` then is for those whom that does
   * not help: who has signed out, or has come back from the provider with an error.
   */
  signIn?: boolean | GuardOptions;
}

/** Shows its children to who is signed in. */
export function SignedIn({ children, loading, fallback, signIn = false }: SignedInProps): ReactNode {
  const session = useProvided();
  const state = useSyncExternalStore(session.subscribe, session.getSnapshot, onServer);
  const [stayed, setStayed] = useState<{ state: SessionState; reason: StrongroomError }>();
  const leaves = signIn !== false && mayLeave(state) && stayed?.state !== state;
  useEffect(() => {
    if (!leaves) return;
    leave(session, signIn === true ? undefined : signIn).catch((reason) => setStayed({ state, reason }));
  }, [session, state, leaves, signIn]);
  if (state.status === 'signedIn') return typeof children === 'function' ? children(state.user) : children;
  if (state.status === 'loading' || leaves) return loading;
  if (typeof fallback !== 'function') return fallback;
  return fallback(stayed?.state === state ? stayed.reason : state.reason);
}
