/**
 * What the provider was asked and what it gave out, for tests: they look for each of `issued` where it must not be.
 * @typedef {object} Issued
 * @property {'access_token' | 'refresh_token' | 'id_token' | 'code'} kind
 * @property {string} value
 * @property {number} at milliseconds since the epoch
 *
 * @typedef {object} Requested
 * @property {string} method
 * @property {string} path
 * @property {Record<string, string | string[]>} query as it came, before any rewriting
 * @property {string} origin the Origin header; empty if there was none
 * @property {string} dest the Sec-Fetch-Dest header, such as `document`, `iframe` or `empty`
 * @property {number} [status] once it is answered
 * @property {number} at milliseconds since the epoch
 *
 * @typedef {object} ProviderEvent
 * @property {string} name
 * @property {string} [clientId]
 * @property {string} [grantType] of `grant.success` and `grant.error`
 * @property {string} [error] @property {string} [errorDescription]
 * @property {number} at milliseconds since the epoch
 */

const KINDS = ['access_token', 'refresh_token', 'id_token', 'code'];

const EVENTS = [
  'authorization.accepted',
  'authorization.success',
  'authorization.error',
  'grant.success',
  'grant.error',
  'grant.revoked',
  'interaction.started',
  'interaction.ended',
  'end_session.success',
  'end_session.error',
  'revocation.error',
  'userinfo.error',
  'discovery.error',
  'jwks.error',
  'pushed_authorization_request.success',
  'pushed_authorization_request.error',
  'server_error',
];

/** Keeps what passes through a provider. */
export class Record {
  /** @type {Issued[]} */ issued = [];
  /** @type {Requested[]} */ requests = [];
  /** @type {ProviderEvent[]} */ events = [];

  /** Koa middleware, to be the outermost: sees what really goes out. */
  middleware = async (ctx, next) => {
    const { method, path } = ctx;
    const [origin, dest] = [ctx.get('origin'), ctx.get('sec-fetch-dest')];
    const requested = { method, path, query: { ...ctx.query }, origin, dest, at: Date.now() };
    this.requests.push(requested);
    await next();
    requested.status = ctx.status;
    this.#seen(locationParameters(ctx.response.get('location')));
    this.#seen(bodyParameters(ctx.body));
  };

  /** @param {import('oidc-provider').default} oidc @param {(line: string) => void} say */
  listenTo(oidc, say) {
    for (const name of EVENTS) {
      oidc.on(name, (ctx, ...rest) => {
        const error = rest.find((value) => value instanceof Error);
        const event = {
          name,
          clientId: ctx?.oidc?.client?.clientId ?? ctx?.oidc?.params?.client_id,
          grantType: name.startsWith('grant.') ? ctx?.oidc?.params?.grant_type : undefined,
          error: error && (error.error ?? error.message),
          errorDescription: error && [error.error_description, error.error_detail].filter(Boolean).join('; '),
          at: Date.now(),
        };
        this.events.push(event);
        const details = [event.clientId, event.grantType, event.error, event.errorDescription].filter(Boolean);
        say([`provider: ${name}`, ...details].join(' · '));
      });
    }
  }

  /** @param {URLSearchParams | object | undefined} parameters */
  #seen(parameters) {
    for (const kind of KINDS) {
      const value = parameters instanceof URLSearchParams ? parameters.get(kind) : parameters?.[kind];
      if (typeof value === 'string' && value) this.issued.push({ kind, value, at: Date.now() });
    }
  }
}

/** The parameters of a redirect, in its query or its fragment. */
function locationParameters(location) {
  const url = location && URL.canParse(location) ? new URL(location) : undefined;
  return url && new URLSearchParams([...url.searchParams, ...new URLSearchParams(url.hash.slice(1))]);
}

/** The parameters in a JSON body, or in the page of a web message. */
function bodyParameters(body) {
  if (body === null || body === undefined || typeof body.pipe === 'function') return undefined;
  if (typeof body === 'object' && !Buffer.isBuffer(body)) return body;
  const text = String(body);
  const message = /var data = (\{.*\});/.exec(text)?.[1];
  try {
    const parsed = JSON.parse(message ?? text);
    return message ? parsed.response : parsed;
  } catch {
    return undefined;
  }
}
