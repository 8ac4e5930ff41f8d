// What the language gives every object, and when code runs.
import { hooking, IN_CLOSURE, TypedArray } from './hooking.mjs';

/** Records what is assigned to a property that objects inherit. */
const takeAssigned = (owner, name, hooks, record) =>
  hooks.replace(owner, name, {
    set(value) {
      record(value);
      Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
    },
    get: () => undefined,
  });

export const language = [
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
      for (const name of names) takeAssigned(Object.prototype, name, hooks, record);
    },
    IN_CLOSURE,
  ),
  hooking(
    'array-setters',
    'inherited elements: setters for indices on Array.prototype',
    ({ hooks, record }) => {
      for (let at = 0; at < 4; at++) takeAssigned(Array.prototype, at, hooks, record);
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
];
