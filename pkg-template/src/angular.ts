import { Location } from '@angular/common';
import {
  HttpErrorResponse,
  type HttpEvent,
  HttpEventType,
  HttpHeaders,
  type HttpInterceptorFn,
  type HttpRequest,
  HttpResponse,
} from '@angular/common/http';
import {
  computed,
  DestroyRef,
  EnvironmentInjector,
  type EnvironmentProviders,
  InjectionToken,
  inject,
  makeEnvironmentProviders,
  NgZone,
  runInInjectionContext,
  type Signal,
  signal,
} from '@angular/core';
import type { CanActivateFn, UrlTree } from '@angular/router';
import { Observable } from 'rxjs';
import type { StrongroomError } from './errors.js';
import { admit, type GuardOptions } from './guard.js';
import type { Session, SessionState, User } from './types.js';

export { type GuardOptions, requireUser } from './guard.js';

/** {@link injectSession} */
export interface ProvidedSession {
  readonly session: Session;
  /** Whether somebody is signed in. */
  readonly state: Signal<SessionState>;
  /** Who is signed in. */
  readonly user: Signal<User | undefined>;
}

const PROVIDED = new InjectionToken<ProvidedSession>('strongroom');

/** Provides `session` to the application: `bootstrapApplication(App, { providers: [provideSession(session)] })`. */
export function provideSession(session: Session): EnvironmentProviders {
  const useFactory = (): ProvidedSession => {
    const [zone, state] = [inject(NgZone), signal(session.getSnapshot())];
    // The session was created outside of Angular's zone, and so are its events.
    const unsubscribe = session.subscribe(() => zone.run(() => state.set(session.getSnapshot())));
    inject(DestroyRef).onDestroy(unsubscribe);
    const user = computed(() => {
      const now = state();
      return now.status === 'signedIn' ? now.user : undefined;
    });
    return { session, state: state.asReadonly(), user };
  };
  return makeEnvironmentProviders([{ provide: PROVIDED, useFactory }]);
}

/** The session of {@link provideSession}, and its state as signals. In an injection context only. */
export function injectSession(): ProvidedSession {
  return inject(PROVIDED);
}

/** {@link signInGuard} */
export interface SignInGuardOptions extends Omit<GuardOptions, 'returnTo'> {
  /**
   * Where to, for those whom the provider's pages do not help: who has signed out, or has come back from the provider with
   * an error. Called in an injection context. Default: nowhere.
   */
  fallback?: (reason: StrongroomError) => UrlTree | boolean;
}

/** A `canActivate` guard: lets through who is signed in, else leaves for the provider, and comes back to the route. */
export function signInGuard({ fallback = () => false, ...options }: SignInGuardOptions = {}): CanActivateFn {
  return (_route, { url }) => {
    const [{ session }, injector] = [inject(PROVIDED), inject(EnvironmentInjector)];
    const returnTo = inject(Location).prepareExternalUrl(url);
    return admit(session, { ...options, returnTo }, (reason) =>
      runInInjectionContext(injector, () => fallback(reason)),
    );
  };
}

/**
 * Sends the requests of `HttpClient` to `apis` through the session, which adds the token, and leaves all others alone. Give it
 * to `withInterceptors` last: what comes after it does not see these requests. They report no progress.
 * @param apis the `apis` of the session
 */
export function sessionInterceptor(apis: readonly { readonly url: string }[]): HttpInterceptorFn {
  const prefixes = apis.map(({ url }) => new URL(url).href);
  return (request, next) => {
    const { session } = inject(PROVIDED);
    const base = typeof document === 'undefined' ? undefined : document.baseURI;
    const href = URL.canParse(request.url, base) ? new URL(request.url, base).href : '';
    return prefixes.some((prefix) => href.startsWith(prefix)) ? send(session, request) : next(request);
  };
}

/** `request` through the session, as `HttpClient` wants it told. */
function send(session: Session, request: HttpRequest<unknown>): Observable<HttpEvent<unknown>> {
  return new Observable((observer) => {
    const aborter = new AbortController();
    const { timeout, urlWithParams: url } = request;
    const timer =
      timeout === undefined
        ? undefined
        : setTimeout(() => aborter.abort(new DOMException('signal timed out', 'TimeoutError')), timeout);
    observer.next({ type: HttpEventType.Sent });
    // No await: zone.js sees callbacks alone.
    session
      .fetch(url, initOf(request, aborter.signal))
      .then((response) => {
        const reading: Promise<unknown> = response[READERS[request.responseType]]();
        return reading.then((body) => outcomeOf(request, response, body));
      })
      .then((outcome) => {
        if (outcome instanceof HttpErrorResponse) return observer.error(outcome);
        observer.next(outcome);
        observer.complete();
      })
      .catch((error: unknown) => observer.error(new HttpErrorResponse({ error, status: 0, url })));
    return () => {
      clearTimeout(timer);
      aborter.abort();
    };
  });
}

const READERS = { json: 'text', text: 'text', blob: 'blob', arraybuffer: 'arrayBuffer' } as const;

function initOf(request: HttpRequest<unknown>, signal: AbortSignal): RequestInit {
  const { method, cache, credentials, integrity, keepalive, mode, priority, redirect, referrer, referrerPolicy } =
    request;
  const headers = new Headers();
  for (const name of request.headers.keys()) {
    for (const value of request.headers.getAll(name) ?? []) headers.append(name, value);
  }
  if (!headers.has('Accept')) headers.set('Accept', 'application/json, text/plain, */*');
  const type = request.detectContentTypeHeader();
  if (type && !headers.has('Content-Type')) headers.set('Content-Type', type);
  const more = { cache, integrity, keepalive, mode, priority, redirect, referrer, referrerPolicy };
  return {
    method,
    headers,
    body: request.serializeBody(),
    signal,
    ...(request.withCredentials ? { credentials: 'include' } : credentials && { credentials }),
    ...Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined && value !== null)),
  };
}

function outcomeOf(
  { responseType, urlWithParams }: HttpRequest<unknown>,
  response: Response,
  read: unknown,
): HttpResponse<unknown> | HttpErrorResponse {
  const { ok, status, statusText, url } = response;
  const rest = { status, statusText, headers: new HttpHeaders(response.headers), url: url || urlWithParams };
  let body = read;
  if (responseType === 'json') {
    // Without the prefix that keeps JSON from being run as a script.
    const json = String(read).replace(/^\)\]\}',?\n/, '');
    try {
      body = json === '' ? null : JSON.parse(json);
    } catch (error) {
      if (ok) return new HttpErrorResponse({ error: { error, text: json }, ...rest });
      // A refusal is often plain text.
      body = json;
    }
  }
  return ok ? new HttpResponse({ body, ...rest }) : new HttpErrorResponse({ error: body, ...rest });
}
