import { McpError } from './error.ts'
import { isKnownCode, isRequestId } from './read-refusal.ts'

/** What a call that was begun is answered with when its chain died. */
export interface EndedCall {
  readonly jsonrpc: '2.0'
  readonly id: string | number
  readonly error: {
    readonly code: typeof REFUSED
    readonly message: string
    readonly data: { readonly code: string; readonly request_id: string }
  }
}

/** JSON-RPC 2.0 section 5.1: in the range for what a server defines. */
export const REFUSED = -32_000

/**
 * The answer of a call that ended because it would not be accepted any more.
 *
 * @param code of the wire, with which a new one would be refused
 * @param requestId handle of the call in the record
 */
export function createEndedCall(
  id: string | number,
  { code, requestId }: { readonly code: string; readonly requestId: string },
): EndedCall {
  const message = `the call was ended (${code})`
  return { jsonrpc: '2.0', id, error: { code: REFUSED, message, data: { code, request_id: requestId } } }
}

/** The refusal that an answer is; undefined of every other message. */
export function readEndedCall(message: { readonly error?: unknown }): McpError | undefined {
  const { error } = message
  if (!isObject(error) || error['code'] !== REFUSED || !isObject(error['data'])) return undefined
  const { code, request_id: requestId } = error['data']
  if (typeof code !== 'string' || !isKnownCode(code) || !isRequestId(requestId)) return undefined
  return new McpError(code, `the server ended the call (${code})`, { requestId })
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
