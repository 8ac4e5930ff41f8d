// What can be reached from the page's objects.
import { listen, walk } from '../kit.mjs';

/** Records each error that the session's methods can be made to give. */
async function errors(session, record) {
  const abort = AbortSignal.abort('enough');
  const tries = [
    () => session.fetch('https://'),
    () => session.fetch('data:text/plain,x', { signal: abort }),
    () => session.checkSession({ scope: 'nonsense of:mine' }),
    () => session.checkSession({ timeoutMs: 1 }),
    () => session.checkSession({ resource: 'https://nobody.example/' }),
    () => session.checkSession({ params: { claims: '{' } }),
    () => session.checkSession({ nonsense: 1 }),
    () => session.signIn({ returnTo: 'https://evil.example/' }),
    () => session.userinfo({ signal: abort }),
  ];
  for (const attempt of tries) {
    try {
      record(await attempt());
    } catch (error) {
      record(error);
      record({ ...error });
      record(`${error?.message} ${error?.stack} ${error?.cause?.stack}`);
      walk(error, record, 2000);
    }
  }
}

export const objects = [
  {
    id: 'objects-window',
    title: 'walks all objects that can be reached from window, getters and prototypes included',
    when: 'after',
    async run({ record, victim }) {
      await victim();
      walk(window, record);
    },
  },
  {
    id: 'objects-session',
    title: 'walks the session object, its prototypes, its state and what its methods give back',
    when: 'after',
    async run({ record, victim, session, config }) {
      await victim();
      const app = await session();
      walk(app, record);
      walk(app.getSnapshot(), record);
      const response = await app.fetch(`${config.api}orders`);
      walk(response, record);
      record(await app.checkSession());
      record(await app.userinfo());
    },
  },
  {
    id: 'objects-serialised',
    title: 'serialises the session: JSON, structuredClone, String, Object.entries, property descriptors',
    when: 'after',
    async run({ record, victim, session }) {
      await victim();
      const app = await session();
      for (const of of [JSON.stringify, String, Object.entries, Object.getOwnPropertyDescriptors, structuredClone]) {
        try {
          record(of(app));
        } catch (error) {
          record(error);
        }
      }
      for (let of = app; of; of = Object.getPrototypeOf(of)) {
        record(Object.getOwnPropertyDescriptors(of));
        for (const name of Reflect.ownKeys(of)) {
          try {
            record(`${of[name]}`);
          } catch {
            // A getter that wants another receiver.
          }
        }
      }
    },
  },
  {
    id: 'objects-private',
    title: 'reaches for the private fields, by a Proxy of the session and by its methods on other receivers',
    when: 'after',
    async run({ record, victim, session, tap, hooks, config }) {
      tap(window, 'WeakMap');
      hooks.tapAll(WeakMap.prototype, ['get', 'set', 'has']);
      await victim();
      const app = await session();
      const proxy = new Proxy(app, {
        get(target, name, receiver) {
          const value = Reflect.get(target, name, receiver);
          record(value);
          return value;
        },
      });
      const methods = Object.getPrototypeOf(app);
      for (const self of [proxy, {}, Object.create(app), new EventTarget()]) {
        for (const name of ['fetch', 'checkSession', 'userinfo', 'getSnapshot']) {
          try {
            record(await methods[name].call(self, `${config.api}orders`));
          } catch (error) {
            record(error);
          }
        }
      }
      try {
        record(Reflect.construct(app.constructor, [app], methods.constructor));
      } catch (error) {
        record(error);
      }
    },
  },
  {
    id: 'objects-events',
    title: 'listens to every event of the session and of the window',
    when: 'both',
    async run({ record, victim, session, undo }) {
      const types = ['statechange', 'userchange', 'renewed', 'renewalfailed', 'callback'];
      const app = session().then((app) => {
        for (const type of types) app.addEventListener(type, record);
        app.subscribe(() => record(app.getSnapshot()));
      });
      for (const type of ['message', 'messageerror', 'error', 'unhandledrejection', 'storage']) {
        listen(window, type, record, undo);
      }
      await app;
      await victim();
    },
  },
  {
    id: 'objects-errors',
    title: 'provokes errors and reads message, stack, cause and properties',
    when: 'after',
    async run({ record, victim, session }) {
      await victim();
      await errors(await session(), record);
    },
  },
  {
    id: 'objects-stack',
    title: 'sets Error.prepareStackTrace, and reads receivers, functions and arguments off the stack',
    when: 'both',
    async run({ record, victim, session, hooks, undo }) {
      const before = Error.prepareStackTrace;
      undo(() => {
        Error.prepareStackTrace = before;
      });
      Error.stackTraceLimit = 50;
      Error.prepareStackTrace = (error, sites) => {
        for (const site of sites) {
          record(site.getThis?.());
          const called = site.getFunction?.();
          record(String(called ?? ''));
          try {
            record([...(called?.arguments ?? [])]);
          } catch (refusal) {
            record(refusal.message);
          }
        }
        return String(error);
      };
      // Called from deep within, wherever that is.
      hooks.instead(
        Promise.prototype,
        'then',
        (then) =>
          function (...args) {
            record(new Error('here').stack);
            return Reflect.apply(then, this, args);
          },
      );
      await victim();
      await errors(await session(), record);
    },
  },
  {
    id: 'objects-console',
    title: 'replaces the methods of console, and takes what is reported as an error',
    when: 'both',
    async run({ record, victim, session, hooks, undo }) {
      hooks.tapAll(console);
      for (const type of ['error', 'unhandledrejection', 'rejectionhandled']) listen(window, type, record, undo);
      await victim();
      await errors(await session(), record);
    },
  },
  {
    id: 'objects-weak',
    title: 'replaces WeakRef and FinalizationRegistry, and holds on to what is held weakly',
    when: 'both',
    async run({ victim, tap, hooks }) {
      hooks.tapAll(window, ['WeakRef', 'FinalizationRegistry']);
      tap(WeakRef.prototype, 'deref');
      hooks.tapAll(FinalizationRegistry.prototype, ['register', 'unregister']);
      hooks.tapAll(WeakSet.prototype, ['add', 'has', 'delete']);
      await victim();
    },
  },
  {
    id: 'objects-maps',
    title: 'replaces the methods of Map and Set, which hold what is under way',
    when: 'both',
    async run({ victim, hooks }) {
      hooks.tapAll(Map.prototype, ['get', 'set', 'delete', 'has']);
      hooks.tapAll(Set.prototype, ['add', 'has', 'delete']);
      await victim();
    },
  },
  {
    id: 'objects-document',
    title: 'reads the document, and everything that is ever added to it',
    when: 'both',
    async run({ record, victim, undo }) {
      const observer = new MutationObserver((changes) => {
        for (const { addedNodes, target } of changes) {
          record(target.outerHTML);
          for (const node of addedNodes) record(node.outerHTML);
        }
      });
      observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
      undo(() => observer.disconnect());
      await victim();
      record(document.documentElement.outerHTML);
      record([document.title, document.referrer, document.baseURI, name, location.href]);
    },
  },
  {
    id: 'objects-clobbering',
    title: 'adds elements named like globals and properties that the package may use (DOM clobbering)',
    when: 'both',
    async run({ record, victim, undo, config }) {
      const names = [
        'session',
        'strongroom',
        'crypto',
        'apis',
        'issuer',
        'trustedTypes',
        'baseURI',
        'opener',
        'config',
      ];
      const added = [...names, 'documentElement', 'visibilityState', 'hidden', 'append', 'fetch'].map((id) => {
        const form = document.createElement('form');
        form.id = id;
        form.name = id;
        form.action = config.attacker;
        const input = document.createElement('input');
        input.name = 'url';
        input.value = config.attacker;
        form.append(input);
        return form;
      });
      document.body.append(...added);
      undo(() => {
        for (const form of added) form.remove();
      });
      await victim();
      record(added);
    },
    disturbs: true,
  },
];
