// What the published types promise, checked by the compiler: a line that is wrong here is one that is wrong for users.
import {
  type ApiOptions,
  type Callback,
  createSession,
  type ErrorCode,
  type Granted,
  isStrongroomError,
  type OwnErrorCode,
  type Placement,
  type ProviderErrorCode,
  type Renewal,
  type RenewalFailure,
  type Session,
  type SessionOptions,
  type SessionState,
  type SignedOut,
  StrongroomError,
  type User,
  type UserChange,
} from 'strongroom';
import type { standardClaims } from 'strongroom/claims';

/** `Actual` is `Expected`, no more and no less. */
type Same<Actual, Expected> =
  (<T>() => T extends Actual ? 1 : 2) extends <T>() => T extends Expected ? 1 : 2 ? true : false;
function same<Actual, Expected>(_: Same<Actual, Expected>): void {}

const session = createSession({ issuer: 'https://login.example.com', clientId: 'spa' });
same<typeof session, Session>(true);

// Options.
const api: ApiOptions = { url: 'https://api.example.com/', audience: 'https://api.example.com', scope: 'read' };
const all: SessionOptions = {
  issuer: 'https://login.example.com',
  clientId: 'spa',
  scope: 'openid',
  redirectUri: '/',
  postLogoutRedirectUri: '/bye',
  responseMode: 'fragment.jwt',
  params: { ui: 'dark' },
  apis: [api],
  silent: { onLoad: false, redirectUri: '/callback.html', responseMode: 'web_message', timeoutMs: 1000 },
  metadata: { issuer: 'https://login.example.com' },
  vault: { placement: 'shared', fallback: false },
  userinfo: true,
  normalizeClaims: true,
  pushedAuthorizationRequests: true,
  monitorSession: true,
  dpop: 'required',
  idTokenSigningAlg: 'ES256',
  dangerouslyAcceptHmacIdTokens: false,
  requestTimeoutMs: 1000,
  navigate: (url) => same<typeof url, string>(true),
  assetsUrl: new URL('https://app.example.com/strongroom/'),
};
createSession(all);
// @ts-expect-error nothing is configured
createSession();
// @ts-expect-error the issuer is missing
createSession({ clientId: 'spa' });
// @ts-expect-error there is no option of this name
createSession({ ...all, authority: 'https://login.example.com' });
// @ts-expect-error there is no such placement
createSession({ ...all, vault: 'localStorage' });
// @ts-expect-error web_message is for hidden frames alone
createSession({ ...all, responseMode: 'web_message' });
// @ts-expect-error an API has a URL
createSession({ ...all, apis: [{ scope: 'read' }] });
// @ts-expect-error it is a number
createSession({ ...all, requestTimeoutMs: '10s' });
// @ts-expect-error either off, on or required
createSession({ ...all, dpop: 'optional' });

// The state narrows by its status.
function narrows(state: SessionState) {
  // @ts-expect-error there may be no user
  state.user;
  if (state.status === 'signedIn') {
    same<typeof state.user, User>(true);
    same<typeof state.user.sub, string>(true);
    same<typeof state.user.email_verified, boolean | undefined>(true);
    same<(typeof state.user)['https://example.com/roles'], unknown>(true);
    // @ts-expect-error it cannot be changed
    state.user.sub = 'eve';
  } else if (state.status === 'signedOut') {
    same<typeof state.reason, StrongroomError>(true);
  } else {
    same<typeof state.status, 'loading'>(true);
    // @ts-expect-error nothing is known yet
    state.reason;
  }
}
narrows(session.state);
same<typeof session.placement, Placement | undefined>(true);
same<typeof session.ready, Promise<SessionState>>(true);
// @ts-expect-error the session sets it
session.state = { status: 'loading' };

// Methods.
same<ReturnType<Session['signIn']>, Promise<void>>(true);
same<ReturnType<Session['checkSession']>, Promise<Granted>>(true);
same<ReturnType<Session['userinfo']>, Promise<User>>(true);
same<ReturnType<Session['signOut']>, Promise<SignedOut>>(true);
same<ReturnType<Session['fetch']>, Promise<Response>>(true);
same<ReturnType<typeof standardClaims>, string[]>(true);
session.signIn({
  returnTo: '/',
  appState: { cart: [7] },
  popup: true,
  signal: new AbortController().signal,
  maxAge: 60,
});
session.fetch('https://api.example.com/', { method: 'POST', body: () => new ReadableStream() });
session.subscribe(() => {})();
// @ts-expect-error tokens are never given out
session.getToken();
// @ts-expect-error a string of the specification, not a number
session.signIn({ prompt: 1 });
// @ts-expect-error a hidden frame can prompt for nothing
session.checkSession({ prompt: 'login' });
// @ts-expect-error there is no such option
session.signOut({ everywhere: true });
// @ts-expect-error there is no token in it
(await session.checkSession()).accessToken;

// Events.
session.addEventListener('statechange', ({ detail }) => same<typeof detail, SessionState>(true));
session.addEventListener('userchange', ({ detail }) => same<typeof detail, UserChange>(true));
session.addEventListener('renewed', ({ detail }) => same<typeof detail, Renewal>(true));
session.addEventListener('renewalfailed', ({ detail }) => same<typeof detail, RenewalFailure>(true), { once: true });
session.addEventListener('callback', ({ detail }) => same<typeof detail, Callback>(true));
// @ts-expect-error an event that there is not has no detail
session.addEventListener('signedin', ({ detail }) => detail);

// Errors.
try {
  await session.signIn();
} catch (error) {
  // @ts-expect-error nothing is known of it
  error.code;
  if (isStrongroomError(error)) {
    same<typeof error, StrongroomError>(true);
    same<typeof error.code, ErrorCode>(true);
    same<typeof error.hint, string | undefined>(true);
    same<typeof error.reasons, readonly StrongroomError[]>(true);
  }
}
const own: OwnErrorCode = 'popup_blocked';
const provider: ProviderErrorCode = 'login_required';
// Providers have codes of their own: any string may come. The known ones are there for completion.
const codes: ErrorCode[] = [own, provider, 'mfa_required'];
same<Extract<ErrorCode, OwnErrorCode>, OwnErrorCode>(true);
same<Extract<ErrorCode, ProviderErrorCode>, ProviderErrorCode>(true);
// @ts-expect-error Strongroom has no such code
const wrong: OwnErrorCode = 'popup_blokced';
new StrongroomError({ code: 'login_required', message: 'for a test', reasons: [{ code: 'timeout', message: 'late' }] });
// @ts-expect-error an error has a code
new StrongroomError({ message: 'for a test' });
codes.includes(wrong);
