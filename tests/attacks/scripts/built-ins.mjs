// Replacing what the platform gives every script of the page.
import { base64url } from '../kit.mjs';

/** An attack that records all that passes through some built-ins while the app uses its session. */
const hooking = (id, title, install, more = {}) => ({
  id: `hook-${id}`,
  title: `replaces ${title}`,
  when: 'both',
  async run(context) {
    await install(context);
    await context.victim();
  },
  ...more,
});

const IN_CLOSURE = { lost: { after: { closure: 'hooks' }, before: { closure: 'hooks' } } };

const TypedArray = Object.getPrototypeOf(Uint8Array);

export const builtins = [
  hooking(
    'fetch',
    'fetch',
    ({ hooks, record }) => {
      const { fetch } = window;
      hooks.replace(window, 'fetch', {
        writable: true,
        async value(...args) {
          record(args[0] instanceof Request ? args[0].clone() : new Request(...args));
          const response = await Reflect.apply(fetch, window, args);
          record(response.clone());
          return response;
        },
      });
    },
    { ...IN_CLOSURE, offline: true },
  ),
  hooking('xhr', 'XMLHttpRequest and sendBeacon', ({ hooks, tap }) => {
    hooks.tapAll(XMLHttpRequest.prototype, ['open', 'send', 'setRequestHeader', 'response', 'responseText']);
    tap(Navigator.prototype, 'sendBeacon');
    tap(window, 'WebSocket');
    tap(window, 'EventSource');
  }),
  hooking('headers', 'Headers and its methods', ({ hooks, tap }) => {
    tap(window, 'Headers');
    hooks.tapAll(Headers.prototype);
  }),
  hooking(
    'request',
    'Request and its getters',
    ({ hooks, tap }) => {
      tap(window, 'Request');
      hooks.tapAll(Request.prototype);
    },
    IN_CLOSURE,
  ),
  hooking(
    'response',
    'Response and its readers',
    ({ hooks, tap }) => {
      tap(window, 'Response');
      hooks.tapAll(Response.prototype);
    },
    IN_CLOSURE,
  ),
  hooking(
    'promise',
    'Promise and its methods',
    ({ hooks, tap }) => {
      tap(Promise.prototype, 'then');
      for (const name of ['catch', 'finally']) tap(Promise.prototype, name);
      hooks.tapAll(Promise, ['resolve', 'reject', 'all', 'race', 'allSettled']);
    },
    IN_CLOSURE,
  ),
  hooking(
    'json',
    'JSON.parse and JSON.stringify',
    ({ hooks }) => hooks.tapAll(JSON, ['parse', 'stringify']),
    IN_CLOSURE,
  ),
  hooking(
    'text-decoder',
    'TextDecoder',
    ({ hooks, tap }) => {
      tap(window, 'TextDecoder');
      hooks.tapAll(TextDecoder.prototype);
    },
    IN_CLOSURE,
  ),
  hooking('text-encoder', 'TextEncoder', ({ hooks, tap }) => {
    tap(window, 'TextEncoder');
    hooks.tapAll(TextEncoder.prototype);
  }),
  hooking('web-assembly', 'the functions of WebAssembly', ({ hooks, tap, record }) => {
    for (const name of [
      'compile',
      'compileStreaming',
      'instantiate',
      'instantiateStreaming',
      'Instance',
      'Module',
      'Memory',
    ]) {
      tap(WebAssembly, name, ({ result }) =>
        Promise.resolve(result).then(
          (made) => {
            const { exports } = made?.instance ?? made ?? {};
            if (exports?.memory) record(exports.memory.buffer);
            return undefined;
          },
          () => {},
        ),
      );
    }
    hooks.tapAll(WebAssembly.Table.prototype, ['get', 'set', 'grow']);
  }),
  hooking(
    'wasm-memory',
    'the getters of WebAssembly.Memory and ArrayBuffer, and reads the whole memory of the vault',
    async ({ hooks, record, victim }) => {
      const buffers = new Set();
      for (const [owner, name] of [
        [WebAssembly.Memory.prototype, 'buffer'],
        [ArrayBuffer.prototype, 'detached'],
        [ArrayBuffer.prototype, 'byteLength'],
      ]) {
        const { get } = Object.getOwnPropertyDescriptor(owner, name);
        hooks.replace(owner, name, {
          get() {
            const value = Reflect.apply(get, this, []);
            buffers.add(name === 'buffer' ? value : this);
            return value;
          },
        });
      }
      await victim();
      hooks.restore();
      for (const buffer of buffers) if (!buffer.detached) record(buffer.slice(0));
    },
    { lost: { after: { closure: 'memory' }, before: { closure: 'memory' } }, offline: true },
  ),
  hooking(
    'typed-arrays',
    'the methods of typed arrays, and reads the buffers behind them',
    ({ tap, hooks }) => {
      for (const name of ['set', 'subarray', 'slice', 'fill', 'buffer']) tap(TypedArray.prototype, name);
      tap(window, 'Uint8Array');
      hooks.tapAll(DataView.prototype, ['getInt32', 'setInt32', 'getFloat64', 'setFloat64']);
    },
    { lost: { after: { closure: 'memory' }, before: { closure: 'memory' } } },
  ),
  hooking('message-port', 'the methods of MessagePort and MessageChannel', ({ tap, hooks }) => {
    hooks.tapAll(MessagePort.prototype);
    tap(window, 'MessageChannel');
    hooks.tapAll(MessageChannel.prototype);
  }),
  hooking('message-event', 'the getters of MessageEvent, and sees every message on the wire', ({ hooks }) =>
    hooks.tapAll(MessageEvent.prototype, ['data', 'ports', 'source', 'origin']),
  ),
  hooking('post-message', 'postMessage of window, Worker and BroadcastChannel', ({ tap }) => {
    for (const owner of [window, Worker.prototype, BroadcastChannel.prototype]) tap(owner, 'postMessage');
  }),
  hooking('listeners', 'addEventListener and dispatchEvent', ({ tap }) => {
    tap(EventTarget.prototype, 'addEventListener');
    tap(EventTarget.prototype, 'dispatchEvent');
    tap(window, 'CustomEvent');
    tap(CustomEvent.prototype, 'detail');
  }),
  hooking(
    'strings',
    'the methods of String',
    ({ hooks }) => {
      hooks.tapAll(String, ['fromCharCode', 'fromCodePoint', 'raw']);
      hooks.tapAll(String.prototype, [
        'split',
        'concat',
        'slice',
        'substring',
        'replace',
        'replaceAll',
        'trim',
        'indexOf',
        'includes',
        'startsWith',
        'endsWith',
        'match',
        'toLowerCase',
        'charCodeAt',
        'codePointAt',
        'toString',
        'valueOf',
      ]);
    },
    IN_CLOSURE,
  ),
  hooking(
    'arrays',
    'the methods of Array',
    ({ hooks }) => {
      hooks.tapAll(Array, ['from', 'of', 'isArray']);
      hooks.tapAll(Array.prototype, [
        'push',
        'pop',
        'shift',
        'map',
        'filter',
        'find',
        'join',
        'concat',
        'slice',
        'splice',
        'some',
        'every',
        'forEach',
        'includes',
        'indexOf',
        'entries',
        'values',
        'flatMap',
        'at',
        'sort',
      ]);
    },
    IN_CLOSURE,
  ),
  hooking(
    'iterators',
    'the iterators of arrays, maps and headers, and Symbol.species',
    ({ tap, hooks, record }) => {
      tap(Array.prototype, Symbol.iterator);
      for (const owner of [Map, Set, Headers, URLSearchParams, FormData]) tap(owner.prototype, Symbol.iterator);
      tap(Object.getPrototypeOf([][Symbol.iterator]()), 'next');
      for (const owner of [Array, Promise, ArrayBuffer, TypedArray]) {
        hooks.replace(owner, Symbol.species, {
          get() {
            record(this);
            return this;
          },
        });
      }
    },
    IN_CLOSURE,
  ),
  hooking('reflect', 'the functions of Reflect', ({ hooks }) => hooks.tapAll(Reflect), IN_CLOSURE),
  hooking(
    'object',
    'the functions of Object',
    ({ hooks }) => {
      hooks.tapAll(Object, [
        'assign',
        'create',
        'defineProperty',
        'defineProperties',
        'entries',
        'freeze',
        'fromEntries',
        'keys',
        'getPrototypeOf',
        'setPrototypeOf',
        'values',
        'hasOwn',
      ]);
      hooks.tapAll(Object.prototype, ['toString', 'valueOf', 'hasOwnProperty']);
    },
    IN_CLOSURE,
  ),
  hooking(
    'object-setters',
    'inherited properties: setters on Object.prototype take what is assigned',
    ({ hooks, record }) => {
      const names = [
        'headers',
        'body',
        'method',
        'authorization',
        'Authorization',
        'access_token',
        'refresh_token',
        'id_token',
        'code',
        'code_verifier',
        'token',
        'url',
        'command',
        'answer',
        'attachment',
        'keepalive',
        'signal',
      ];
      for (const name of names) {
        hooks.replace(Object.prototype, name, {
          set(value) {
            record(value);
            Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
          },
          get: () => undefined,
        });
      }
    },
    IN_CLOSURE,
  ),
  hooking(
    'array-setters',
    'inherited elements: setters for indices on Array.prototype',
    ({ hooks, record }) => {
      for (let at = 0; at < 4; at++) {
        hooks.replace(Array.prototype, at, {
          set(value) {
            record(value);
            Object.defineProperty(this, at, { value, writable: true, enumerable: true, configurable: true });
          },
          get: () => undefined,
        });
      }
    },
    { ...IN_CLOSURE, disturbs: true },
  ),
  hooking('proxy', 'Proxy', ({ tap }) => {
    tap(window, 'Proxy');
    tap(Proxy, 'revocable');
  }),
  hooking(
    'functions',
    'Function.prototype.call, apply and bind',
    ({ hooks, tap }) => {
      hooks.tapAll(Function.prototype, ['call', 'apply', 'bind', 'toString']);
      tap(Function.prototype, Symbol.hasInstance);
    },
    IN_CLOSURE,
  ),
  hooking('timers', 'timers and microtasks', ({ hooks }) =>
    hooks.tapAll(window, [
      'setTimeout',
      'setInterval',
      'queueMicrotask',
      'requestIdleCallback',
      'requestAnimationFrame',
    ]),
  ),
  hooking('subtle', 'the methods of crypto.subtle', ({ hooks }) => hooks.tapAll(SubtleCrypto.prototype), IN_CLOSURE),
  hooking(
    'random',
    'getRandomValues, and knows each verifier before it is used',
    ({ hooks, record }) => {
      const { getRandomValues } = Crypto.prototype;
      hooks.replace(Crypto.prototype, 'getRandomValues', {
        writable: true,
        value(array) {
          const filled = Reflect.apply(getRandomValues, crypto, [array]);
          record(base64url(filled.slice().buffer));
          return filled;
        },
      });
    },
    IN_CLOSURE,
  ),
  hooking(
    'dpop-key',
    'generateKey, so that it keeps a copy of the key of DPoP proofs',
    ({ hooks, record }) => {
      const { generateKey } = SubtleCrypto.prototype;
      hooks.replace(SubtleCrypto.prototype, 'generateKey', {
        writable: true,
        async value(algorithm, _extractable, usages) {
          const { publicKey, privateKey } = await Reflect.apply(generateKey, crypto.subtle, [algorithm, true, usages]);
          record([privateKey]);
          // The vault takes none that can be exported: it gets a copy that cannot.
          const jwk = await crypto.subtle.exportKey('jwk', privateKey);
          const copy = await crypto.subtle.importKey('jwk', { ...jwk, ext: false }, algorithm, false, ['sign']);
          return { publicKey, privateKey: copy };
        },
      });
    },
    { options: { dpop: true }, lost: { before: { closure: 'hooks' } } },
  ),
  hooking(
    'dpop-sign',
    'sign, and asks for the key of DPoP proofs in every format',
    ({ tap, record }) => {
      tap(SubtleCrypto.prototype, 'sign', ({ args: [, key] }) => record(key));
    },
    { options: { dpop: true }, lost: { after: { closure: 'memory' }, before: { closure: 'memory' } } },
  ),
  hooking('urls', 'URL and URLSearchParams', ({ hooks, tap }) => {
    tap(window, 'URL');
    tap(window, 'URLSearchParams');
    hooks.tapAll(URLSearchParams.prototype, ['append', 'set', 'get', 'toString', 'has']);
    hooks.tapAll(URL.prototype, ['href', 'search', 'origin', 'pathname', 'toString', 'searchParams']);
  }),
  hooking('streams', 'streams and their readers', ({ hooks, tap }) => {
    for (const name of ['ReadableStream', 'TransformStream', 'WritableStream']) tap(window, name);
    hooks.tapAll(ReadableStream.prototype, ['getReader', 'pipeTo', 'pipeThrough', 'tee', 'cancel']);
    hooks.tapAll(ReadableStreamDefaultReader.prototype, ['read']);
    hooks.tapAll(WritableStreamDefaultWriter.prototype, ['write']);
  }),
  hooking('bodies', 'Blob, File, FormData and FileReader', ({ hooks, tap }) => {
    for (const name of ['Blob', 'File', 'FormData', 'FileReader']) tap(window, name);
    hooks.tapAll(Blob.prototype, ['text', 'arrayBuffer', 'slice', 'stream']);
    hooks.tapAll(FormData.prototype, ['append', 'set']);
  }),
  hooking('signals', 'AbortController and AbortSignal', ({ hooks, tap }) => {
    tap(window, 'AbortController');
    hooks.tapAll(AbortController.prototype);
    hooks.tapAll(AbortSignal.prototype);
  }),
  hooking('patterns', 'the methods of RegExp', ({ hooks, tap }) => {
    hooks.tapAll(RegExp.prototype, ['exec', 'test']);
    for (const symbol of [Symbol.match, Symbol.replace, Symbol.split]) tap(RegExp.prototype, symbol);
  }),
  hooking('base64', 'atob, btoa and the base64 of typed arrays', ({ tap, hooks }) => {
    for (const name of ['atob', 'btoa', 'escape', 'unescape', 'encodeURIComponent', 'decodeURIComponent'])
      tap(window, name);
    hooks.tapAll(Uint8Array, ['fromBase64', 'fromHex']);
    hooks.tapAll(Uint8Array.prototype, ['toBase64', 'toHex']);
  }),
  hooking('clones', 'structuredClone, and errors as they are made', ({ tap }) => {
    tap(window, 'structuredClone');
    for (const name of ['Error', 'TypeError', 'DOMException']) tap(window, name);
  }),
  hooking(
    'clocks',
    'the clocks, so that no token ever looks expired or each does',
    ({ hooks, record }) => {
      const { now } = Date;
      let at = 0;
      hooks.replace(Date, 'now', {
        writable: true,
        value() {
          record(`asked for the time ${++at} times`);
          return now() + (at % 2 ? 0 : 3_600_000);
        },
      });
    },
    { disturbs: true },
  ),
];
