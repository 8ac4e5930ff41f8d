// What else the platform offers: crypto, URLs, streams, bodies, text, clocks.
import { base64url } from '../../kit.mjs';
import { inClosure, whenever } from '../../reasons.mjs';
import { hooking, IN_CLOSURE } from './hooking.mjs';

export const platform = [
  hooking('subtle', 'the methods of crypto.subtle', ({ hooks }) => hooks.tapAll(SubtleCrypto.prototype), IN_CLOSURE),
  hooking(
    'random',
    'getRandomValues, and knows each verifier before it is used',
    ({ hooks, record }) => {
      hooks.instead(Crypto.prototype, 'getRandomValues', (getRandomValues) => (array) => {
        const filled = Reflect.apply(getRandomValues, crypto, [array]);
        record(base64url(filled.slice().buffer));
        return filled;
      });
    },
    IN_CLOSURE,
  ),
  hooking(
    'dpop-key',
    'generateKey, so that it keeps a copy of the key of DPoP proofs',
    ({ hooks, record }) => {
      hooks.instead(SubtleCrypto.prototype, 'generateKey', (generateKey) => async (algorithm, _extractable, usages) => {
        const { publicKey, privateKey } = await Reflect.apply(generateKey, crypto.subtle, [algorithm, true, usages]);
        record([privateKey]);
        // The vault takes none that can be exported: it gets a copy that cannot.
        const jwk = await crypto.subtle.exportKey('jwk', privateKey);
        const copy = await crypto.subtle.importKey('jwk', { ...jwk, ext: false }, algorithm, false, ['sign']);
        return { publicKey, privateKey: copy };
      });
    },
    { options: { dpop: true }, lost: { before: inClosure('hooks') } },
  ),
  hooking(
    'dpop-sign',
    'sign, and asks for the key of DPoP proofs in every format',
    ({ tap, record }) => {
      tap(SubtleCrypto.prototype, 'sign', ({ args: [, key] }) => record(key));
    },
    { options: { dpop: true }, lost: whenever(inClosure('memory')) },
  ),
  hooking('urls', 'URL and URLSearchParams', ({ hooks }) => {
    hooks.tapAll(window, ['URL', 'URLSearchParams']);
    hooks.tapAll(URLSearchParams.prototype, ['append', 'set', 'get', 'toString', 'has']);
    hooks.tapAll(URL.prototype, ['href', 'search', 'origin', 'pathname', 'toString', 'searchParams']);
  }),
  hooking('streams', 'streams and their readers', ({ hooks }) => {
    hooks.tapAll(window, ['ReadableStream', 'TransformStream', 'WritableStream']);
    hooks.tapAll(ReadableStream.prototype, ['getReader', 'pipeTo', 'pipeThrough', 'tee', 'cancel']);
    hooks.tapAll(ReadableStreamDefaultReader.prototype, ['read']);
    hooks.tapAll(WritableStreamDefaultWriter.prototype, ['write']);
  }),
  hooking('bodies', 'Blob, File, FormData and FileReader', ({ hooks }) => {
    hooks.tapAll(window, ['Blob', 'File', 'FormData', 'FileReader']);
    hooks.tapAll(Blob.prototype, ['text', 'arrayBuffer', 'slice', 'stream']);
    hooks.tapAll(FormData.prototype, ['append', 'set']);
  }),
  hooking('signals', 'AbortController and AbortSignal', ({ hooks, tap }) => {
    tap(window, 'AbortController');
    hooks.tapAll(AbortController.prototype);
    hooks.tapAll(AbortSignal.prototype);
  }),
  hooking('patterns', 'the methods of RegExp', ({ hooks }) =>
    hooks.tapAll(RegExp.prototype, ['exec', 'test', Symbol.match, Symbol.replace, Symbol.split]),
  ),
  hooking('base64', 'atob, btoa and the base64 of typed arrays', ({ hooks }) => {
    hooks.tapAll(window, ['atob', 'btoa', 'escape', 'unescape', 'encodeURIComponent', 'decodeURIComponent']);
    hooks.tapAll(Uint8Array, ['fromBase64', 'fromHex']);
    hooks.tapAll(Uint8Array.prototype, ['toBase64', 'toHex']);
  }),
  hooking('clones', 'structuredClone, and errors as they are made', ({ hooks }) =>
    hooks.tapAll(window, ['structuredClone', 'Error', 'TypeError', 'DOMException']),
  ),
  hooking(
    'clocks',
    'the clocks, so that no token ever looks expired or each does',
    ({ hooks, record }) => {
      let at = 0;
      hooks.instead(Date, 'now', (now) => () => {
        record(`asked for the time ${++at} times`);
        return now() + (at % 2 ? 0 : 3_600_000);
      });
    },
    { disturbs: true },
  ),
];
