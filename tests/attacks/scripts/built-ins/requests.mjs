// What a request and its answer pass through on their way.
import { hooking, IN_CLOSURE } from './hooking.mjs';

export const requests = [
  hooking(
    'fetch',
    'fetch',
    ({ hooks, record }) => {
      hooks.instead(window, 'fetch', (fetch) => async (...args) => {
        record(args[0] instanceof Request ? args[0].clone() : new Request(...args));
        const response = await Reflect.apply(fetch, window, args);
        record(response.clone());
        return response;
      });
    },
    { ...IN_CLOSURE, offline: true },
  ),
  hooking('xhr', 'XMLHttpRequest and sendBeacon', ({ hooks, tap }) => {
    hooks.tapAll(XMLHttpRequest.prototype, ['open', 'send', 'setRequestHeader', 'response', 'responseText']);
    tap(Navigator.prototype, 'sendBeacon');
    hooks.tapAll(window, ['WebSocket', 'EventSource']);
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
    ({ hooks }) => {
      hooks.tapAll(Promise.prototype, ['then', 'catch', 'finally']);
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
];
