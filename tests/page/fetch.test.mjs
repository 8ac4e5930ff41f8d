import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { fetchThrough } = await load('fetch');

const head = (status, again = false) => ({
  response: {
    status,
    statusText: '',
    url: 'https://api.example.com/',
    redirected: false,
    kind: 'cors',
    again,
    headers: [['x-demo', 'yes']],
  },
});

/** A vault that answers as told; what it was asked is in `asked`. */
function vault(...answers) {
  const asked = [];
  const connection = {
    command: async (command, _signal, attachment) => {
      asked.push([command.fetch, attachment]);
      return [answers.shift(), undefined];
    },
  };
  return { asked, connection: Promise.resolve(connection) };
}

const text = async (stream) => new Response(stream).text();

test('a body that a function makes is made again when the API refuses the token', async () => {
  const { asked, connection } = vault(head(401, true), head(200));
  let made = 0;
  const make = () => {
    made += 1;
    return new Response(`body ${made}`).body;
  };
  const response = await fetchThrough(connection, 'https://api.example.com/', {
    method: 'POST',
    headers: { 'X-Test': '1' },
    body: make,
  });
  assert.equal(response.status, 200);
  assert.deepEqual(await Promise.all(asked.map(([, body]) => text(body))), ['body 1', 'body 2']);
  for (const [{ method, headers }] of asked) assert.deepEqual([method, headers], ['POST', [['x-test', '1']]]);
});

test('it is made once more and no oftener, and not where the API is content or refuses for another reason', async () => {
  for (const [answers, status] of [
    [[head(401, true), head(401, true), head(200)], 401],
    [[head(200), head(500)], 200],
    [[head(403), head(200)], 403],
  ]) {
    const wanted = answers[0].response.again ? 2 : 1;
    const { asked, connection } = vault(...answers);
    const response = await fetchThrough(connection, 'https://api.example.com/', {
      method: 'POST',
      body: () => new Response('x').body,
    });
    assert.deepEqual([response.status, asked.length], [status, wanted]);
  }
});

test('the fields of a form go as they are, and a vault that hands them back has them sent as they were', async (t) => {
  const { asked, connection } = vault('notAnApi');
  const sent = [];
  t.mock.method(globalThis, 'fetch', async (request) => {
    sent.push(Object.fromEntries(await request.formData()));
    return new Response();
  });
  const form = new FormData();
  form.set('field', 'value');
  form.set('file', new File(['content'], 'file.txt'));
  await fetchThrough(connection, 'https://api.example.com/', { method: 'POST', body: form });
  assert.deepEqual(asked[0][1], [...form]);
  assert.deepEqual([sent[0].field, await sent[0].file.text()], ['value', 'content']);
});

test('the response is one as fetch makes it', async () => {
  const { connection } = vault(head(204));
  const response = await fetchThrough(connection, new Request('https://api.example.com/'));
  assert.ok(response instanceof Response);
  assert.deepEqual(
    [response.status, response.url, response.type, response.body, response.headers.get('x-demo')],
    [204, 'https://api.example.com/', 'cors', null, 'yes'],
  );
  assert.equal(response.clone().url, 'https://api.example.com/');
});
