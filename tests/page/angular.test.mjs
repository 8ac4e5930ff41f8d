// The Angular adapter, with Angular's own injector, router and HttpClient.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { counting, dom, load, loadAdapter } from './load.mjs';

const { createTestSession } = await load('testing');
after(dom());
const Angular = await loadAdapter(
  'angular',
  [
    '@angular/compiler',
    '@angular/core',
    '@angular/common',
    '@angular/common/http',
    '@angular/platform-browser',
    '@angular/router',
    'rxjs',
  ],
  { bundled: true },
);
const { injectSession, provideSession, sessionInterceptor, signInGuard, firstValueFrom } = Angular;

const ADA = { sub: 'ada', name: 'Ada' };
const API = 'https://api.example.com/v1/';
const turn = () => new Promise(setImmediate);

/** An application without components. */
async function start(t, session, ...providers) {
  const app = await Angular.createApplication({ providers: [provideSession(session), ...providers] });
  t.after(() => app.destroyed || app.destroy());
  return app;
}

test('the state is a signal, and nobody listens once the application is gone', async (t) => {
  const session = createTestSession({ status: 'loading' });
  const listeners = counting(session);
  const app = await start(t, session);
  const provided = Angular.runInInjectionContext(app.injector, injectSession);
  assert.equal(provided.session, session);
  assert.deepEqual([provided.state(), provided.user()], [{ status: 'loading' }, undefined]);
  session.testing.becomeUser(ADA);
  assert.deepEqual([provided.state().status, provided.user()], ['signedIn', ADA]);
  session.testing.expire();
  assert.deepEqual([provided.state().status, provided.user()], ['signedOut', undefined]);
  assert.equal(listeners.now, 1);
  app.destroy();
  assert.equal(listeners.now, 0);
});

/** An application whose HttpClient reaches a session, and what passed the session by. */
async function client(t, session, apis = [{ url: API }]) {
  const passed = [];
  const last = (request) => {
    passed.push(request.url);
    return Angular.of(new Angular.HttpResponse({ body: 'passed by' }));
  };
  const app = await start(
    t,
    session,
    Angular.provideHttpClient(Angular.withInterceptors([sessionInterceptor(apis), last])),
  );
  return { http: app.injector.get(Angular.HttpClient), passed };
}

test('requests to the APIs go through the session, and no others', async (t) => {
  const session = createTestSession({ user: ADA, fetch: () => Response.json({ orders: [1843] }) });
  const { http, passed } = await client(t, session);
  assert.deepEqual(await firstValueFrom(http.get(`${API}orders`, { params: { page: 2 } })), { orders: [1843] });
  assert.deepEqual(
    session.testing.requests.map(({ url }) => url),
    [`${API}orders?page=2`],
  );
  for (const url of ['https://api.example.com/v2/', 'https://elsewhere.example/v1/', '/v1/orders']) {
    assert.equal(await firstValueFrom(http.get(url)), 'passed by');
  }
  assert.equal(passed.length, 3);
});

test('an API of the page’s own origin is known by its relative URL too', async (t) => {
  const session = createTestSession({ user: ADA, fetch: () => Response.json('through') });
  const { http } = await client(t, session, [{ url: 'https://app.example.com/api' }]);
  assert.equal(await firstValueFrom(http.get('/api/orders')), 'through');
});

test('method, headers and body arrive', async (t) => {
  const session = createTestSession({ user: ADA, fetch: () => new Response(null, { status: 204 }) });
  const { http } = await client(t, session);
  const sent = async () => {
    const request = session.testing.requests.at(-1);
    const { method, headers } = request;
    return [method, headers.get('Content-Type'), headers.get('X-Test'), await request.text()];
  };
  await firstValueFrom(http.post(`${API}orders`, { item: 'A compiler' }, { headers: { 'X-Test': ['1', '2'] } }));
  assert.deepEqual(await sent(), ['POST', 'application/json', '1, 2', '{"item":"A compiler"}']);
  assert.equal(session.testing.requests.at(-1).headers.get('Accept'), 'application/json, text/plain, */*');
  await firstValueFrom(http.put(`${API}orders`, new Angular.HttpParams({ fromObject: { a: 'b' } })));
  assert.deepEqual((await sent()).slice(1), ['application/x-www-form-urlencoded;charset=UTF-8', null, 'a=b']);
  await firstValueFrom(http.delete(`${API}orders`, { withCredentials: true, headers: { Accept: 'text/plain' } }));
  assert.equal(session.testing.requests.at(-1).credentials, 'include');
  assert.equal(session.testing.requests.at(-1).headers.get('Accept'), 'text/plain');
});

