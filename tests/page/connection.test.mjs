import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { connect, OPEN, START } = await load('connection');
const { isStrongroomError, StrongroomError } = await load('errors');

/** A connection, and the vault's end of it: what it heard, and what it says. */
function pair(handlers = {}) {
  const { port1, port2 } = new MessageChannel();
  const heard = [];
  let wake = () => {};
  port2.onmessage = ({ data }) => {
    heard.push(data);
    wake();
  };
  const connection = connect(port1, {
    state() {},
    monitor() {},
    renewed() {},
    renewalFailed() {},
    ask: async () => undefined,
    ...handlers,
  });
  return {
    connection,
    say: (message, attachment) => port2.postMessage(attachment === undefined ? [message] : [message, attachment]),
    next: async () => {
      while (!heard.length) {
        await new Promise((resolve) => {
          wake = resolve;
        });
      }
      return heard.shift();
    },
    end: () => port2.close(),
  };
}

test('replies find their commands, in any order', async () => {
  const { connection, say, next, end } = pair();
  const first = connection.command({ start: {} });
  const second = connection.command('close', undefined, 'attached');
  assert.deepEqual(await next(), [{ command: { id: 3, command: { start: {} } } }]);
  assert.deepEqual(await next(), [{ command: { id: 4, command: 'close' } }, 'attached']);
  say({ reply: { id: 4, reply: 'done' } });
  say({ reply: { id: 99, reply: 'done' } });
  say({ reply: { id: 3, reply: 'notAnApi' } }, 'body');
  assert.deepEqual(await second, ['done', undefined]);
  assert.deepEqual(await first, ['notAnApi', 'body']);
  end();
});

test('an error arrives as a StrongroomError with all it says, its reasons too', async () => {
  const { connection, say, end } = pair();
  const asked = connection.command({ start: {} });
  say({
    reply: {
      id: 3,
      reply: {
        error: {
          code: 'login_required',
          message: 'no',
          hint: 'sign in',
          error: 'login_required',
          errorDescription: 'nobody',
          errorUri: 'https://e.example',
          status: 400,
          reasons: [{ code: 'invalid_id_token', claim: 'aud', message: 'other', reasons: [] }],
        },
      },
    },
  });
  const error = await asked.catch((error) => error);
  assert.ok(error instanceof Error && isStrongroomError(error));
  assert.deepEqual(
    [
      error.name,
      error.code,
      error.message,
      error.hint,
      error.error,
      error.errorDescription,
      error.errorUri,
      error.status,
    ],
    ['StrongroomError', 'login_required', 'no', 'sign in', 'login_required', 'nobody', 'https://e.example', 400],
  );
  assert.deepEqual(
    [error.reasons[0].code, error.reasons[0].claim, isStrongroomError(error.reasons[0])],
    ['invalid_id_token', 'aud', true],
  );
  end();
});

test('an aborted command rejects with the reason and is cancelled', async () => {
  const { connection, next, end } = pair();
  const controller = new AbortController();
  const asked = connection.command({ start: {} }, controller.signal);
  await next();
  controller.abort('enough');
  assert.equal(await asked.catch((reason) => reason), 'enough');
  assert.deepEqual(await next(), [{ cancel: { id: 3 } }]);
  await assert.rejects(connection.command('close', AbortSignal.abort()), { name: 'AbortError' });
  end();
});

test('an ask is answered, or answered with why not', async () => {
  const asks = [async () => 'done', async () => Promise.reject(new TypeError('no'))];
  const { say, next, end } = pair({ ask: (ask) => asks.shift()(ask) });
  const ask = { navigate: { url: 'https://login.example.com/' } };
  say({ ask: { id: 5, ask } });
  assert.deepEqual(await next(), [{ answer: { id: 5, answer: 'done' } }]);
  say({ ask: { id: 6, ask } });
  assert.deepEqual(await next(), [{ answer: { id: 6, answer: { failed: 'TypeError: no' } } }]);
  end();
});

test('a withdrawn ask is aborted and not answered', async () => {
  let signal;
  const ended = new Promise((resolve) => {
    signal = resolve;
  });
  const { say, next, end } = pair({
    ask: (_, given) =>
      new Promise((resolve) => {
        given.addEventListener('abort', () => {
          signal();
          resolve(undefined);
        });
      }),
  });
  say({ ask: { id: 5, ask: { navigate: { url: 'x' } } } });
  say({ withdraw: { id: 5 } });
  await ended;
  say({ state: { status: 'loading' } });
  const silence = await Promise.race([next(), new Promise((resolve) => setImmediate(resolve, 'silence'))]);
  assert.equal(silence, 'silence');
  end();
});

test('close ends what is under way', async () => {
  let aborted;
  const { connection, say, next } = pair({
    ask: (_, signal) =>
      new Promise((resolve) => {
        aborted = signal;
        signal.addEventListener('abort', resolve);
      }),
  });
  const asked = connection.command({ start: {} });
  await next();
  say({ ask: { id: 1, ask: { navigate: { url: 'x' } } } });
  while (!aborted) await new Promise(setImmediate);
  connection.close(new Error('over'));
  await assert.rejects(asked, { message: 'over' });
  assert.ok(aborted.aborted);
});

test('an error of another copy of the package is known too', () => {
  const foreign = Object.assign(new Error('x'), { name: 'StrongroomError', code: 'timeout' });
  assert.ok(isStrongroomError(foreign));
  assert.ok(!isStrongroomError(new Error('x')));
  assert.ok(!isStrongroomError({ name: 'StrongroomError', code: 'timeout' }));
  assert.ok(new StrongroomError({ code: 'timeout', message: 'x' }, foreign).cause === foreign);
});

test('what was posted before there was a connection is replied to', async () => {
  const { port1, port2 } = new MessageChannel();
  port2.postMessage([{ reply: { id: OPEN, reply: 'done' } }]);
  port2.postMessage([{ reply: { id: START, reply: { started: {} } } }]);
  const { replyTo, command, close } = connect(port1, {});
  assert.deepEqual(await Promise.all([replyTo(OPEN), replyTo(START)]), [
    ['done', undefined],
    [{ started: {} }, undefined],
  ]);
  const later = command('close');
  port2.onmessage = ({ data: [{ command }] }) => port2.postMessage([{ reply: { id: command.id, reply: 'done' } }]);
  assert.deepEqual(await later, ['done', undefined]);
  close();
});
