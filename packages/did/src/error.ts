import { BehalfError } from '@behalf/core'

/** Why this package refused its input. */
export type DidErrorCode = 'key_invalid' | 'keyid_unsupported' | 'resolution_invalid'

/** The error class of `@behalf/did`. */
export class DidError extends BehalfError<DidErrorCode> {}