test('every type of response can be read', async (t) => {
  const session = createTestSession({ user: ADA });
  const { http } = await client(t, session);
  const get = (text, options) => {
    session.testing.answer(() => new Response(text, { headers: { 'X-Demo': 'orders' } }));
    return firstValueFrom(http.get(`${API}orders`, options));
  };
  assert.equal(await get('plain', { responseType: 'text' }), 'plain');
  assert.equal(await (await get('blob', { responseType: 'blob' })).text(), 'blob');
  assert.equal(new TextDecoder().decode(await get('bytes', { responseType: 'arraybuffer' })), 'bytes');
  assert.deepEqual(await get(`)]}',\n{"a":1}`), { a: 1 }, 'without the prefix against inclusion');
  assert.equal(await get(''), null);
  const whole = await get('1', { observe: 'response' });
  assert.deepEqual([whole.body, whole.status, whole.headers.get('X-Demo')], [1, 200, 'orders']);
  const events = [];
  session.testing.answer(() => Response.json(1));
  await http.get(`${API}orders`, { observe: 'events' }).forEach(({ type }) => void events.push(type));
  assert.deepEqual(events, [Angular.HttpEventType.Sent, Angular.HttpEventType.Response]);
});

test('what goes wrong is an HttpErrorResponse', async (t) => {
  const session = createTestSession({ user: ADA });
  const { http } = await client(t, session);
  const outcome = () => firstValueFrom(http.get(`${API}orders`)).then(assert.fail, (error) => error);
  const refused = (text, status) => {
    session.testing.answer(() => new Response(text, { status }));
    return outcome();
  };
  const json = await refused('{"error":"not yours"}', 403);
  assert.ok(json instanceof Angular.HttpErrorResponse);
  assert.deepEqual([json.status, json.error, json.url], [403, { error: 'not yours' }, `${API}orders`]);
  assert.deepEqual((await refused('gone', 410)).error, 'gone');
  const wrong = await refused('<p>', 200);
  assert.deepEqual([wrong.status, wrong.error.text, wrong.error.error.name], [200, '<p>', 'SyntaxError']);
  await session.signOut();
  const nobody = await outcome();
  assert.deepEqual([nobody.status, nobody.error.code], [0, 'not_signed_in']);
});

test('a request ends when nobody waits for it any more, or too long', async (t) => {
  const session = createTestSession({ user: ADA });
  const { http } = await client(t, session);
  const signals = [];
  const { fetch } = session;
  Object.defineProperty(session, 'fetch', {
    value: (url, init) => {
      signals.push(init.signal);
      return fetch(url, init);
    },
  });
  session.testing.answer(() => new Promise(() => {}));
  http.get(`${API}orders`).subscribe().unsubscribe();
  assert.equal(signals[0].aborted, true);
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const late = firstValueFrom(http.get(`${API}orders`, { timeout: 5000 })).then(assert.fail, ({ error }) => error.name);
  t.mock.timers.tick(4999);
  assert.equal(signals[1].aborted, false);
  t.mock.timers.tick(1);
  assert.equal(await late, 'TimeoutError');
});

/** An application whose `/orders` is guarded. */
async function guarded(t, session, options) {
  const routes = ['', 'orders', 'welcome'].map((path) => ({
    path,
    children: [],
    ...(path === 'orders' && { canActivate: [signInGuard(options)] }),
  }));
  const base = { provide: Angular.APP_BASE_HREF, useValue: '/shop/' };
  const app = await start(t, session, Angular.provideRouter(routes), base);
  return app.injector.get(Angular.Router);
}

test('the guard lets through who is signed in, also who is so only later', async (t) => {
  const session = createTestSession({ status: 'loading' });
  const router = await guarded(t, session);
  const navigated = router.navigateByUrl('/orders?page=2');
  await turn();
  session.testing.becomeUser(ADA);
  assert.equal(await navigated, true);
  assert.equal(router.url, '/orders?page=2');
  assert.deepEqual(session.testing.signIns, []);
});

test('the guard leaves for the provider, to come back to the route', async (t) => {
  const session = createTestSession();
  const router = await guarded(t, session, { loginHint: 'ada' });
  void router.navigateByUrl('/orders?page=2');
  await turn();
  assert.deepEqual(session.testing.signIns, [{ loginHint: 'ada', returnTo: '/shop/orders?page=2' }]);
  assert.equal(router.url, '/');
});

test('the guard sends nobody to the provider again who has signed out or comes from there with an error', async (t) => {
  const session = createTestSession({ user: ADA });
  const fallback = ({ code }) => Angular.inject(Angular.Router).createUrlTree(['/welcome'], { queryParams: { code } });
  const router = await guarded(t, session, { fallback });
  for (const code of ['signed_out', 'access_denied', 'network']) {
    session.testing.expire(code);
    await router.navigateByUrl('/');
    await router.navigateByUrl('/orders');
    assert.equal(router.url, `/welcome?code=${code}`);
  }
  assert.deepEqual(session.testing.signIns, []);
});

test('without a fallback the page stays where it is', async (t) => {
  const session = createTestSession();
  const router = await guarded(t, session);
  session.testing.failNext('signIn', 'network');
  assert.equal(await router.navigateByUrl('/orders'), false);
});
