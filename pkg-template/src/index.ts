export {
  type ErrorCode,
  isStrongroomError,
  type OwnErrorCode,
  type ProviderErrorCode,
  StrongroomError,
  type StrongroomErrorInit,
} from './errors.js';
export { createSession } from './session.js';
export type * from './types.js';
