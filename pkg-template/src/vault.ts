import init, { serve as start } from '#glue';

let loading: Promise<unknown> | undefined;

/**
 * Loads the vault from the file at the URL `wasm` into this realm, once, and lets it serve the page behind `port`. With
 * `shared`, all pages so served have one session.
 */
export async function serve(port: MessagePort, wasm: string, shared = false): Promise<void> {
  loading ??= init({ module_or_path: wasm });
  await loading;
  start(port, shared);
}
