// A bad network between the page and the provider's token endpoint.

/** Hides nothing from the page but what a fault is about. */
function readable(ctx) {
  ctx.set('Access-Control-Allow-Origin', ctx.get('origin') || '*');
}

/** What can go wrong with one request. `lost` means that the provider has done its part, and nobody hears of it. */
export const FAULTS = {
  unavailable: (ctx) => {
    readable(ctx);
    ctx.status = 503;
  },
  'slow down': (ctx) => {
    readable(ctx);
    ctx.set('Retry-After', '1');
    ctx.status = 429;
    ctx.body = { error: 'slow_down' };
  },
  reset: (ctx) => {
    ctx.respond = false;
    ctx.req.socket.destroy();
  },
  hang: (ctx) =>
    new Promise((resolve) => {
      ctx.respond = false;
      ctx.req.socket.once('close', resolve);
    }),
  truncated: async (ctx, next) => {
    await next();
    ctx.body = JSON.stringify(ctx.body ?? {}).slice(0, 40);
    ctx.type = 'json';
  },
  'HTML instead of JSON': (ctx) => {
    readable(ctx);
    ctx.body = '<!doctype html><title>Sign in to this network</title>';
  },
  'wrong content type': async (ctx, next) => {
    await next();
    ctx.body = JSON.stringify(ctx.body ?? {});
    ctx.type = 'text/plain';
  },
  // After the first bytes: a connection that breaks before them makes Chromium send the request again by itself.
  lost: async (ctx, next) => {
    await next();
    ctx.respond = false;
    ctx.res.writeHead(200, { 'Content-Type': 'application/json' });
    ctx.res.write('{');
    setImmediate(() => ctx.req.socket.destroy());
  },
  slow: async (_ctx, next) => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    await next();
  },
  'hidden by CORS': async (ctx, next) => {
    await next();
    ctx.remove('Access-Control-Allow-Origin');
  },
};

/** Koa middleware that does the faults of `queue` to token requests, one each. */
export function faulty(queue) {
  return async (ctx, next) => {
    const fault = ctx.path === '/token' && ctx.method === 'POST' ? queue.shift() : undefined;
    return fault ? FAULTS[fault](ctx, next) : next();
  };
}

/** Random numbers that a seed repeats (mulberry32). */
export function dice(seed) {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  };
}
