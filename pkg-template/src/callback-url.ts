/** The type of the message by which a frame or popup hands its URL to the page that opened it. */
export const CALLBACK = 'strongroom:callback';

/** The channel on which the front-channel logout page is heard. */
export const LOGOUT = 'strongroom:logout';

/** In the fragment of a vault's own callback page: leave for where this ticket says. */
export const LEAVE = '#leave=';

/** Calls `heed` with what the front-channel logout page says, until the channel is closed. */
export function heedLogouts(heed: (loggedOut: { iss: string; sid: string }) => void): BroadcastChannel {
  const channel = new BroadcastChannel(LOGOUT);
  channel.onmessage = ({ data }) => {
    const { iss, sid } = Object(data) as { iss: unknown; sid: unknown };
    if (typeof iss === 'string' && typeof sid === 'string') heed({ iss, sid });
  };
  return channel;
}

/** What the letter after the prefix of a `state` says about who waits for the answer. */
export type Waiting = 'redirect' | 'frame' | 'popup';

const RESPONSE = 'code state error error_description error_uri iss session_state response';

/** The `state` in the query or fragment of `url`, plain or in a signed response (JARM), if it begins with `prefix`. */
export function stateIn(url: Location | URL, prefix: string): string | undefined {
  return stateInPart(url.search, prefix) ?? stateInPart(url.hash, prefix);
}

function stateInPart(part: string, prefix: string): string | undefined {
  const parameters = new URLSearchParams(part.slice(1));
  const state = parameters.get('state') ?? stateInSigned(parameters.get('response'));
  return state?.startsWith(prefix) ? state : undefined;
}

/** The `state` that a signed response claims to answer: good for knowing whom to hand it to, and for nothing else. */
function stateInSigned(jwt: string | null): string | undefined {
  try {
    const payload = atob((jwt as string).split('.')[1]?.replace(/-/g, '+').replace(/_/g, '/') as string);
    const { state } = JSON.parse(payload) as { state?: unknown };
    return typeof state === 'string' ? state : undefined;
  } catch {
    return undefined;
  }
}

/** Who waits for the answer in `url`; nobody if it holds none of ours. */
export function waitingFor(url: Location | URL, prefix: string): Waiting | undefined {
  const state = stateIn(url, prefix);
  if (state === undefined) return undefined;
  const letter = prefix === 'sr' ? state[state.indexOf('-') + 1] : state[prefix.length];
  return letter === 's' ? 'frame' : letter === 'p' ? 'popup' : 'redirect';
}

/** `url` without the answer in it; the application's own parameters stay as they are. */
export function cleaned(url: Location | URL, prefix: string): string {
  const clean = (part: string) => {
    if (stateInPart(part, prefix) === undefined) return part;
    const rest = part.slice(1).split('&');
    const kept = rest.filter((pair) => !RESPONSE.split(' ').includes(pair.split('=')[0] as string)).join('&');
    return kept && part[0] + kept;
  };
  return url.origin + url.pathname + clean(url.search) + clean(url.hash);
}

/**
 * Calls `heed` with the URL of a popup that has lost its opener (Cross-Origin-Opener-Policy) and has an answer for `state`,
 * until the channel is closed. Any script of the origin may say anything on it.
 */
export function heedPopup(state: string, heed: (url: string) => void): BroadcastChannel {
  const channel = new BroadcastChannel(CALLBACK);
  channel.onmessage = ({ data }) => {
    const { url } = Object(data) as { url: unknown };
    let found: string | undefined;
    try {
      found = stateIn(new URL(url as string), state);
    } catch {
      // No URL.
    }
    if (found !== undefined) heed(String(url));
  };
  return channel;
}

/** Whether `other` is there, and of this origin. */
function isNear(other: Window | null): other is Window {
  try {
    return other !== null && other.origin === origin;
  } catch {
    return false;
  }
}

/** Hands the URL of this document to the page that waits for it. Tells whether there is such a page. */
export function handOver(waiting: Waiting | undefined): boolean {
  const message = { type: CALLBACK, url: location.href };
  if (waiting === 'frame' && parent !== window && frameElement) {
    parent.postMessage(message, location.origin);
    return true;
  }
  if (waiting === 'popup') {
    if (isNear(opener)) opener.postMessage(message, location.origin);
    else new BroadcastChannel(CALLBACK).postMessage(message);
    close();
    return true;
  }
  return false;
}
