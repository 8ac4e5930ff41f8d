import type { Connection } from './connection.js';
import type { ResponseHead } from './wire.js';

const INIT = ['mode', 'credentials', 'cache', 'redirect', 'referrerPolicy', 'integrity'] as const;

/** A stream of what comes through `port`, chunk by chunk as it is read. */
function streamOf(port: MessagePort): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      pull: (controller) =>
        new Promise((resolve) => {
          port.onmessage = ({ data }) => {
            if (data.error) controller.error(new TypeError(data.error));
            else if (data.done) controller.close();
            else controller.enqueue(data.value);
            resolve();
          };
          port.postMessage('pull');
        }),
      cancel: () => port.postMessage('cancel'),
    },
    { highWaterMark: 0 },
  );
}

/** `body`, ended with the signal's reason when that aborts. */
function abortable(body: ReadableStream<Uint8Array>, signal: AbortSignal): ReadableStream<Uint8Array> {
  const through = new TransformStream<Uint8Array, Uint8Array>();
  // The reader of the other end hears of the failure.
  body.pipeTo(through.writable, { signal }).catch(() => {});
  return through.readable;
}

/** A `Response` as `fetch` would have made it. */
export function responseOf(head: ResponseHead, attachment: unknown, signal: AbortSignal): Response {
  const body =
    attachment instanceof MessagePort ? streamOf(attachment) : (attachment as ReadableStream<Uint8Array> | undefined);
  const empty = [101, 204, 205, 304].includes(head.status);
  const response = new Response(empty || !body ? null : abortable(body, signal), {
    status: head.status,
    statusText: head.statusText,
    headers: head.headers,
  });
  return located(response, head, signal);
}

const READERS = ['arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text'] as const;

/** Gives `response` and its clones what the constructor cannot: where it is from, and the reason of an abort. */
function located(response: Response, head: ResponseHead, signal: AbortSignal): Response {
  const { url, redirected, kind } = head;
  for (const name of READERS) {
    const read = Response.prototype[name] as (() => Promise<unknown>) | undefined;
    const value = () =>
      read?.call(response).catch((error: unknown) => {
        throw signal.aborted ? signal.reason : error;
      });
    if (read) Object.defineProperty(response, name, { value });
  }
  return Object.defineProperties(response, {
    url: { value: url },
    redirected: { value: redirected },
    type: { value: kind },
    clone: { value: () => located(Response.prototype.clone.call(response), head, signal) },
  });
}

/** A body that is made anew for each try. */
export type BodyMaker = () => BodyInit | null;

/**
 * `fetch` through the vault for a body that a function makes: made again, and sent again once, where the API refuses the
 * token and another could be had.
 */
export async function fetchMade(
  connection: Promise<Connection>,
  input: RequestInfo | URL,
  init: Omit<RequestInit, 'body'>,
  make: BodyMaker,
): Promise<Response> {
  for (let again = false; ; again = true) {
    const made = { ...init, body: make(), duplex: 'half' };
    const [response, worthwhile] = await send(connection, new Request(input, made), made);
    if (!worthwhile || again) return response;
    await response.body?.cancel();
  }
}

/** Sends a request through the vault, which adds the token; from here, without one, if it is for none of the APIs. */
export async function fetchThrough(
  connection: Promise<Connection>,
  request: Request,
  init?: RequestInit,
): Promise<Response> {
  return (await send(connection, request, init))[0];
}

/** The response, and whether a body made anew is worth another try. */
async function send(
  connection: Promise<Connection>,
  request: Request,
  init?: RequestInit,
): Promise<[Response, boolean]> {
  const { signal } = request;
  signal.throwIfAborted();
  const given = init?.body;
  // A Blob may be a file of any size, and a stream endless: both go as they are.
  const whole = !(given instanceof ReadableStream || given instanceof Blob);
  const body = whole ? await request.arrayBuffer() : given;
  const empty = body instanceof ArrayBuffer && body.byteLength === 0;
  const members: [string, string][] = INIT.map((name) => [name, request[name] as string]);
  if (request.referrer !== 'about:client') members.push(['referrer', request.referrer]);
  if (init?.priority) members.push(['priority', init.priority]);
  const command = {
    url: request.url,
    method: request.method,
    headers: [...request.headers],
    init: members.filter(([, value]) => value),
    keepalive: request.keepalive,
  };
  const [reply, attachment] = await (await connection).command(
    { fetch: command },
    signal,
    empty ? undefined : body,
    empty || body instanceof Blob ? [] : [body],
  );
  if (typeof reply === 'object' && 'response' in reply) {
    return [responseOf(reply.response, attachment, signal), reply.response.again];
  }
  // The vault hands the body back.
  const again = { body: (attachment ?? '') as BodyInit, duplex: 'half' };
  return [await fetch(request.bodyUsed || attachment !== undefined ? new Request(request, again) : request), false];
}
