// What page and vault share, or pass to each other: memory and messages.
import { inClosure, whenever } from '../../reasons.mjs';
import { hooking, TypedArray } from './hooking.mjs';

export const exchange = [
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
    { lost: whenever(inClosure('memory')), offline: true },
  ),
  hooking(
    'typed-arrays',
    'the methods of typed arrays, and reads the buffers behind them',
    ({ tap, hooks }) => {
      hooks.tapAll(TypedArray.prototype, ['set', 'subarray', 'slice', 'fill', 'buffer']);
      tap(window, 'Uint8Array');
      hooks.tapAll(DataView.prototype, ['getInt32', 'setInt32', 'getFloat64', 'setFloat64']);
    },
    { lost: whenever(inClosure('memory')) },
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
  hooking('listeners', 'addEventListener and dispatchEvent', ({ hooks, tap }) => {
    hooks.tapAll(EventTarget.prototype, ['addEventListener', 'dispatchEvent']);
    tap(window, 'CustomEvent');
    tap(CustomEvent.prototype, 'detail');
  }),
];
