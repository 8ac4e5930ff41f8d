// The entry of the shared worker: lets one vault serve the pages of all tabs.
import type { SharedStart, WorkerStart } from './placement.js';
import { serve } from './vault.js';

const scope = globalThis as unknown as { name: string; onconnect: (event: MessageEvent) => void };

/** The URL of the wasm. It is in the worker's name, so that no page that connects first decides what the vault is. */
const wasm = scope.name.split(' ')[2] as string;
/** How long a page may take to get its lock, in milliseconds. */
const PATIENCE = 10_000;

scope.onconnect = ({ ports: [entrance] }) => {
  if (!entrance) return;
  const say = (start: WorkerStart) => entrance.postMessage(start);
  let page: MessagePort | undefined;
  // The page holds this lock for as long as it lives: who gets it after the page knows that it is gone.
  const watch = (life: string) =>
    navigator.locks
      ?.request(life, () => {
        page?.dispatchEvent(new MessageEvent('message', { data: [{ command: { id: 0, command: 'close' } }] }));
      })
      .catch(() => {});
  entrance.onmessage = ({ data: { life }, ports: [port] }: MessageEvent<SharedStart>) => {
    if (!port) return void watch(life);
    page = port;
    serve(port, wasm, true).then(
      () => say('ready'),
      (error) => say({ failed: String(error) }),
    );
    // A page that dies before it has the lock never says that it holds it.
    setTimeout(watch, PATIENCE, life);
  };
};
