import type { Connection } from './connection.js';
import type { FetchInit } from './types.js';
import type { ResponseHead } from './wire.js';

const INIT = 'mode credentials cache redirect referrerPolicy integrity'.split(' ') as ('mode' | 'cache')[];

/** A stream of what comes through `port`, chunk by chunk as it is read: for engines that cannot transfer a stream. */
function streamOf(port: MessagePort): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { data } = await new Promise<MessageEvent>((resolve) => {
          port.onmessage = resolve;
          port.postMessage('pull');
        });
        if (data.error) throw new TypeError(data.error);
        if (data.done) controller.close();
        else controller.enqueue(data.value);
      },
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
function responseOf(head: ResponseHead, attachment: unknown, signal: AbortSignal): Response {
  const body =
    attachment instanceof MessagePort ? streamOf(attachment) : (attachment as ReadableStream<Uint8Array> | undefined);
  return located(new Response(body && abortable(body, signal), head), head, signal);
}

const READERS = 'arrayBuffer blob bytes formData json text'.split(' ') as 'text'[];

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

/** A request of `input`, and the init that it was made with. A body that a function makes is made here. */
export function requestOf(input: RequestInfo | URL, given: FetchInit | undefined): [Request, RequestInit | undefined] {
  const { body, ...rest } = given ?? {};
  const init = typeof body === 'function' ? { ...rest, body: body(), duplex: 'half' } : (given as RequestInit);
  return [new Request(input, init), init];
}

/**
 * `fetch` through the vault, which adds the token. A body that a function makes is made again, and sent again once, where
 * the API refuses the token and another could be had.
 */
export async function fetchThrough(
  connection: Promise<Connection>,
  input: RequestInfo | URL,
  init?: FetchInit,
): Promise<Response> {
  const [response, worthwhile] = await send(connection, ...requestOf(input, init));
  if (!worthwhile || typeof init?.body !== 'function') return response;
  await response.body?.cancel();
  return (await send(connection, ...requestOf(input, init)))[0];
}

/**
 * Sends a request through the vault; from here, without a token, if it is for none of the APIs.
 * @returns the response, and whether a body made anew is worth another try
 */
async function send(
  connection: Promise<Connection>,
  request: Request,
  init: RequestInit | undefined,
): Promise<[Response, boolean]> {
  const { url, method, headers, keepalive, referrer, signal } = request;
  signal.throwIfAborted();
  const given = init?.body;
  // A Blob may be a file of any size, and a stream endless: both go as they are. So do the fields of a form: they may be
  // files, and WebKit cannot read a request that has such a form.
  const form = given instanceof FormData && [...given];
  const stays = form || given instanceof Blob;
  const body = form || (stays || given instanceof ReadableStream ? given : await request.arrayBuffer());
  const empty = (body as ArrayBuffer).byteLength === 0;
  const members: [string, string | undefined | false][] = [
    ...INIT.map((name): [string, string] => [name, request[name]]),
    ['referrer', referrer !== 'about:client' && referrer],
    ['priority', init?.priority],
  ];
  const said = members.filter(([, value]) => value) as [string, string][];
  const [reply, attachment] = await (await connection).command(
    { fetch: { url, method, headers: [...headers], init: said, keepalive } },
    signal,
    empty ? undefined : body,
    empty || stays ? [] : [body as ArrayBuffer],
  );
  const { response } = reply as { response?: ResponseHead };
  if (response) return [responseOf(response, attachment, signal), response.again];
  // The vault hands the body back.
  const again = { body: (attachment ?? '') as BodyInit, duplex: 'half' };
  const used = request.bodyUsed || (attachment !== undefined && !form);
  return [await fetch(used ? new Request(request, again) : request), false];
}
