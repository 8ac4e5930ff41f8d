import { loadHidden } from './window.js';
import type { Monitor } from './wire.js';

/** How often the provider's session frame is asked, in milliseconds. */
const EVERY = 2000;

/**
 * Watches the provider's session through its session frame (OIDC Session Management 3.1). Calls `changed` once, when the
 * session is another one, and ends; ends too when the frame says `error` or does not answer.
 * @returns what ends it
 */
function watch({ url, origin, message }: Monitor, changed: () => void): () => void {
  const frame = document.createElement('iframe');
  let timer: ReturnType<typeof setInterval> | undefined;
  let waiting = false;
  const end = () => {
    clearInterval(timer);
    removeEventListener('message', listen);
    frame.remove();
  };
  const ask = () => {
    // A frame that did not answer the last time refuses to be framed, or is no session frame.
    if (waiting) return end();
    waiting = true;
    frame.contentWindow?.postMessage(message, origin);
  };
  const listen = ({ source, origin: from, data }: MessageEvent) => {
    if (source !== frame.contentWindow || from !== origin) return;
    waiting = false;
    if (data === 'unchanged') return;
    end();
    if (data === 'changed') changed();
  };
  addEventListener('message', listen);
  frame.onload = () => {
    clearInterval(timer);
    timer = setInterval(ask, EVERY);
  };
  loadHidden(frame, url);
  return end;
}

/**
 * Watches what it is called with, in place of what it watched before; nothing, if with nothing. `changed` is told when that
 * has changed.
 */
export function watcher(changed: () => void): (monitor?: Monitor) => void {
  let unwatch: (() => void) | undefined;
  let last: string | undefined;
  return (monitor) => {
    unwatch?.();
    unwatch = undefined;
    // A frame that calls what the provider has just given changed cannot see the provider's cookies.
    if (!monitor || monitor.message === last) return;
    unwatch = watch(monitor, () => {
      last = monitor.message;
      changed();
    });
  };
}
