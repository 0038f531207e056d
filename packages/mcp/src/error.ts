import { BehalfError } from '@behalf/core'
import type { VerifierErrorCode } from '@behalf/verifier'

/**
 * Why a call was not made, or why the server refused it: the code of the wire. `server_refused` is a refusal whose code
 * this version does not know.
 */
export type McpErrorCode = VerifierErrorCode | 'server_refused'

/** What a refusal tells beside its code. */
export interface McpErrorEvidence {
  /** HTTP status of the answer; absent where nothing was sent. */
  readonly status?: number
  /** Handle of the refused call in the server's record. */
  readonly requestId?: string
  /** What a delegation would have to cover. */
  readonly requiredScope?: string
  readonly cause?: unknown
}

/** A call that was not made because it must not be, or that the server refused. */
export class McpError extends BehalfError<McpErrorCode> {
  override readonly name: string = 'McpError'
  readonly status: number | undefined
  readonly requestId: string | undefined
  readonly requiredScope: string | undefined

  constructor(code: McpErrorCode, message: string, evidence: McpErrorEvidence = {}) {
    super(code, message, evidence.cause === undefined ? {} : { cause: evidence.cause })
    this.status = evidence.status
    this.requestId = evidence.requestId
    this.requiredScope = evidence.requiredScope
  }
}
