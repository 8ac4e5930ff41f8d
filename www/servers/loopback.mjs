import { createServer } from 'node:http';

/**
 * A server on this machine's loopback addresses.
 * @typedef {object} Listening
 * @property {number} port
 * @property {string} origin `http://host:port`
 * @property {import('node:http').Server} server the server of the first address
 * @property {() => Promise<void>} close ends all connections and frees the port
 */

/**
 * Serves `handler` on loopback only. `localhost` and what lies under it means 127.0.0.1 and, where the machine has it,
 * ::1: which of the two a browser takes for it is its own choice.
 * @param {import('node:http').RequestListener} handler
 * @param {{ host?: string, port?: number }} [options] port 0, the default, takes a free one
 * @returns {Promise<Listening>}
 */
export async function listen(handler, { host = 'localhost', port = 0 } = {}) {
  for (let attempt = 1; ; attempt += 1) {
    const named = isLocalhost(host);
    const first = await bind(handler, named ? '127.0.0.1' : host, port);
    const servers = [first];
    const taken = first.address().port;
    try {
      if (named) servers.push(await bind(handler, '::1', taken));
    } catch (error) {
      // Free on one address and taken on the other: another free port will do, a wanted one will not.
      if (error.code === 'EADDRINUSE') {
        await Promise.all(servers.map(end));
        if (port === 0 && attempt < 10) continue;
        throw error;
      }
    }
    return {
      port: taken,
      origin: `http://${host}:${taken}`,
      server: first,
      close: async () => void (await Promise.all(servers.map(end))),
    };
  }
}

/** Whether every browser takes `host` for this machine (RFC 6761 section 6.3). */
const isLocalhost = (host) => host === 'localhost' || host.endsWith('.localhost');

/** `url` for a client that is no browser: those need not know names under localhost. */
export function reachable(url) {
  const reached = new URL(url);
  if (isLocalhost(reached.hostname)) reached.hostname = 'localhost';
  return reached;
}

/** @returns {Promise<import('node:http').Server>} */
function bind(handler, address, port) {
  return new Promise((resolve, reject) => {
    const server = createServer(handler);
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}

/** @param {import('node:http').Server} server */
function end(server) {
  return new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
}

/**
 * The whole body of a request.
 * @param {import('node:http').IncomingMessage} request
 * @param {number} [limit] bytes
 * @returns {Promise<Buffer>}
 */
export async function bodyOf(request, limit = 64 * 1024 * 1024) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > limit) throw new RangeError('the request body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
