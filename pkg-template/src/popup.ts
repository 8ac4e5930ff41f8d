// What waits for the answer of a popup; loaded with the first one.
import { heedPopup } from './callback-url.js';
import { listen, waiting } from './window.js';
import type { Answer, FrameExpect } from './wire.js';

/** How often a popup is looked at, in milliseconds. */
const POLL = 250;
/** How long a popup that seems closed may still answer, in milliseconds: cut off by COOP, it only seems so. */
const CLOSED_GRACE = 60_000;
/** The same for one that had got past where COOP cuts it off, once the user is back in this page. */
const GONE_GRACE = 1000;

/** Loads `url` in `popup` and waits for its answer, by message or, when it has lost its opener, by channel. */
export function popup(
  popup: Window | null | undefined,
  { url, expect, state }: { url: string; expect: FrameExpect; state: string },
  signal: AbortSignal,
): Promise<Answer | undefined> {
  return waiting(signal, (answer, done) => {
    if (!popup) return answer('popupBlocked');
    listen(() => popup, expect, answer, done);
    const lost = heedPopup(state, (url) => answer({ url }));
    let closedFor = 0;
    let arrived = false;
    const poll = setInterval(() => {
      if (!popup.closed) {
        closedFor = 0;
        try {
          void popup.location.href;
        } catch {
          // The provider's page, and it still has its opener.
          arrived = true;
        }
        return;
      }
      closedFor += POLL;
      if (closedFor >= (arrived && document.hasFocus() ? GONE_GRACE : CLOSED_GRACE)) answer('popupClosed');
    }, POLL);
    done.addEventListener('abort', () => {
      lost.close();
      clearInterval(poll);
      popup.close();
    });
    popup.location.href = url;
  });
}
