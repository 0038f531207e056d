import { BehalfError } from '@behalf/core'

/** Why a log, a checkpoint or a proof was not believed. */
export type AuditLogErrorCode = 'audit_unavailable' | 'audit_proof_invalid' | 'audit_gap' | 'audit_fork'

/** What an error of the log is about, as far as it is known. */
export interface AuditEvidence {
  /** Index of the entry. */
  readonly index?: number
  readonly cause?: unknown
}

/** The error class of `@behalf/audit-log`. */
export class AuditLogError extends BehalfError<AuditLogErrorCode> {
  readonly index: number | undefined

  constructor(code: AuditLogErrorCode, message: string, { index, cause }: AuditEvidence = {}) {
    super(code, message, { cause })
    this.index = index
  }
}
