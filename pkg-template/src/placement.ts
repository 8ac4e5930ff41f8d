import { fail } from './errors.js';
import type { Placement } from './types.js';

/** An open way to a vault. */
export interface Opened {
  readonly placement: Placement;
  readonly port: MessagePort;
  /** Ends what holds the vault. */
  dispose(): void;
}

/** What the worker says about its start. */
export type WorkerStart = 'ready' | { failed: string };

interface ScriptUrlPolicy {
  createScriptURL(url: string): URL;
}
let policy: ScriptUrlPolicy | undefined;

/** `url` as Trusted Types want it, by a policy that lets a worker of this package through and nothing else. */
function trusted(url: URL): URL {
  const factory = (globalThis as { trustedTypes?: { createPolicy(name: string, rules: object): ScriptUrlPolicy } })
    .trustedTypes;
  policy ??= factory?.createPolicy('strongroom', {
    createScriptURL: (text: string) => (/\/worker[^/]*\.js(\?[^/]*)?$/.test(text) ? text : ''),
  });
  return policy?.createScriptURL(url.href) ?? url;
}

/** Files of the package, found beside this one. Written so that bundlers see them, and copy them as they are. */
function files(assetsUrl: URL | undefined) {
  return {
    worker: assetsUrl ? new URL('worker.js', assetsUrl) : new URL('./worker.js', import.meta.url),
    wasm: (assetsUrl ? new URL('strongroom_bg.wasm', assetsUrl) : new URL('./strongroom_bg.wasm', import.meta.url))
      .href,
  };
}

/** A dedicated worker of this tab. */
function inWorker(assetsUrl: URL | undefined): Promise<Opened> {
  return new Promise((resolve, reject) => {
    const { worker: script, wasm } = files(assetsUrl);
    const worker = new Worker(trusted(script), { type: 'module', name: 'strongroom' });
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
async function inClosure(assetsUrl: URL | undefined): Promise<Opened> {
  const { serve } = await (assetsUrl
    ? (import(/* @vite-ignore */ /* webpackIgnore: true */ new URL('vault.js', assetsUrl).href) as Promise<
        typeof import('./vault.js')
      >)
    : import('./vault.js'));
  const { port1, port2 } = new MessageChannel();
  await serve(port2, files(assetsUrl).wasm);
  return { placement: 'closure', port: port1, dispose() {} };
}

/** Opens the vault where it is wanted, or where it can be had. */
export async function openVault(placement: Placement, fallback: boolean, assetsUrl: URL | undefined): Promise<Opened> {
  let refusal: unknown;
  if (placement === 'worker') {
    try {
      return await inWorker(assetsUrl);
    } catch (error) {
      refusal = error;
      if (!fallback) throw unsupported('worker', error);
    }
  }
  try {
    return await inClosure(assetsUrl);
  } catch (error) {
    throw unsupported('closure', refusal ?? error);
  }
}

function unsupported(placement: Placement, cause: unknown) {
  const why = cause instanceof Error ? cause.message : String(cause);
  return fail(
    'unsupported',
    `the vault cannot be opened in the placement '${placement}': ${why}`,
    "the Content-Security-Policy must have script-src 'self' 'wasm-unsafe-eval' and worker-src 'self'; " +
      'worker.js, vault.js and strongroom_bg.wasm must be served beside the script, or where assetsUrl says',
    cause,
  );
}
