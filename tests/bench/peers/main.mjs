// What every page of the benchmark does: starts its peer, and says when a token could be used.
import { start } from '#peer';

const flags = new URLSearchParams(location.search);
start({ resident: flags.has('resident'), run: Number(flags.get('run') ?? 0) }).then(
  async (peer) => {
    await peer.ready;
    window.bench.resolve({ ...peer, at: performance.now() });
  },
  (error) => window.bench.reject(error),
);
