// The entry of the shared worker: lets one vault serve the pages of all tabs.
import type { SharedStart, WorkerStart } from './placement.js';
import { serve } from './vault.js';

const scope = globalThis as unknown as { name: string; onconnect: (event: MessageEvent) => void };

/** The URL of the wasm. It is in the worker's name, so that no page that connects first decides what the vault is. */
const wasm = scope.name.split(' ')[2] as string;

scope.onconnect = ({ ports: [entrance] }) => {
  if (!entrance) return;
  const say = (start: WorkerStart) => entrance.postMessage(start);
  entrance.onmessage = ({ data, ports: [port] }: MessageEvent<SharedStart>) => {
    if (!port) return;
    serve(port, wasm, true).then(
      () => say('ready'),
      (error) => say({ failed: String(error) }),
    );
    // The page holds this lock for as long as it lives: who gets it after the page knows that it is gone.
    navigator.locks
      ?.request(data.life, () => {
        port.dispatchEvent(new MessageEvent('message', { data: [{ command: { id: 0, command: 'close' } }] }));
      })
      .catch(() => {});
  };
};
