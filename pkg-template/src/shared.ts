// The entry of the shared worker: lets one vault serve the pages of all tabs.
import type { SharedStart, WorkerStart } from './placement.js';
import { serve } from './vault.js';

const scope = globalThis as unknown as { onconnect: (event: MessageEvent) => void };

scope.onconnect = ({ ports: [entrance] }) => {
  if (!entrance) return;
  const say = (start: WorkerStart) => entrance.postMessage(start);
  entrance.onmessage = ({ data, ports: [port] }: MessageEvent<SharedStart>) => {
    if (!port) return;
    serve(port, data.wasm, true).then(
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
