import { type ComputedRef, computed, type InjectionKey, inject, type Plugin, type ShallowRef, shallowRef } from 'vue';
import type { StrongroomError } from './errors.js';
import { admit, type GuardOptions } from './guard.js';
import type { Session, SessionState, User } from './types.js';

export { type GuardOptions, requireUser } from './guard.js';

/** {@link useSession} */
export interface ProvidedSession {
  readonly session: Session;
  /** Whether somebody is signed in. */
  readonly state: Readonly<ShallowRef<SessionState>>;
  /** Who is signed in. */
  readonly user: ComputedRef<User | undefined>;
}

const KEY: InjectionKey<ProvidedSession> = Symbol('strongroom');

/** The plugin: `app.use(strongroom(session))`. */
export function strongroom(session: Session): Plugin<[]> {
  return {
    install(app) {
      const state = shallowRef(session.getSnapshot());
      const user = computed(() => (state.value.status === 'signedIn' ? state.value.user : undefined));
      const unsubscribe = session.subscribe(() => {
        state.value = session.getSnapshot();
      });
      app.onUnmount(unsubscribe);
      app.provide(KEY, { session, state, user });
    },
  };
}

/** The session of the plugin, and its state as refs. */
export function useSession(): ProvidedSession {
  const provided = inject(KEY, undefined);
  if (!provided) throw new Error('the app has no session: app.use(strongroom(session))');
  return provided;
}

/** {@link signInGuard} */
export interface SignInGuardOptions<To> extends Omit<GuardOptions, 'returnTo'> {
  /**
   * Where to, for those whom the provider's pages do not help: who has signed out, or has come back from the provider with
   * an error. Default: nowhere.
   */
  fallback?: (reason: StrongroomError) => To;
}

/**
 * A guard for `router.beforeEach`, or for `beforeEnter` of a route: lets through who is signed in, else leaves for the
 * provider, and comes back to the route.
 */
export function signInGuard<To = false>(
  router: { resolve(to: string): { readonly href: string } },
  session: Session,
  { fallback = () => false as To, ...options }: SignInGuardOptions<To> = {},
): (to: { readonly fullPath: string }) => Promise<true | To> {
  return ({ fullPath }) => admit(session, { ...options, returnTo: router.resolve(fullPath).href }, fallback);
}
