import init, { serve as start } from '#glue';

/** Loads the vault into this realm and lets it serve the page behind `port`. */
export async function serve(port: MessagePort): Promise<void> {
  await init();
  start(port);
}
