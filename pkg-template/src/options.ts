import { fail } from './errors.js';
import type { Placement, SessionOptions } from './types.js';
import type { ApiOptions, Options, ProofAlg, ResponseMode } from './wire.js';

/** Checked options: those for the vault, and those that stay with the page. */
export interface Checked {
  readonly wire: Options;
  readonly vault: Vault;
  /** Where the user is sent after signing out at the provider, if that is not for the provider to do. */
  readonly signedOutUri: string | undefined;
  readonly navigate: ((url: string) => void) | undefined;
  readonly assetsUrl: URL | undefined;
  readonly normalizeClaims: boolean;
}

/** Where the vault is wanted. */
export interface Vault {
  readonly placement: Placement;
  readonly fallback: boolean;
  /** The folder of the vault's files on an origin of their own. */
  readonly base: URL | undefined;
}

/** From the best placement to the one that always is. */
export const PLACEMENTS: readonly Placement[] = ['shared', 'worker', 'closure'];

/** Options by their own properties alone: a polluted prototype supplies none. */
export interface Own {
  /** What comes before their names in errors. */
  readonly at: string;
  readonly is: Readonly<Record<string, unknown>>;
}

/** Refuses an option: its name, and what it must be. */
export function refuse(name: string, expected: string): never {
  throw fail('invalid_option', `${name} ${expected}`);
}

/** Copies the own properties of `value`, which must all be among `known`. */
export function own(name: string, value: unknown, known: string): Own {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(name, 'must be an object');
  const names = known.split(' ');
  const is: Record<string, unknown> = Object.create(null);
  for (const [key, option] of Object.entries(value)) {
    if (!names.includes(key)) {
      const flat = (text: string) => text.replace(/[^a-z]/gi, '').toLowerCase();
      const meant = RENAMED[key] ?? names.find((other) => flat(other) === flat(key));
      refuse(`${name}.${key}`, `is not known${meant ? `; did you mean ${meant}?` : `: known are ${names.join(', ')}`}`);
    }
    is[key] = option;
  }
  return { at: name === 'options' ? '' : `${name}.`, is };
}

/** What other packages call things. */
const RENAMED: Record<string, string> = Object.assign(Object.create(null), {
  authority: 'issuer',
  authorizationParams: 'params',
  cacheLocation: 'vault',
  domain: 'issuer',
  extraQueryParams: 'params',
  post_logout_redirect_uri: 'postLogoutRedirectUri',
  realm: 'issuer',
  redirectURL: 'redirectUri',
  timeout: 'timeoutMs',
});

export function text({ at, is }: Own, name: string): string | undefined {
  const value = is[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '') refuse(at + name, 'must be a non-empty string');
  return value;
}

function required(options: Own, name: string): string {
  return text(options, name) ?? refuse(options.at + name, 'is missing');
}

function oneOf<T extends string>({ at, is }: Own, name: string, values: readonly T[]): T | undefined {
  const value = is[name] as T | undefined;
  if (value === undefined || values.includes(value)) return value;
  return refuse(at + name, `must be ${values.map((value) => `'${value}'`).join(' or ')}`);
}

function flag({ at, is }: Own, name: string, fallback: boolean): boolean {
  const value = is[name] ?? fallback;
  if (typeof value !== 'boolean') refuse(at + name, 'must be true or false');
  return value;
}

/** Response modes that a redirect can have; those with `jwt` are signed (JARM). */
const MODES = ['query', 'fragment', 'jwt', 'query.jwt', 'fragment.jwt'] as const;
/** Signature algorithms with a key pair. */
const ALG = /^([RPE]S(256|384|512)|EdDSA)$/;

/** Milliseconds, within what a timer can wait. */
export function millis({ at, is }: Own, name: string, fallback: number): number {
  const value = is[name] ?? fallback;
  if (typeof value !== 'number' || !(value > 0 && value < 2 ** 31))
    refuse(at + name, 'must be a number of milliseconds above 0');
  return Math.ceil(value);
}

/** What Strongroom sets itself in an authorization request. */
const RESERVED =
  'client_id client_secret code code_challenge code_challenge_method code_verifier nonce redirect_uri request request_uri response_mode response_type scope state';

