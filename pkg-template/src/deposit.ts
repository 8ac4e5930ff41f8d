// What a document of the vault's own origin leaves there for the next one of its tab, for a ticket that travels in the
// URL. The tab's sessionStorage is no place for it: Firefox may run a frame and a page of one origin in two processes, and
// what one of them writes there the other does not see.

/** The vault's database, as `src/browser/storage.rs` has it. */
const DATABASE = 'strongroom';
const VERSION = 2;
const TRANSACTIONS = 'transactions';
const STORES = [TRANSACTIONS, 'keys'];

/** Begins what is left. */
const LEFT = 'left ';
/** How long it may lie there, in milliseconds: as long as a sign-in may take. */
const LIFE = 15 * 60 * 1000;
/** How long the database may take, in milliseconds: a transaction of a page that is gone may bar the way to it. */
const PATIENCE = 3000;

const settled = <T>(request: IDBRequest<T>) =>
  new Promise<T>((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** Does `use` with the store of transactions, and waits until it is written: the document may be leaving. */
function withStore<T>(use: (store: IDBObjectStore) => Promise<T>): Promise<T> {
  const late = new Error('the database gives no answer');
  return Promise.race([
    used(use),
    new Promise<never>((_, reject) => {
      setTimeout(reject, PATIENCE, late);
    }),
  ]);
}

async function used<T>(use: (store: IDBObjectStore) => Promise<T>): Promise<T> {
  const opening = indexedDB.open(DATABASE, VERSION);
  opening.onupgradeneeded = () => {
    for (const store of STORES) {
      if (!opening.result.objectStoreNames.contains(store)) opening.result.createObjectStore(store);
    }
  };
  const database = await settled(opening);
  try {
    const transaction = database.transaction(TRANSACTIONS, 'readwrite');
    const written = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    const [found] = await Promise.all([use(transaction.objectStore(TRANSACTIONS)), written]);
    return found;
  } finally {
    database.close();
  }
}

/** The members of a text that ends in JSON, as the vault keeps them. */
const membersOf = (text: unknown): { [name: string]: unknown } =>
  JSON.parse(/\{.*/s.exec(String(text))?.[0] ?? '{}') as { [name: string]: unknown };

/** The text that the vault keeps for `state`: its members. */
export async function keptFor(state: string): Promise<{ [name: string]: unknown }> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(state)));
  const key = btoa(String.fromCharCode(...digest))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=/g, '');
  return membersOf(await withStore((store) => settled(store.get(key))));
}

/**
 * Leaves `url`: the ticket for it, which begins with `prefix`. If nobody has taken it after 15 minutes, this document
 * does; if that is gone, the vault sweeps it away.
 */
export async function leave(url: string, prefix = ''): Promise<string> {
  const ticket = prefix + crypto.randomUUID();
  const text = LEFT + JSON.stringify({ created_at: Date.now(), url });
  await withStore((store) => settled(store.put(text, ticket)));
  setTimeout(() => void take(ticket).catch(() => {}), LIFE);
  return ticket;
}

/** What was left for `ticket`: once. */
export function take(ticket: string): Promise<string | undefined> {
  return withStore(async (store) => {
    const text: unknown = await settled(store.get(ticket));
    if (typeof text !== 'string' || !text.startsWith(LEFT)) return undefined;
    await settled(store.delete(ticket));
    const { url, created_at } = membersOf(text);
    return Number(created_at) > Date.now() - LIFE ? String(url) : undefined;
  });
}
