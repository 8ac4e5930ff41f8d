import init, { serve as start } from '#glue';

/** Loads the vault from the file at the URL `wasm` into this realm and lets it serve the page behind `port`. */
export async function serve(port: MessagePort, wasm: string): Promise<void> {
  await init({ module_or_path: wasm });
  start(port);
}
