import { CALLBACK, waitingFor } from './callback-url.js';
import type { Answer, FrameExpect } from './wire.js';

/** How long something else may stand in the frame before it counts as what the provider has to say, in milliseconds. */
const GRACE = 1400;

/** The size of a popup, in pixels. */
const WIDTH = 420;
const HEIGHT = 640;

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

/** Calls `answer` with a message from `source()` that is one, until `signal` aborts. */
export function listen(
  source: () => Window | null,
  expect: FrameExpect,
  answer: (answer: Answer) => void,
  signal: AbortSignal,
) {
  const heard = (event: MessageEvent) => {
    const found = answerIn(event, source(), expect);
    if (found) answer(found);
  };
  addEventListener('message', heard, { signal });
}

/** Has the browser connect to the provider: for a frame, which has cookies, and for requests, which have none. */
export function preconnect(issuer: string): void {
  for (const crossOrigin of [null, '']) {
    const link = document.createElement('link');
    link.rel = 'preconnect';
    link.href = issuer;
    link.crossOrigin = crossOrigin;
    document.head.append(link);
    // Once is enough, and the document is the application's.
    link.remove();
  }
}

/** Loads `url` in `frame`, where nobody sees it; the title is for those who look all the same. */
export function loadHidden(frame: HTMLIFrameElement, url: string): void {
  frame.hidden = true;
  frame.title = 'Strongroom';
  frame.src = url;
  document.documentElement.append(frame);
}

/** Waits for an answer; `done` aborts when it is there, or `signal` says that it is no longer wanted. */
export function waiting(
  signal: AbortSignal,
  start: (answer: (answer: Answer) => void, done: AbortSignal) => void,
): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const end = new AbortController();
    const answer = (answer?: Answer) => {
      end.abort();
      resolve(answer);
    };
    signal.addEventListener('abort', () => answer(), { signal: end.signal });
    if (signal.aborted) return answer();
    start(answer, end.signal);
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
  return waiting(signal, (answer, done) => {
    const frame = document.createElement('iframe');
    let timer: ReturnType<typeof setTimeout> | undefined;
    listen(() => frame.contentWindow, expect, answer, done);
    done.addEventListener('abort', () => {
      clearTimeout(timer);
      // Takes the browser a while: the answer goes first.
      setTimeout(() => frame.remove());
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
      timer = setTimeout(answer, GRACE, 'loadedOther');
    });
    loadHidden(frame, url);
  });
}

/** Opens an empty popup; to be called in the handler of a user's gesture. */
export function openPopup(): Window | null {
  const left = screenX + (outerWidth - WIDTH) / 2;
  const top = screenY + (outerHeight - HEIGHT) / 3;
  return open('', '_blank', `popup,width=${WIDTH},height=${HEIGHT},left=${left},top=${top}`);
}
