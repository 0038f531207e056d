import { isJsonObject, type JsonObject } from '@behalf/core'
import { REFUSED } from './ended-call.ts'
import type { McpError } from './error.ts'
import { describeRefusal } from './read-refusal.ts'

/** That a call was refused, and what may help. */
export interface StdioRefusal {
  readonly error: McpError
  /** Whether the server wants to see the evidence of the approval. */
  readonly asksForEvidence: boolean
}

const PROBLEM = /^urn:(?:behalf:error|ietf:params:sig-error):/u

/**
 * The refusal that an answer is; undefined of an answer that the server itself gave.
 *
 * @param message as the SDK decoded it
 */
export function readStdioRefusal(message: object): StdioRefusal | undefined {
  const { error } = message as { readonly error?: unknown }
  if (!isJsonObject(error) || error['code'] !== REFUSED) return undefined
  const { data } = error
  if (!isJsonObject(data) || typeof data['type'] !== 'string' || !PROBLEM.test(data['type'])) return undefined
  const { status, missing } = data
  return {
    error: describeRefusal(data, typeof status === 'number' ? status : 0),
    asksForEvidence: Array.isArray(missing) && missing.includes('approval-evidence'),
  }
}

/** Id of the call that a message answers; undefined of one that is no answer. */
export function answeredId(message: object): string | number | undefined {
  if ('method' in message) return undefined
  const { id } = message as JsonObject
  return typeof id === 'string' || typeof id === 'number' ? id : undefined
}