/** Extra parameters as pairs: an object of strings, without what Strongroom sets itself. */
export function pairs(name: string, value: unknown): [string, string][] {
  if (value === undefined) return [];
  if (typeof value !== 'object' || value === null) refuse(name, 'must be an object of strings');
  return Object.entries(value).map(([key, value]) => {
    if (RESERVED.split(' ').includes(key)) refuse(name, `must not contain ${key}`);
    return [key, typeof value === 'string' ? value : refuse(`${name}.${key}`, 'must be a string')];
  });
}

function parse(name: string, value: string, base?: string): URL {
  try {
    return new URL(value, base);
  } catch {
    return refuse(name, base ? 'must be a URL' : "must be an absolute URL, such as 'https://example.com'");
  }
}

/** An absolute URL that is https, or http on loopback, without user, query and fragment. */
function secureUrl(name: string, value: string): URL {
  const url = parse(name, value);
  const loopback = /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback)) {
    refuse(name, 'must be https; http only on loopback (localhost)');
  }
  if (url.username || url.password || /[?#]/.test(value)) refuse(name, 'must have no user, query and fragment');
  return url;
}

/** A URL of the page's own origin, in full. */
export function ownUrl(name: string, value: string): string {
  const url = parse(name, value, document.baseURI);
  if (url.origin !== location.origin) {
    refuse(name, `must be of the page's origin ${location.origin}, and is of ${url.origin}`);
  }
  return url.href;
}

/** `fixed` is what it is without being asked, with a vault that has an origin of its own. */
function redirectUri(options: Own, name: string, fixed?: string): string | undefined {
  const value = text(options, name);
  const label = options.at + name;
  if (fixed && value !== undefined) refuse(label, `must be left out: it is ${fixed}, a page of the vault's origin`);
  if (value?.includes('#')) refuse(label, 'must have no fragment (RFC 6749 section 3.1.2)');
  return value === undefined ? fixed : ownUrl(label, value);
}

function api(value: unknown, number: number): ApiOptions {
  const options = own(`apis[${number}]`, value, 'url audience resource scope');
  const { at, is } = options;
  const url = secureUrl(`${at}url`, required(options, 'url')).href;
  const [audience, resource] = [text(options, 'audience'), text(options, 'resource')];
  if (audience && resource) refuse(`${at}audience`, 'and resource exclude each other: use what your provider knows');
  const { scope = '' } = is;
  if (typeof scope !== 'string') refuse(`${at}scope`, 'must be a string of scopes separated by spaces');
  return { url, scope, ...(audience && { audience }), ...(resource && { resource }) };
}

function vault(value: unknown): Vault {
  const given = typeof value === 'object' ? value : { placement: value };
  const options = own('vault', given, 'placement fallback origin');
  const { placement = 'shared' } = options.is;
  if (!PLACEMENTS.includes(placement as Placement)) {
    refuse('vault', "must be 'shared', 'worker' or 'closure', or { origin } for a vault on an origin of its own");
  }
  const origin = text(options, 'origin');
  const base = origin === undefined ? undefined : secureUrl('vault.origin', folder(origin));
  if (base?.origin === location.origin) {
    refuse('vault.origin', `must be another origin than the page's, ${location.origin}; leave it out otherwise`);
  }
  return { placement: placement as Placement, fallback: flag(options, 'fallback', true), base };
}

/** `url` as that of a folder. */
const folder = (url: string) => `${url.replace(/\/*$/, '')}/`;

/**
 * The beginning of `state` for this issuer and client, by which the page knows its own callbacks at once, before the
 * vault has loaded: FNV-1a, for telling apart, not for secrecy.
 */
export function statePrefix(issuer: string, clientId: string): string {
  let hash = 0x811c9dc5;
  for (const char of `${issuer} ${clientId}`) hash = Math.imul(hash ^ (char.codePointAt(0) as number), 0x01000193);
  return `sr${(hash >>> 0).toString(36)}-`;
}

/** Checks what a caller configured, and fills in the defaults. Throws `invalid_option` or `insecure_context`. */
export function check(given: SessionOptions): Checked {
  const options = own(
    'options',
    given,
    'issuer clientId scope redirectUri postLogoutRedirectUri responseMode params apis silent metadata vault requestTimeoutMs navigate assetsUrl userinfo pushedAuthorizationRequests idTokenSigningAlg dangerouslyAcceptHmacIdTokens normalizeClaims dpop dpopSigningAlg dangerouslyExposeAccessToken monitorSession',
  );
  const issuer = required(options, 'issuer');
  secureUrl('issuer', issuer);
  const clientId = required(options, 'clientId');
  if (!isSecureContext || !crypto.subtle) {
    throw fail(
      'insecure_context',
      `${location.origin} is not a secure context: the browser withholds crypto.subtle`,
      'serve the page over https, or from http://localhost while developing',
    );
  }
  // Each by its name: a rest (`...`) would inherit from a polluted prototype again.
  const { metadata, navigate, assetsUrl, params, apis = [], dpop = false, pushedAuthorizationRequests } = options.is;
  const where = vault(options.is.vault);
  const { base } = where;
  const expose = flag(options, 'dangerouslyExposeAccessToken', false);
  const signedOut = redirectUri(options, 'postLogoutRedirectUri');
  if (base && expose) {
    refuse('dangerouslyExposeAccessToken', 'cannot be had of a vault with an origin of its own');
  }
  const answerPage = base && new URL('callback.html', base).href;
  const back = redirectUri(options, 'redirectUri', answerPage) ?? `${location.origin}/`;
  const silent = own('silent', options.is.silent ?? {}, 'onLoad redirectUri responseMode timeoutMs');
  const hmac = flag(options, 'dangerouslyAcceptHmacIdTokens', false);
  const alg = text(options, 'idTokenSigningAlg');
  if (alg && !ALG.test(alg) && !(hmac && /^HS(256|384|512)$/.test(alg))) {
    refuse('idTokenSigningAlg', 'must be one of RS, PS and ES with 256, 384 or 512, or EdDSA');
  }
  if (metadata !== undefined && (typeof metadata !== 'object' || metadata === null)) {
    refuse('metadata', "must be the provider's metadata as an object");
  }
  if (navigate !== undefined && typeof navigate !== 'function') refuse('navigate', 'must be a function');
  if (typeof dpop !== 'boolean' && dpop !== 'required') refuse('dpop', "must be true, false or 'required'");
  if (!Array.isArray(apis)) refuse('apis', 'must be an array');
  const responseMode = oneOf<ResponseMode>(options, 'responseMode', MODES);
  const silentMode = oneOf<ResponseMode>(silent, 'responseMode', ['web_message', ...MODES]);
  const entries = apis.map(api);
  entries.forEach(({ url }, at) => {
    if (entries.findIndex((other) => other.url === url) < at) refuse(`apis[${at}].url`, 'is there twice');
  });
  return {
    wire: {
      issuer,
      clientId,
      scope: text(options, 'scope') ?? 'openid profile email',
      redirectUri: back,
      postLogoutRedirectUri: answerPage ?? signedOut ?? back,
      ...(responseMode && { responseMode }),
      params: pairs('params', params),
      apis: entries,
      silent: {
        onLoad: flag(silent, 'onLoad', true),
        redirectUri: redirectUri(silent, 'redirectUri', answerPage) ?? back,
        ...(silentMode && { responseMode: silentMode }),
        timeoutMs: millis(silent, 'timeoutMs', 10_000),
      },
      ...(metadata !== undefined && { metadata: JSON.stringify(metadata) }),
      monitorSession: flag(options, 'monitorSession', false),
      userinfo: flag(options, 'userinfo', false),
      ...(pushedAuthorizationRequests !== undefined && {
        pushedAuthorizationRequests: flag(options, 'pushedAuthorizationRequests', false),
      }),
      ...(alg && { idTokenSigningAlg: alg }),
      dangerouslyAcceptHmacIdTokens: hmac,
      dangerouslyExposeAccessToken: expose,
      dpop: dpop === true ? 'allowed' : dpop || 'off',
      dpopSigningAlg: oneOf<ProofAlg>(options, 'dpopSigningAlg', ['ES256', 'EdDSA']) ?? 'ES256',
      requestTimeoutMs: millis(options, 'requestTimeoutMs', 10_000),
      origin: location.origin,
      ...(base && { vaultOrigin: base.origin }),
      statePrefix: statePrefix(issuer, clientId),
    },
    vault: where,
    signedOutUri: base && (signedOut ?? `${location.origin}/`),
    normalizeClaims: flag(options, 'normalizeClaims', false),
    navigate: navigate as Checked['navigate'],
    assetsUrl: assetsUrl === undefined ? undefined : parse('assetsUrl', folder(String(assetsUrl)), document.baseURI),
  };
}
