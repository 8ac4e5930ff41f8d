import { fail } from './errors.js';
import type { Placement, SessionOptions } from './types.js';
import type { ApiOptions, Dpop, Options, ProofAlg, ResponseMode } from './wire.js';

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

/** Gives what an option stands for, or refuses it by its name. */
type Reader<T> = (value: unknown, name: string) => T;

/** Refuses an option: its name, and what it must be. */
function refuse(name: string, expected: string): never {
  throw fail('invalid_option', `${name} ${expected}`);
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

/**
 * Reads the options `given`, which must all have a reader; what is not there stays away. Only properties of their own
 * count: a polluted prototype supplies none.
 */
export function read<T>(name: string, given: unknown, readers: { [K in keyof T]: Reader<T[K]> }): Partial<T> {
  const own = Object.assign(Object.create(null), object(given, name));
  const at = name === 'options' ? '' : `${name}.`;
  const names = Object.keys(readers);
  for (const key in own) {
    if (!names.includes(key)) {
      const flat = (text: string) => text.replace(/[^a-z]/gi, '').toLowerCase();
      const meant = RENAMED[key] ?? names.find((other) => flat(other) === flat(key));
      refuse(`${name}.${key}`, `is not known${meant ? `; did you mean ${meant}?` : `: known are ${names.join(', ')}`}`);
    }
  }
  const found = Object.create(null);
  for (const key of names as (keyof T & string)[]) {
    if (own[key] !== undefined) found[key] = readers[key](own[key], at + key);
  }
  return found;
}

/** Takes anything. */
export const any = <T>(value: unknown) => value as T;

function object(value: unknown, name: string): object {
  return typeof value === 'object' && value && !Array.isArray(value) ? value : refuse(name, 'must be an object');
}

export function text(value: unknown, name: string): string {
  return typeof value === 'string' && value ? value : refuse(name, 'must be a non-empty string');
}

function flag(value: unknown, name: string): boolean {
  return typeof value === 'boolean' ? value : refuse(name, 'must be true or false');
}

function oneOf<T extends string>(...values: T[]): Reader<T> {
  const quoted = values.map((value) => `'${value}'`);
  return (value, name) => (values.includes(value as T) ? (value as T) : refuse(name, `must be ${quoted.join(' or ')}`));
}

/** Milliseconds, within what a timer can wait. */
export function millis(value: unknown, name: string): number {
  return typeof value === 'number' && value > 0 && value < 2 ** 31
    ? Math.ceil(value)
    : refuse(name, 'must be a number of milliseconds above 0');
}

/** Response modes that a redirect can have; those with `jwt` are signed (JARM). */
const MODES = ['query', 'fragment', 'jwt', 'query.jwt', 'fragment.jwt'] as const;
/** Signature algorithms with a key pair. */
const ALG = /^([RPE]S(256|384|512)|EdDSA)$/;

/** What Strongroom sets itself in an authorization request. */
const RESERVED =
  'client_id client_secret code code_challenge code_challenge_method code_verifier nonce redirect_uri request request_uri response_mode response_type scope state';

/** Extra parameters as pairs: an object of strings, without what Strongroom sets itself. */
export function pairs(value: unknown, name: string): [string, string][] {
  if (typeof value !== 'object' || !value) refuse(name, 'must be an object of strings');
  return Object.entries(value).map(([key, value]) => {
    if (RESERVED.split(' ').includes(key)) refuse(name, `must not contain ${key}`);
    return [key, typeof value === 'string' ? value : refuse(`${name}.${key}`, 'must be a string')];
  });
}

function parse(value: string, name: string, base?: string): URL {
  try {
    return new URL(value, base);
  } catch {
    return refuse(name, base ? 'must be a URL' : "must be an absolute URL, such as 'https://example.com'");
  }
}

/** An absolute URL that is https, or http on loopback, without user, query and fragment. */
function secureUrl(value: unknown, name: string): URL {
  const url = parse(text(value, name), name);
  const loopback = /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback)) {
    refuse(name, 'must be https; http only on loopback (localhost)');
  }
  if (url.username || url.password || /[?#]/.test(value as string)) {
    refuse(name, 'must have no user, query and fragment');
  }
  return url;
}

/** A URL of the page's own origin, in full. */
export function ownUrl(value: unknown, name: string): string {
  const url = parse(text(value, name), name, document.baseURI);
  if (url.origin !== location.origin) {
    refuse(name, `must be of the page's origin ${location.origin}, and is of ${url.origin}`);
  }
  return url.href;
}

/** `fixed` is what it is without being asked, with a vault that has an origin of its own. */
function redirectUri(value: string | undefined, name: string, fixed?: string): string | undefined {
  if (value === undefined) return fixed;
  if (fixed) refuse(name, `must be left out: it is ${fixed}, a page of the vault's origin`);
  if (value.includes('#')) refuse(name, 'must have no fragment (RFC 6749 section 3.1.2)');
  return ownUrl(value, name);
}

function api(value: unknown, name: string): ApiOptions {
  const found = read(name, value, {
    url: (value, name) => secureUrl(value, name).href,
    scope: (value, name) =>
      typeof value === 'string' ? value : refuse(name, 'must be a string of scopes separated by spaces'),
    audience: text,
    resource: text,
  });
  const { url = refuse(`${name}.url`, 'is missing'), audience, resource } = found;
  if (audience && resource) {
    refuse(`${name}.audience`, 'and resource exclude each other: use what your provider knows');
  }
  return { scope: '', ...found, url };
}

