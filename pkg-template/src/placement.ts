import { fail } from './errors.js';
import type { Vault } from './options.js';
import type { Placement } from './types.js';
import type { Options } from './wire.js';

/** The version of the package; the build fills it in. */
declare const VERSION: string;

/** An open way to a vault. */
export interface Opened {
  readonly placement: Placement;
  readonly port: MessagePort;
  /** Ends what holds the vault. */
  dispose(): void;
}

/** What a shared worker needs to know of a page: first with the URL of the wasm, and again once the page holds the lock. */
export interface SharedStart {
  wasm?: string;
  /** The name of a lock that the page holds for as long as it lives. */
  life: string;
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
    createScriptURL: (text: string) => (/\/(worker|shared)[^/]*\.js(\?[^/]*)?$/.test(text) ? text : ''),
  });
  return policy?.createScriptURL(url.href) ?? url;
}

/** Files of the package, found beside this one. Written so that bundlers see them, and copy them as they are. */
function files(assetsUrl: URL | undefined) {
  return {
    shared: assetsUrl ? new URL('shared.js', assetsUrl) : new URL('./shared.js', import.meta.url),
    worker: assetsUrl ? new URL('worker.js', assetsUrl) : new URL('./worker.js', import.meta.url),
    wasm: (assetsUrl ? new URL('strongroom_bg.wasm', assetsUrl) : new URL('./strongroom_bg.wasm', import.meta.url))
      .href,
  };
}

/** A worker that all tabs of this origin share whose sessions are configured alike; it outlives reloads where it can. */
function inShared(assetsUrl: URL | undefined, configuration: string): Promise<Opened> {
  return new Promise((resolve, reject) => {
    const { shared: script, wasm } = files(assetsUrl);
    // Another version or configuration is another worker: the name has it all.
    const options = { type: 'module', name: `strongroom ${VERSION} ${configuration}`, extendedLifetime: true } as const;
    const worker = new SharedWorker(trusted(script), options);
    const { port1, port2 } = new MessageChannel();
    const [life, alive] = [`strongroom page ${crypto.randomUUID()}`, new AbortController()];
    const dispose = () => {
      worker.port.close();
      alive.abort();
    };
    const refused = (why: string) => {
      dispose();
      reject(new Error(why));
    };
    worker.onerror = () => refused('its script could not be loaded');
    worker.port.onmessage = ({ data }: MessageEvent<WorkerStart>) => {
      if (data !== 'ready') return refused(data.failed);
      resolve({ placement: 'shared', port: port1, dispose });
    };
    const post = (start: SharedStart, transfer: Transferable[] = []) => worker.port.postMessage(start, transfer);
    post({ wasm, life }, [port2]);
    const forever = () => {
      post({ life });
      return new Promise((_, end) => alive.signal.addEventListener('abort', end));
    };
    navigator.locks?.request(life, forever).catch(() => {});
  });
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

/** From the best placement to the one that always is. */
const PLACEMENTS: readonly Placement[] = ['shared', 'worker', 'closure'];

/** Opens a vault for `options` on this origin, where it is wanted or where it can be had. */
export async function openVault(
  { placement: wanted, fallback }: Vault,
  assetsUrl: URL | undefined,
  options: Options,
): Promise<Opened> {
  const open = {
    shared: () => inShared(assetsUrl, JSON.stringify(options)),
    worker: () => inWorker(assetsUrl),
    closure: () => inClosure(assetsUrl),
  };
  let refusal: unknown;
  for (const placement of PLACEMENTS.slice(PLACEMENTS.indexOf(wanted))) {
    try {
      return await open[placement]();
    } catch (error) {
      refusal ??= error;
      if (!fallback) break;
    }
  }
  throw unsupported(wanted, refusal);
}

function unsupported(placement: Placement, cause: unknown) {
  const why = cause instanceof Error ? cause.message : String(cause);
  return fail(
    'unsupported',
    `the vault cannot be opened in the placement '${placement}': ${why}`,
    "the Content-Security-Policy must have script-src 'self' 'wasm-unsafe-eval' and worker-src 'self'; " +
      'shared.js, worker.js, vault.js and strongroom_bg.wasm must be served beside the script, or where assetsUrl says',
    cause,
  );
}
