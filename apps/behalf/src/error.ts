import { BehalfError } from '@behalf/core'

/** The codes the command itself adds or answers with; codes of the packages below pass through unchanged. */
export type CommandErrorCode =
  | 'access_denied'
  | 'address_in_use'
  | 'address_unavailable'
  | 'approval_consumed'
  | 'approval_expired'
  | 'audit_proof_invalid'
  | 'authority_response_invalid'
  | 'authority_unreachable'
  | 'authorization_pending'
  | 'confirmation_missing'
  | 'credential_malformed'
  | 'credential_missing'
  | 'file_exists'
  | 'folder_unwritable'
  | 'forbidden'
  | 'http_failure'
  | 'input_invalid'
  | 'json_ambiguous'
  | 'json_malformed'
  | 'keystore_auth_failed'
  | 'keystore_exists'
  | 'keystore_insecure'
  | 'keystore_missing'
  | 'not_found'
  | 'policy_invalid'
  | 'rate_limited'
  | 'status_stale'
  | 'status_unavailable'
  | 'target_unreachable'
  | 'usage_invalid'

/** What a failure may carry beyond its code and message. */
export interface CommandErrorOptions {
  /** What the person can do next; without it the table of codes says it. */
  readonly next?: string | undefined
  /** Further members of the JSON document that reports the failure. */
  readonly document?: Readonly<Record<string, unknown>> | undefined
  readonly cause?: unknown
}

/** A command that did not do what it was asked: the code is stable, the message is for people. */
export class CommandError<Code extends string = CommandErrorCode> extends BehalfError<Code> {
  readonly next: string | undefined
  readonly document: Readonly<Record<string, unknown>> | undefined

  constructor(code: Code, message: string, options: CommandErrorOptions = {}) {
    super(code, message, { cause: options.cause })
    this.name = 'CommandError'
    this.next = options.next
    this.document = options.document
  }
}

/**
 * The error of a command line that cannot be understood (exit 2).
 *
 * @param message what is wrong with it
 * @param next how to write it instead
 */
export function usageError(message: string, next?: string): CommandError {
  return new CommandError('usage_invalid', message, { next })
}
