import { StrongroomError } from './errors.js';
import type {
  Answer,
  Ask,
  Command,
  FromVault,
  Monitor,
  RenewalFailed,
  Renewed,
  Reply,
  SessionState,
  ToVault,
} from './wire.js';

/** What a message from the vault may be. */
type Kind = FromVault extends infer Message ? (Message extends unknown ? keyof Message : never) : never;
/** What a message of the kind `K` holds. */
type Held<K extends Kind> = Extract<FromVault, Record<K, unknown>>[K];

/** What a page does for its vault. */
export interface Handlers {
  /** The session is in another state. */
  state(state: SessionState): void;
  /** A token was renewed. */
  renewed(renewed: Renewed): void;
  /** A renewal has failed. */
  renewalFailed(failed: RenewalFailed): void;
  /** The provider's session is to be watched by other means than before. */
  monitor(monitor: Monitor): void;
  /** Does what only a document can; nothing when `signal` says that it is no longer wanted. */
  ask(ask: Ask, signal: AbortSignal): Promise<Answer | undefined>;
}

/** A reply that is no error, and what came with it. */
export type Replied = readonly [reply: Exclude<Reply, { error: unknown }>, attachment: unknown];

/** The wire to a vault. */
export interface Connection {
  /** Sends `command`; rejects with what the vault answers, or with the signal's reason. */
  command(
    command: Command,
    signal?: AbortSignal | null,
    attachment?: unknown,
    transfer?: Transferable[],
  ): Promise<Replied>;
  /** The reply to a command that was posted before there was a connection. */
  replyTo(id: number): Promise<Replied>;
  /** Ends the wire; what is under way rejects with `reason`. */
  close(reason: unknown): void;
}

/** The ids of the commands that a vault is greeted with while it is still being opened. */
export const OPEN = 1;
export const START = 2;

/** Speaks the wire over `port`. */
export function connect(port: MessagePort, handlers: Handlers): Connection {
  const commands = new Map<number, { resolve(replied: Replied): void; reject(reason: unknown): void }>();
  const asks = new Map<number, AbortController>();
  let last = START;
  const replyTo = (id: number) =>
    new Promise<Replied>((resolve, reject) => {
      commands.set(id, { resolve, reject });
    });
  const post = (message: ToVault, attachment?: unknown, transfer: Transferable[] = []) =>
    port.postMessage(attachment === undefined ? [message] : [message, attachment], transfer);

  const heard: { [K in Kind]: (held: Held<K>, attachment: unknown) => void } = {
    ...handlers,
    async ask({ id, ask }) {
      const abort = new AbortController();
      asks.set(id, abort);
      const answer = await handlers.ask(ask, abort.signal).catch((error): Answer => ({ failed: String(error) }));
      asks.delete(id);
      if (answer && !abort.signal.aborted) post({ answer: { id, answer } });
    },
    withdraw: ({ id }) => asks.get(id)?.abort(),
    reply({ id, reply }, attachment) {
      const pending = commands.get(id);
      if (typeof reply === 'object' && 'error' in reply) pending?.reject(new StrongroomError(reply.error));
      else pending?.resolve([reply, attachment]);
    },
  };
  port.onmessage = ({ data: [message, attachment] }: MessageEvent<[FromVault, unknown]>) => {
    for (const [kind, held] of Object.entries(message)) heard[kind as Kind](held as never, attachment);
  };

  return {
    replyTo,
    async command(command, signal, attachment, transfer) {
      signal?.throwIfAborted();
      const id = ++last;
      const replied = replyTo(id);
      const abort = () => {
        commands.get(id)?.reject(signal?.reason);
        post({ cancel: { id } });
      };
      signal?.addEventListener('abort', abort);
      try {
        post({ command: { id, command } }, attachment, transfer);
        return await replied;
      } finally {
        commands.delete(id);
        signal?.removeEventListener('abort', abort);
      }
    },
    close(reason) {
      for (const ask of asks.values()) ask.abort();
      for (const pending of commands.values()) pending.reject(reason);
      port.close();
    },
  };
}
