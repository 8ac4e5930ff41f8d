declare module '#glue' {
  /** Loads and starts the wasm. */
  export default function init(): Promise<unknown>;
  /** Serves the page behind `port`. */
  export function serve(port: MessagePort): void;
}
