// The script of vault.html: opens a vault of this origin for the page that frames it, if strongroom.json lists that page.
import type { FrameSays, FrameStart } from './own-origin.js';
import { openVault } from './placement.js';
import { permitted } from './policy.js';
import { relay } from './relay.js';
import type { WireError } from './wire.js';

const base = new URL('./', location.href);
const policies = fetch(new URL('strongroom.json', base)).then((response) => {
  if (!response.ok) throw new Error(`${response.url} answers ${response.status}`);
  return response.json() as Promise<unknown>;
});
policies.catch(() => {});

/** Whether this frame is of the same site as all that is around it: browsers keep storage and workers of others apart. */
function isSameSite(): boolean {
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not everywhere.
  document.cookie = 'strongroom=1; SameSite=Strict; Path=/';
  const set = /(^|; )strongroom=1(;|$)/.test(document.cookie);
  // biome-ignore lint/suspicious/noDocumentCookie: see above.
  document.cookie = 'strongroom=; SameSite=Strict; Path=/; Max-Age=0';
  return set;
}

/** Opens the vault for a page of `app`. */
async function open(app: string, { options: asked, placement, fallback }: FrameStart, page: MessagePort) {
  const refuse = (message: string, hint: string): FrameSays => ({
    error: { code: 'unsupported', message, hint, reasons: [] },
  });
  if (!isSameSite()) {
    return refuse(
      `the vault's origin ${location.origin} is on another site than the page ${app}, or the browser blocks its cookies`,
      'the browser keeps the workers of such a frame from it: give the vault a sub-domain of the site of the page',
    );
  }
  let list: unknown;
  try {
    list = await policies;
  } catch (error) {
    return refuse(`strongroom.json cannot be read: ${(error as Error).message}`, `put it beside ${location.href}`);
  }
  const permission = permitted(list, app, asked, base);
  if ('refusal' in permission) return { error: { ...permission.refusal, reasons: [] } } satisfies FrameSays;
  const { options } = permission;
  const opened = await openVault({ placement, fallback, base: undefined }, undefined, options, [
    { command: { id: 0, command: { open: options } } },
  ]);
  relay(page, opened.port, base, options.statePrefix);
  return { placement: opened.placement } satisfies FrameSays;
}

if (parent === window) document.body.textContent = 'This is the vault of an application: it works in a frame.';

let begun = false;
addEventListener('message', ({ data, source, origin, ports: [port] }: MessageEvent<FrameStart>) => {
  if (source !== parent || parent === window || data?.type !== 'strongroom:open' || !port || begun) return;
  begun = true;
  const say = (what: FrameSays) => parent.postMessage(what, origin);
  say('here');
  open(origin, data, port).then(say, (reason) => {
    const { code = 'internal', message = String(reason), hint } = reason as WireError;
    say({ error: { code, message, ...(hint && { hint }), reasons: [] } });
  });
});
