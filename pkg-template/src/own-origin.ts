// A vault on an origin of its own: the page loads its frame, vault.html, and gets a port from there.
import { StrongroomError } from './errors.js';
import type { Vault } from './options.js';
import { greeted, type Opened } from './placement.js';
import type { Placement } from './types.js';
import { loadHidden } from './window.js';
import type { Options, ToVault, WireError } from './wire.js';

/** What a page asks of the frame; a port comes with it. */
export interface FrameStart {
  readonly type: 'strongroom:open';
  readonly options: Options;
  readonly placement: Placement;
  readonly fallback: boolean;
}

/** What the frame says: that it is there, and then how it went. */
export type FrameSays = 'here' | { placement: Placement } | { error: WireError };

/** How long a frame that has loaded may take to say that it is there, in milliseconds. */
const SILENCE = 3000;
/** How long it may take to load, in milliseconds. */
const LOADING = 15_000;

/** Opens a vault behind the frame of `base`, and greets it. Rejects with a `StrongroomError`. */
export function openBehindFrame(
  { placement, fallback }: Vault,
  base: URL,
  options: Options,
  greeting: readonly ToVault[],
): Promise<Opened> {
  return new Promise((resolve, reject) => {
    const frame = document.createElement('iframe');
    const [page, vault] = greeted(greeting);
    let timer: ReturnType<typeof setTimeout>;
    const url = new URL('vault.html', base).href;
    const heard = ({ data, source, origin }: MessageEvent<FrameSays>) => {
      if (source !== frame.contentWindow || origin !== base.origin) return;
      clearTimeout(timer);
      if (data === 'here') return;
      removeEventListener('message', heard);
      if ('placement' in data) resolve({ placement: data.placement, port: page, dispose: () => frame.remove() });
      else refuse(data.error);
    };
    const refuse = (error: ConstructorParameters<typeof StrongroomError>[0]) => {
      removeEventListener('message', heard);
      frame.remove();
      reject(new StrongroomError(error));
    };
    const wait = (ms: number) => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        const hint =
          "the package's files must be served there, with this page's origin among the apps of strongroom.json; the " +
          `Content-Security-Policy of this page must have frame-src ${base.origin}, and that of the vault must let this ` +
          'page frame it';
        refuse({ code: 'unsupported', message: `the vault's frame at ${url} gives no answer`, hint });
      }, ms);
    };
    addEventListener('message', heard);
    frame.addEventListener(
      'load',
      () => {
        const start: FrameStart = { type: 'strongroom:open', options, placement, fallback };
        wait(SILENCE);
        frame.contentWindow?.postMessage(start, base.origin, [vault]);
      },
      { once: true },
    );
    wait(LOADING);
    loadHidden(frame, url);
  });
}
