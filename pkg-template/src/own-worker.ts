// The placements of one tab: loaded where they are wanted, or where there is no SharedWorker.
import type { Opened, WorkerStart } from './placement.js';

/** A dedicated worker of this tab. */
export function inWorker(assetsUrl: URL | undefined, wasm: string, trusted: (url: URL) => URL): Promise<Opened> {
  return new Promise((resolve, reject) => {
    const script = assetsUrl ? new URL('worker.js', assetsUrl) : new URL('./worker.js', import.meta.url);
    const worker = new Worker(trusted(new URL(script, document.baseURI)), { type: 'module', name: 'strongroom' });
    const { port1, port2 } = new MessageChannel();
    const refused = (why: string) => {
      worker.terminate();
      reject(new Error(why));
    };
    worker.onerror = (event) => refused(event.message || 'its script could not be loaded');
    worker.onmessage = ({ data }: MessageEvent<WorkerStart>) => {
      if (data !== 'ready') return refused(data.failed);
      resolve({ placement: 'worker', port: port1, dispose: () => worker.terminate() });
    };
    worker.postMessage(wasm, [port2]);
  });
}

/** A closure of this page. */
export async function inClosure(wasm: string): Promise<Opened> {
  const { serve } = await import('./vault.js');
  const { port1, port2 } = new MessageChannel();
  await serve(port2, wasm);
  return { placement: 'closure', port: port1, dispose() {} };
}
