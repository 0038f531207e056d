import { BehalfError } from '@behalf/core'
import type { PolicyPosition } from './policy-rule.ts'

/** Every code an issuer refuses with. All but `policy_invalid` reach HTTP. */
export type IssuerErrorCode =
  | 'access_denied'
  | 'approval_consumed'
  | 'approval_expired'
  | 'approval_mismatch'
  | 'authorization_pending'
  | 'chain_cycle'
  | 'credential_revoked'
  | 'credential_suspended'
  | 'forbidden'
  | 'input_invalid'
  | 'invalid_grant'
  | 'invalid_scope'
  | 'invalid_target'
  | 'key_mismatch'
  | 'key_revoked'
  | 'not_found'
  | 'policy_invalid'
  | 'policy_unknown'
  | 'rate_limited'
  | 'slow_down'
  | 'status_invalid'
  | 'webauthn_challenge_invalid'

/** What a refusal carries besides its code: our own values, never the caller's. */
export interface IssuerErrorEvidence {
  readonly cause?: unknown
  /** The member that is wrong, as a path such as `workflow.id`. */
  readonly field?: string
  /** The link of the chain that is wrong, 0 = root. */
  readonly link?: number
  /** Where a policy is wrong. */
  readonly position?: PolicyPosition
  /** When to try again, in seconds. */
  readonly retryAfterSeconds?: number
}

/** A refusal by the issuer. The code is the contract, the message is for people. */
export class IssuerError extends BehalfError<IssuerErrorCode> {
  readonly field?: string
  readonly link?: number
  readonly position?: PolicyPosition
  readonly retryAfterSeconds?: number

  constructor(code: IssuerErrorCode, message: string, evidence: IssuerErrorEvidence = {}) {
    super(code, message, 'cause' in evidence ? { cause: evidence.cause } : {})
    if (evidence.field !== undefined) this.field = evidence.field
    if (evidence.link !== undefined) this.link = evidence.link
    if (evidence.position !== undefined) this.position = evidence.position
    if (evidence.retryAfterSeconds !== undefined) this.retryAfterSeconds = evidence.retryAfterSeconds
  }
}
