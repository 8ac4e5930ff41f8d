import { CALLBACK, waitingFor } from './callback-url.js';
import type { Answer, FrameExpect } from './wire.js';

/** How long something else may stand in the frame before it counts as what the provider has to say, in milliseconds. */
const GRACE = 1400;

/** The answer in the message `event`, if it is one from `source`. */
function answerIn(event: MessageEvent, source: Window | null, expect: FrameExpect): Answer | undefined {
  if (!source || event.source !== source) return undefined;
  const data = event.data;
  if (event.origin === location.origin && data?.type === CALLBACK && typeof data.url === 'string')
    return { url: data.url };
  if (
    'webMessage' in expect &&
    event.origin === expect.webMessage.origin &&
    data?.type === 'authorization_response' &&
    typeof data.response === 'object'
  ) {
    return { message: JSON.stringify(data.response) };
  }
  return undefined;
}

/** Calls `answer` with the first message from `source()` that is one; `undo` ends that. */
export function listen(
  source: () => Window | null,
  expect: FrameExpect,
  answer: (answer: Answer) => void,
  undo: (task: () => void) => void,
) {
  const heard = (event: MessageEvent) => {
    const found = answerIn(event, source(), expect);
    if (found) answer(found);
  };
  addEventListener('message', heard);
  undo(() => removeEventListener('message', heard));
}

/** Loads `url` in `frame`, where nobody sees it; `title` is for those who look all the same. */
export function loadHidden(frame: HTMLIFrameElement, title: string, url: string): void {
  frame.hidden = true;
  frame.title = title;
  frame.src = url;
  document.documentElement.append(frame);
}

/** Collects what must be undone when the answer is there, or no longer wanted. */
export function waiting(
  signal: AbortSignal,
  start: (answer: (answer: Answer) => void, undo: (task: () => void) => void) => void,
) {
  return new Promise<Answer | undefined>((resolve) => {
    const tasks: (() => void)[] = [];
    const end = (answer?: Answer) => {
      for (const task of tasks.splice(0)) task();
      resolve(answer);
    };
    signal.addEventListener('abort', () => end(), { once: true });
    if (signal.aborted) return end();
    start(end, (task) => tasks.push(task));
  });
}

/**
 * Loads `url` in a hidden frame. The answer is its message, or the URL of our own origin that it comes to; a frame that
 * shows anything else for 1.4 s has no answer to give.
 */
export function frame(
  url: string,
  expect: FrameExpect,
  prefix: string,
  signal: AbortSignal,
): Promise<Answer | undefined> {
  return waiting(signal, (answer, undo) => {
    const frame = document.createElement('iframe');
    let timer: ReturnType<typeof setTimeout> | undefined;
    listen(() => frame.contentWindow, expect, answer, undo);
    undo(() => {
      clearTimeout(timer);
      frame.remove();
    });
    frame.addEventListener('load', () => {
      try {
        const at = (frame.contentWindow as Window).location;
        if (waitingFor(at, prefix)) return answer({ url: at.href });
        if (at.href === 'about:blank') return;
      } catch {
        // Of another origin: its message may follow.
      }
      clearTimeout(timer);
      timer = setTimeout(() => answer('loadedOther'), GRACE);
    });
    loadHidden(frame, 'Silent authentication', url);
  });
}

/** Opens an empty popup; to be called in the handler of a user's gesture. */
export function openPopup(): Window | null {
  const [width, height] = [420, 640];
  const left = Math.round(screenX + (outerWidth - width) / 2);
  const top = Math.round(screenY + (outerHeight - height) / 3);
  return open('', '_blank', `popup,width=${width},height=${height},left=${left},top=${top}`);
}
