declare module '#glue' {
  /** Loads and starts the wasm at a URL. */
  export default function init(from: { module_or_path: string }): Promise<unknown>;
  /** Serves the page behind `port`. */
  export function serve(port: MessagePort, shared: boolean): void;
}
