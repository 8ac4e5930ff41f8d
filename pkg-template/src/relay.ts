// Stands between a page of another origin and the vault: what only this origin may see stays here.
import { heedLogouts, heedPopup, LEAVE, stateIn } from './callback-url.js';
import { leave, take } from './deposit.js';
import { watcher } from './monitor.js';
import { frame } from './window.js';
import type { Answer, Command, FromVault, ToVault } from './wire.js';

/** A message with its attachment. */
type Framed<T> = [message: T, attachment?: unknown];

/** The id of commands that are the frame's own. */
const OWN = 0xffffffff;
/** What a page may say of a popup or a navigation; the answers themselves are heard here. */
const VERDICTS = ['popupBlocked', 'popupClosed', 'done'];

const transferred = (value: unknown): Transferable[] =>
  value instanceof ArrayBuffer || value instanceof ReadableStream || value instanceof MessagePort ? [value] : [];

const forward = (port: MessagePort, message: unknown[]) => port.postMessage(message, transferred(message[1]));

/** The answer of a redirect that has come home, once: the page brings no more than a ticket for it. */
async function answerOf(callback: string, prefix: string): Promise<string | undefined> {
  const ticket = stateIn(new URL(callback), prefix);
  return ticket === undefined ? undefined : take(ticket);
}

/**
 * Relays between the ports of page and vault. Hidden frames, the provider's session frame and the answers of popups and
 * redirects are dealt with here; the page gets to know neither codes nor, when it leaves, the URL it leaves for.
 */
export function relay(page: MessagePort, vault: MessagePort, base: URL, prefix: string): void {
  /** What was asked of the page, and how it is withdrawn. */
  const asked = new Map<number, () => void>();
  /** What is asked of frames here. */
  const frames = new Map<number, AbortController>();

  const answer = (id: number, answer: Answer) => vault.postMessage([{ answer: { id, answer } }] satisfies [ToVault]);
  const command = (command: Command) => vault.postMessage([{ command: { id: OWN, command } }] satisfies [ToVault]);
  const start = async (id: number, given: unknown) => {
    const callback = typeof given === 'string' ? await answerOf(given, prefix).catch(() => undefined) : undefined;
    forward(vault, [{ command: { id, command: { start: callback === undefined ? {} : { callback } } } }]);
  };
  const watch = watcher(() => command({ checkSession: { params: [] } }));

  page.onmessage = ({ data }: MessageEvent<Framed<ToVault>>) => {
    const message = Object(Object(data)[0]) as ToVault;
    if ('cancel' in message) forward(vault, data);
    else if ('answer' in message) {
      const { id, answer: given } = Object(message.answer) as { id: number; answer: Answer };
      const failed = typeof given === 'object' && 'failed' in given;
      if (!asked.has(id) || !(failed || VERDICTS.includes(given as string))) return;
      asked.get(id)?.();
      asked.delete(id);
      answer(id, given);
    } else if ('command' in message) {
      const { id, command } = Object(message.command) as { id: number; command: object | string };
      if (typeof command === 'string') forward(vault, data);
      // It is open: with the options that this origin allows.
      else if ('open' in command) page.postMessage([{ reply: { id, reply: 'done' } }] satisfies [FromVault]);
      else if ('start' in command) void start(id, Object(command.start).callback);
      else forward(vault, data);
    }
  };

  vault.onmessage = ({ data }: MessageEvent<Framed<FromVault>>) => {
    const [message] = data;
    if ('ask' in message) {
      const { id, ask } = message.ask;
      if ('frame' in ask) {
        const abort = new AbortController();
        frames.set(id, abort);
        void frame(ask.frame.url, ask.frame.expect, prefix, abort.signal).then((found) => {
          frames.delete(id);
          if (found) answer(id, found);
        });
        return;
      }
      if ('popup' in ask) {
        const answers = heedPopup(ask.popup.state, (url) => {
          answers.close();
          asked.delete(id);
          answer(id, { url });
          page.postMessage([{ withdraw: { id } }] satisfies [FromVault]);
        });
        asked.set(id, () => answers.close());
        return forward(page, data);
      }
      asked.set(id, () => {});
      leave(ask.navigate.url).then(
        (ticket) => {
          const url = new URL(`callback.html${LEAVE}${ticket}`, base).href;
          page.postMessage([{ ask: { id, ask: { navigate: { url } } } }] satisfies [FromVault]);
        },
        (error) => answer(id, { failed: String(error) }),
      );
    } else if ('withdraw' in message) {
      const { id } = message.withdraw;
      if (frames.has(id)) return frames.get(id)?.abort();
      asked.get(id)?.();
      asked.delete(id);
      forward(page, data);
    } else if ('monitor' in message) {
      watch(message.monitor);
    } else if (!('reply' in message) || message.reply.id !== OWN) forward(page, data);
    if ('state' in message && message.state.status === 'signedOut') watch();
  };

  heedLogouts((loggedOut) => command({ loggedOut }));
}
