// Requests to APIs: the token goes where it is meant to go, and the rest is as with `fetch`.
import { listen } from '../../www/servers/loopback.mjs';
import { expect, open, PLACEMENTS, rejection, settled, signIn, test } from './harness.mjs';

/** The scheme and token that the API got with its last request to `path`. */
const sent = (world, path) =>
  world.api.requests.filter((request) => request.path === path && request.method !== 'OPTIONS').at(-1);

test.describe.configure({ mode: 'parallel' });

for (const placement of PLACEMENTS) {
  test.describe(`with the vault in '${placement}'`, { tag: '@engines' }, () => {
    test.use({ placement });
    test.beforeEach(async ({ page, world }) => {
      await open(page, world);
      await signIn(page, world);
    });

    test('the response is as fetch gives it', async ({ page, world }) => {
      const response = await page.evaluate(async (api) => {
        const response = await session.fetch(`${api}orders?page=1`);
        const copy = response.clone();
        return {
          instance: response instanceof Response,
          status: response.status,
          statusText: response.statusText,
          ok: response.ok,
          url: response.url,
          cloned: copy.url,
          type: response.type,
          redirected: response.redirected,
          header: response.headers.get('X-Demo'),
          user: (await response.json()).user,
          copy: (await copy.json()).user,
          used: response.bodyUsed,
        };
      }, world.api.url);
      expect(response).toEqual({
        instance: true,
        status: 200,
        statusText: 'OK',
        ok: true,
        url: `${world.api.url}orders?page=1`,
        cloned: `${world.api.url}orders?page=1`,
        type: 'cors',
        redirected: false,
        header: 'orders',
        user: 'ada',
        copy: 'ada',
        used: true,
      });
    });

    test('every kind of body arrives', async ({ page, world }) => {
      const results = await page.evaluate(async (url) => {
        const bytes = new TextEncoder().encode('bytes');
        const form = new FormData();
        form.set('field', 'value');
        form.set('file', new File(['content'], 'file.txt', { type: 'text/plain' }));
        const bodies = {
          string: 'text',
          params: new URLSearchParams({ a: '1', b: 'ü' }),
          form,
          blob: new Blob(['blob'], { type: 'image/png' }),
          buffer: bytes.buffer.slice(0),
          view: bytes.subarray(1, 3),
          empty: '',
        };
        const results = {};
        for (const [kind, body] of Object.entries(bodies)) {
          const { type, body: got, scheme } = await session.fetch(url, { method: 'POST', body }).then((r) => r.json());
          results[kind] = [scheme, type, atob(got)];
        }
        const request = new Request(url, {
          method: 'PUT',
          body: 'of a request',
          headers: { 'Content-Type': 'text/x-test' },
        });
        const { type, body: got, method } = await session.fetch(request).then((r) => r.json());
        results.request = [method, type, atob(got)];
        const { type: other, body: over } = await session
          .fetch(new Request(url, { method: 'POST', body: 'a' }), { body: 'b' })
          .then((r) => r.json());
        results.overridden = ['POST', other, atob(over)];
        return results;
      }, `${world.api.url}echo`);
      expect(results.string).toEqual(['Bearer', 'text/plain;charset=UTF-8', 'text']);
      expect(results.params).toEqual(['Bearer', 'application/x-www-form-urlencoded;charset=UTF-8', 'a=1&b=%C3%BC']);
      expect(results.form[1]).toMatch(/^multipart\/form-data; boundary=/);
      expect(results.form[2]).toMatch(/name="field"[\s\S]*value[\s\S]*filename="file\.txt"[\s\S]*content/);
      expect(results.blob).toEqual(['Bearer', 'image/png', 'blob']);
      expect(results.buffer).toEqual(['Bearer', null, 'bytes']);
      expect(results.view).toEqual(['Bearer', null, 'yt']);
      expect(results.empty[2]).toBe('');
      expect(results.request).toEqual(['PUT', 'text/x-test', 'of a request']);
      expect(results.overridden).toEqual(['POST', 'text/plain;charset=UTF-8', 'b']);
    });

    test('methods and headers arrive; an Authorization header of the caller does not', async ({ page, world }) => {
      for (const method of ['GET', 'HEAD', 'DELETE', 'PATCH']) {
        const headers = { Authorization: 'Bearer forged', 'X-Test': 'yes' };
        await page.evaluate(
          ([url, init]) => session.fetch(url, init).then((r) => r.status),
          [`${world.api.url}echo`, { method, headers }],
        );
        const request = sent(world, '/echo');
        expect(request).toMatchObject({ method, headers: { 'x-test': 'yes' } });
        expect(world.provider.issued).toContainEqual(
          expect.objectContaining({
            kind: 'access_token',
            value: request.headers.authorization.replace('Bearer ', ''),
          }),
        );
      }
    });

    test('a streamed answer is read while it comes, and ends when the reader gives up', async ({ page, world }) => {
      const first = await page.evaluate(async (url) => {
        const { body } = await session.fetch(`${url}stream?chunks=2&endless`);
        const reader = body.getReader();
        let text = '';
        while (!text.includes('chunk 1')) text += new TextDecoder().decode((await reader.read()).value);
        await reader.cancel();
        return text;
      }, world.api.url);
      expect(first).toBe('chunk 0\nchunk 1\n');
      await expect.poll(() => sent(world, '/stream').aborted).toBe(true);
    });

    test('an abort ends the request and the body, with the reason given', async ({ page, world }) => {
      const outcome = await page.evaluate(async (url) => {
        const before = new AbortController();
        const asked = session.fetch(`${url}never`, { signal: before.signal }).catch((reason) => String(reason));
        setTimeout(() => before.abort('too slow'), 0);
        const during = new AbortController();
        const response = await session.fetch(`${url}stream?chunks=1&endless`, { signal: during.signal });
        const read = response.text().catch(({ name }) => name);
        during.abort();
        const late = await session.fetch(`${url}echo`, { signal: AbortSignal.abort() }).catch(({ name }) => name);
        return [await asked, await read, late];
      }, world.api.url);
      expect(outcome).toEqual(['too slow', 'AbortError', 'AbortError']);
      await expect.poll(() => sent(world, '/stream').aborted).toBe(true);
      expect(sent(world, '/echo')).toBeUndefined();
    });

    test('statuses without a body, and errors of the API, are the caller’s', async ({ page, world }) => {
      const statuses = await page.evaluate(async (url) => {
        const of = async (code) => {
          const response = await session.fetch(`${url}status?code=${code}`);
          return [response.status, response.ok, response.body === null];
        };
        return [await of(204), await of(205), await of(404), await of(500)];
      }, world.api.url);
      expect(statuses).toEqual([
        [204, true, true],
        [205, true, true],
        [404, false, false],
        [500, false, false],
      ]);
    });

    test('an API that cannot be reached says so without ending the session', async ({ page, world }) => {
      const error = await rejection(
        page,
        (url) => session.fetch(`${url}orders`, { headers: { 'X-Forbidden': '1' } }),
        world.api.url,
      );
      expect(error).toMatchObject({ code: 'network', hint: expect.stringContaining('CORS') });
      expect(await settled(page)).toMatchObject({ status: 'signedIn' });
    });
  });
}

