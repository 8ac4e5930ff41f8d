// The entry of the worker: takes one port and the URL of the wasm from the page and lets the vault serve it.
import type { WorkerStart } from './placement.js';
import { serve } from './vault.js';

const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: WorkerStart): void;
};

scope.onmessage = ({ data: wasm, ports: [port] }) => {
  scope.onmessage = null;
  serve(port as MessagePort, wasm as string).then(
    () => scope.postMessage('ready'),
    (error) => scope.postMessage({ failed: String(error) }),
  );
};
