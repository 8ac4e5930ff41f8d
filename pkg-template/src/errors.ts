import type { OwnErrorCode } from './wire.js';

export type { OwnErrorCode };

/** Error codes of OAuth 2.0, OpenID Connect and their extensions, as providers send them. */
export type ProviderErrorCode =
  | 'access_denied'
  | 'account_selection_required'
  | 'consent_required'
  | 'interaction_required'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_request'
  | 'invalid_scope'
  | 'invalid_target'
  | 'login_required'
  | 'server_error'
  | 'temporarily_unavailable'
  | 'unauthorized_client'
  | 'unmet_authentication_requirements'
  | 'unsupported_response_type';

/** What went wrong: Strongroom's own codes, and whatever code the provider sends. */
export type ErrorCode = OwnErrorCode | ProviderErrorCode | (string & {});

/** What a {@link StrongroomError} is made of. */
export type StrongroomErrorInit = Pick<StrongroomError, 'code' | 'message'> & {
  readonly [K in 'hint' | 'claim' | 'error' | 'errorDescription' | 'errorUri' | 'status']?: StrongroomError[K];
} & { readonly reasons?: readonly StrongroomErrorInit[] };

/** Everything Strongroom throws or rejects with. Never holds a token. */
export class StrongroomError extends Error {
  override readonly name = 'StrongroomError';
  /** What went wrong; stable, to be compared with. */
  declare readonly code: ErrorCode;
  /** What to do about it, for the developer. */
  declare readonly hint: string | undefined;
  /** The claim of an ID token that failed, with `invalid_id_token`. */
  declare readonly claim: string | undefined;
  /** `error`, as the provider sent it. */
  declare readonly error: string | undefined;
  /** `error_description`, as the provider sent it. */
  declare readonly errorDescription: string | undefined;
  /** `error_uri`, as the provider sent it. */
  declare readonly errorUri: string | undefined;
  /** The HTTP status of the provider's answer. */
  declare readonly status: number | undefined;
  /** Why the steps before the last one could not serve. */
  readonly reasons: readonly StrongroomError[];

  /** Also for one of another copy of the package, such as that of `strongroom/testing`. */
  static override [Symbol.hasInstance](value: unknown): value is StrongroomError {
    return isStrongroomError(value);
  }

  /** For tests of code that handles errors: Strongroom makes its own. */
  constructor(error: StrongroomErrorInit, cause?: unknown) {
    const { message, reasons = [], ...said } = error;
    super(message, cause === undefined ? undefined : { cause });
    Object.assign(this, said);
    this.reasons = reasons.map((reason) => new StrongroomError(reason));
  }
}

/** Whether `value` is a {@link StrongroomError}, also one of another copy of the package. */
export function isStrongroomError(value: unknown): value is StrongroomError {
  return value instanceof Error && value.name === 'StrongroomError' && 'code' in value;
}

/** An error of the page part's own. */
export function fail(code: OwnErrorCode, message: string, hint?: string, cause?: unknown): StrongroomError {
  return new StrongroomError({ code, message, ...(hint && { hint }) }, cause);
}