test.describe('foreign URLs', { tag: '@engines' }, () => {
  let foreign;
  let seen;

  test.beforeEach(async ({ page, world }) => {
    seen = [];
    foreign = await listen((request, response) => {
      // After a redirect some engines ask first, and others do not.
      if (request.method !== 'OPTIONS')
        seen.push({ url: request.url, authorization: request.headers.authorization ?? null });
      response.setHeader('Access-Control-Allow-Origin', '*');
      response.setHeader('Access-Control-Allow-Headers', '*, authorization');
      response.end('foreign');
    });
    world.options.apis = [{ url: `${world.api.url}orders`, resource: world.api.url, scope: 'read:orders' }];
    await open(page, world);
    await signIn(page, world);
  });

  test.afterEach(() => foreign.close());

  test.use({
    setting: {
      csp: (policy) => {
        policy['connect-src'] = '*';
      },
    },
  });

  test('no token goes to an origin, port or path that is not listed', async ({ page, world }) => {
    const api = new URL(world.api.url);
    const urls = [
      `${foreign.origin}/orders`,
      `http://127.0.0.1:${new URL(foreign.origin).port}/orders`,
      `${foreign.origin}/${world.api.url}orders`,
      `http://${api.host}@localhost:${new URL(foreign.origin).port}/orders`,
      `${api.protocol}\\\\localhost:${new URL(foreign.origin).port}\\orders`,
      `//localhost:${new URL(foreign.origin).port}/orders`,
    ];
    const outcomes = await page.evaluate(
      (urls) =>
        Promise.all(
          urls.map((url) =>
            session.fetch(url).then(
              (r) => r.text(),
              (error) => error.name,
            ),
          ),
        ),
      urls,
    );
    // A URL with a user in it is none that `fetch` takes.
    expect(outcomes.filter((outcome) => outcome !== 'foreign')).toEqual(['TypeError']);
    expect(seen.length).toBe(5);
    expect(seen.every(({ authorization }) => authorization === null)).toBe(true);

    for (const path of [
      'public',
      'ordersx',
      'orders/../public',
      'orders%2f..%2fpublic',
      '%6frders',
      'ORDERS',
      'orders/%2e%2e/public',
    ]) {
      await page.evaluate((url) => session.fetch(url).catch(() => {}), world.api.url + path);
    }
    const plain = world.api.requests.filter(({ headers }) => headers.authorization);
    expect(
      plain.map(({ path }) => path),
      'only what lies under the path listed',
    ).toEqual([]);
    await page.evaluate((url) => session.fetch(url), `${world.api.url}orders/../orders`);
    expect(sent(world, '/orders').headers.authorization).toMatch(/^Bearer /);
  });

  test('a redirect to another origin does not take the token along', async ({ page, world }) => {
    world.options.apis = [{ url: world.api.url, resource: world.api.url, scope: 'read:orders' }];
    await page.reload();
    await settled(page);
    const to = encodeURIComponent(`${foreign.origin}/orders`);
    const [text, redirected, url] = await page.evaluate(async (url) => {
      const response = await session.fetch(url);
      return [await response.text(), response.redirected, response.url];
    }, `${world.api.url}redirect?to=${to}`);
    expect([text, redirected, url]).toEqual(['foreign', true, `${foreign.origin}/orders`]);
    expect(sent(world, '/redirect').headers.authorization).toMatch(/^Bearer /);
    expect(seen).toEqual([{ url: '/orders', authorization: null }]);
    const within = await page.evaluate(
      (url) => session.fetch(url).then(async (r) => [r.status, r.redirected, (await r.json()).user]),
      `${world.api.url}redirect?to=/orders`,
    );
    expect(within).toEqual([200, true, 'ada']);
  });

  test('relative URLs of the app go out as they are', async ({ page }) => {
    expect(await page.evaluate(() => session.fetch('/test.js').then((r) => r.status))).toBe(200);
  });
});

