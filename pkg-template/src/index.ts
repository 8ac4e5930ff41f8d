export { type ErrorCode, isStrongroomError, type ProviderErrorCode, StrongroomError } from './errors.js';
export { createSession } from './session.js';
export type * from './types.js';