function apis(value: unknown, name: string): ApiOptions[] {
  if (!Array.isArray(value)) refuse(name, 'must be an array');
  const entries = value.map((entry, at) => api(entry, `${name}[${at}]`));
  entries.forEach(({ url }, at) => {
    if (entries.findIndex((other) => other.url === url) < at) refuse(`${name}[${at}].url`, 'is there twice');
  });
  return entries;
}

function vault(value: unknown, name: string): Vault {
  const { origin: base, ...found } = read(name, typeof value === 'object' ? value : { placement: value }, {
    placement: (value) =>
      PLACEMENTS.includes(value as Placement)
        ? (value as Placement)
        : refuse(name, "must be 'shared', 'worker' or 'closure', or { origin } for a vault on an origin of its own"),
    fallback: flag,
    origin: (value, name) => secureUrl(folder(text(value, name)), name),
  });
  if (base?.origin === location.origin) {
    refuse('vault.origin', `must be another origin than the page's, ${location.origin}; leave it out otherwise`);
  }
  return { placement: 'shared', fallback: true, ...found, base };
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

/** The options of silent authentication, as they are given. */
const silent = (value: unknown, name: string) =>
  read(name, value, {
    onLoad: flag,
    redirectUri: text,
    responseMode: oneOf<ResponseMode>('web_message', ...MODES),
    timeoutMs: millis,
  });

/** Checks what a caller configured, and fills in the defaults. Throws `invalid_option` or `insecure_context`. */
export function check(given: SessionOptions): Checked {
  const options = read('options', given, {
    issuer: text,
    clientId: text,
    scope: text,
    redirectUri: text,
    postLogoutRedirectUri: text,
    responseMode: oneOf<ResponseMode>(...MODES),
    params: pairs,
    apis,
    silent,
    metadata: (value, name) =>
      typeof value === 'object' && value
        ? JSON.stringify(value)
        : refuse(name, "must be the provider's metadata as an object"),
    vault,
    requestTimeoutMs: millis,
    navigate: (value, name) =>
      typeof value === 'function' ? (value as (url: string) => void) : refuse(name, 'must be a function'),
    assetsUrl: (value, name) => parse(folder(String(value)), name, document.baseURI),
    userinfo: flag,
    pushedAuthorizationRequests: flag,
    idTokenSigningAlg: text,
    dangerouslyAcceptHmacIdTokens: flag,
    normalizeClaims: flag,
    dpop: (value, name): Dpop => {
      if (typeof value === 'boolean') return value ? 'allowed' : 'off';
      return value === 'required' ? value : refuse(name, "must be true, false or 'required'");
    },
    dpopSigningAlg: oneOf<ProofAlg>('ES256', 'EdDSA'),
    dangerouslyExposeAccessToken: flag,
    monitorSession: flag,
  });
  const { issuer = refuse('issuer', 'is missing'), clientId = refuse('clientId', 'is missing') } = options;
  secureUrl(issuer, 'issuer');
  if (!isSecureContext || !crypto.subtle) {
    throw fail(
      'insecure_context',
      `${location.origin} is not a secure context: the browser withholds crypto.subtle`,
      'serve the page over https, or from http://localhost while developing',
    );
  }
  const alg = options.idTokenSigningAlg;
  if (alg && !ALG.test(alg) && !(options.dangerouslyAcceptHmacIdTokens && /^HS(256|384|512)$/.test(alg))) {
    refuse('idTokenSigningAlg', 'must be one of RS, PS and ES with 256, 384 or 512, or EdDSA');
  }
  const {
    redirectUri: backUri,
    postLogoutRedirectUri,
    silent: { redirectUri: frameUri, ...frame } = silent({}, 'silent'),
    vault: where = vault({}, 'vault'),
    normalizeClaims = false,
    navigate,
    assetsUrl,
    ...more
  } = options;
  const { base } = where;
  if (base && options.dangerouslyExposeAccessToken) {
    refuse('dangerouslyExposeAccessToken', 'cannot be had of a vault with an origin of its own');
  }
  const home = `${location.origin}/`;
  const answerPage = base && new URL('callback.html', base).href;
  const back = redirectUri(backUri, 'redirectUri', answerPage) ?? home;
  const signedOut = redirectUri(postLogoutRedirectUri, 'postLogoutRedirectUri');
  return {
    wire: {
      scope: 'openid profile email',
      params: [],
      apis: [],
      monitorSession: false,
      userinfo: false,
      dangerouslyAcceptHmacIdTokens: false,
      dangerouslyExposeAccessToken: false,
      dpop: 'off',
      dpopSigningAlg: 'ES256',
      requestTimeoutMs: 10_000,
      // The rest that is given, always in the order of the readers: the text of all this is a shared worker's name.
      ...more,
      issuer,
      clientId,
      redirectUri: back,
      postLogoutRedirectUri: answerPage ?? signedOut ?? back,
      silent: {
        onLoad: true,
        timeoutMs: 10_000,
        ...frame,
        redirectUri: redirectUri(frameUri, 'silent.redirectUri', answerPage) ?? back,
      },
      origin: location.origin,
      ...(base && { vaultOrigin: base.origin }),
      statePrefix: statePrefix(issuer, clientId),
    },
    vault: where,
    signedOutUri: base && (signedOut ?? home),
    normalizeClaims,
    navigate,
    assetsUrl,
  };
}
