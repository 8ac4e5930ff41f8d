import { fail } from './errors.js';
import { PLACEMENTS, type Vault } from './options.js';
import type { Placement } from './types.js';
import type { Options, ToVault } from './wire.js';

/** The version of the package; the build fills it in. */
declare const VERSION: string;

/** An open way to a vault. */
export interface Opened {
  readonly placement: Placement;
  readonly port: MessagePort;
  /** Ends what holds the vault. */
  dispose(): void;
}

/** What a shared worker needs to know of a page: first with a port, and again once the page holds the lock. */
export interface SharedStart {
  /** The name of a lock that the page holds for as long as it lives. */
  life: string;
}

/** What the worker says about its start. */
export type WorkerStart = 'ready' | { failed: string };

interface ScriptUrlPolicy {
  createScriptURL(url: string): URL;
}
let policy: ScriptUrlPolicy | undefined;

/** `url` as Trusted Types want it, by a policy that lets a script of the page's own origin through and nothing else. */
function trusted(url: URL): URL {
  const factory = (globalThis as { trustedTypes?: { createPolicy(name: string, rules: object): ScriptUrlPolicy } })
    .trustedTypes;
  policy ??= factory?.createPolicy('strongroom', {
    createScriptURL: (text: string) => (new URL(text).origin === location.origin ? text : ''),
  });
  return policy?.createScriptURL(url.href) ?? url;
}

/** In full: some bundlers (webpack with `url: 'relative'`, as in Next.js) put a path in the place of a URL. */
const inFull = (url: URL) => new URL(url, document.baseURI);

// Files of the package, found beside this one. Written so that bundlers see them, and copy them as they are.
const sharedUrl = (assetsUrl: URL | undefined) =>
  inFull(assetsUrl ? new URL('shared.js', assetsUrl) : new URL('./shared.js', import.meta.url));
const workerUrl = (assetsUrl: URL | undefined) =>
  inFull(assetsUrl ? new URL('worker.js', assetsUrl) : new URL('./worker.js', import.meta.url));
const wasmUrl = (assetsUrl: URL | undefined) =>
  inFull(assetsUrl ? new URL('strongroom_bg.wasm', assetsUrl) : new URL('./strongroom_bg.wasm', import.meta.url)).href;

/** A channel to a vault, which is greeted before it is there: the page's end, and the vault's. */
export function greeted(greeting: readonly ToVault[]): readonly [page: MessagePort, vault: MessagePort] {
  const { port1, port2 } = new MessageChannel();
  for (const message of greeting) port1.postMessage([message]);
  return [port1, port2];
}

/** Hears from a worker how it has begun. */
function hear(
  worker: AbstractWorker,
  port: Worker | MessagePort,
  dispose: () => void,
  resolve: (dispose: () => void) => void,
  reject: (why: Error) => void,
) {
  const refused = (why: string) => {
    dispose();
    reject(new Error(why));
  };
  worker.onerror = ({ message }) => refused(message || 'its script could not be loaded');
  port.onmessage = ({ data }: MessageEvent<WorkerStart>) =>
    data === 'ready' ? resolve(dispose) : refused(data.failed);
}

// Each lets a vault serve the page at the other end of `port`, and gives what ends it.

/** A worker that all tabs of this origin share whose sessions are configured alike; it outlives reloads where it can. */
function inShared(port: MessagePort, script: URL, wasm: string, configuration: string): Promise<() => void> {
  return new Promise((resolve, reject) => {
    // Another version, wasm or configuration is another worker: the name has it all.
    const name = `strongroom ${VERSION} ${wasm} ${configuration}`;
    const options = { type: 'module', name, extendedLifetime: true } as const;
    const worker = new SharedWorker(trusted(script), options);
    const [life, alive] = [`strongroom page ${crypto.randomUUID()}`, new AbortController()];
    const dispose = () => {
      worker.port.close();
      alive.abort();
    };
    hear(worker, worker.port, dispose, resolve, reject);
    const post = (transfer: Transferable[] = []) => worker.port.postMessage({ life } satisfies SharedStart, transfer);
    post([port]);
    const forever = () => {
      post();
      return new Promise((_, end) => alive.signal.addEventListener('abort', end));
    };
    navigator.locks?.request(life, forever).catch(() => {});
  });
}

/** A dedicated worker of this tab. */
function inWorker(port: MessagePort, script: URL, wasm: string): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(trusted(script), { type: 'module', name: 'strongroom' });
    const dispose = () => worker.terminate();
    hear(worker, worker, dispose, resolve, reject);
    worker.postMessage(wasm, [port]);
  });
}

/** A closure of this page. */
async function inClosure(port: MessagePort, wasm: string): Promise<() => void> {
  const { serve } = await import('./vault.js');
  await serve(port, wasm);
  return () => {};
}

/** Opens a vault for `options` on this origin, where it is wanted or where it can be had, and greets it. */
export async function openVault(
  { placement: wanted, fallback }: Vault,
  assetsUrl: URL | undefined,
  options: Options,
  greeting: readonly ToVault[],
): Promise<Opened> {
  const wasm = wasmUrl(assetsUrl);
  const open = {
    shared: (port: MessagePort) => inShared(port, sharedUrl(assetsUrl), wasm, JSON.stringify(options)),
    worker: (port: MessagePort) => inWorker(port, workerUrl(assetsUrl), wasm),
    closure: (port: MessagePort) => inClosure(port, wasm),
  };
  let refusal: unknown;
  for (const placement of PLACEMENTS.slice(PLACEMENTS.indexOf(wanted))) {
    try {
      const [port, vault] = greeted(greeting);
      return { placement, port, dispose: await open[placement](vault) };
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
      'shared.js, worker.js and strongroom_bg.wasm must be served beside the script, or where assetsUrl says',
    cause,
  );
}