test('a signed-out user gets not_signed_in, and no request is made', async ({ page, world }) => {
  await open(page, world);
  const error = await rejection(page, (url) => session.fetch(`${url}orders`), world.api.url);
  expect(error).toMatchObject({ code: 'not_signed_in', reasons: [{ code: 'login_required' }] });
  expect(world.api.requests).toEqual([]);
});

test('a call that is made while the session starts waits for it', async ({ page, world }) => {
  await open(page, world);
  await signIn(page, world);
  await page.route('**/test.js', async (route) => {
    const response = await route.fetch();
    const call = `window.early = session.fetch('${world.api.url}orders').then((r) => r.status);`;
    await route.fulfill({ response, body: `${await response.text()}\n${call}` });
  });
  await page.reload();
  expect(await page.evaluate(() => window.early)).toBe(200);
});

test('an engine that cannot transfer streams gets the answer chunk by chunk', async ({ page, world }) => {
  world.options.vault = 'closure';
  await page.addInitScript(() => {
    // As in an engine that refuses: the vault and the page are one realm here, so that one place is enough.
    const { postMessage } = MessagePort.prototype;
    window.refused = 0;
    MessagePort.prototype.postMessage = function (message, transfer) {
      if (Array.isArray(transfer) && transfer.some((item) => item instanceof ReadableStream)) {
        window.refused += 1;
        throw new DOMException('a stream', 'DataCloneError');
      }
      return postMessage.call(this, message, transfer);
    };
  });
  await open(page, world);
  await signIn(page, world);
  const [text, cancelled] = await page.evaluate(async (url) => {
    const text = await session.fetch(`${url}stream?chunks=3`).then((response) => response.text());
    const { body } = await session.fetch(`${url}stream?chunks=1&endless`);
    const reader = body.getReader();
    await reader.read();
    await reader.cancel();
    return [text, window.refused];
  }, world.api.url);
  expect(text).toBe('chunk 0\nchunk 1\nchunk 2\n');
  expect(cancelled).toBe(2);
  await expect.poll(() => sent(world, '/stream').aborted).toBe(true);
});

test('a body that the vault hands back is sent as it was', async ({ page, world }) => {
  // Near enough for the page to ask the vault, and outside the path that is listed.
  world.options.apis = [{ url: `${world.api.url}orders`, resource: world.api.url, scope: 'read:orders' }];
  await open(page, world);
  await signIn(page, world);
  const body = await page.evaluate(
    (url) => session.fetch(url, { method: 'POST', body: 'kept' }).then(async (r) => [r.status, await r.text()]),
    `${world.api.url}orders-of-others`,
  );
  expect(body[0]).toBe(404);
  expect(sent(world, '/orders-of-others').headers).toMatchObject({ 'content-length': '4' });
  expect(sent(world, '/orders-of-others').headers.authorization).toBeUndefined();
});
