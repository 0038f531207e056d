import { isJsonObject, type JsonObject } from '@behalf/core'
import { type MessageProtocol, type ProvenMessage, type ReadMessage, VerifierError } from '@behalf/verifier'
import { type McpMessage, parseMcpJson, readMcpMessage } from './mcp-message.ts'
import { authorizeMessage } from './mcp-protocol.ts'
import { PROOF_META, readMeta, withMeta } from './message-meta.ts'
import type { StdioCalls } from './stdio-calls.ts'
import type { StdioSession } from './stdio-session.ts'

/** What a server on stdio is. */
export interface StdioFacts {
  /** URI as capabilities name it. */
  readonly audience: string
  /** The greatest message, in bytes. */
  readonly maxBytes: number
  readonly session: StdioSession
  readonly calls: Pick<StdioCalls, 'holderOf'>
}

/**
 * What messages mean to a server on stdio. Only capabilities of type `mcp` for exactly its URI count, held against the
 * message as it was strictly parsed.
 */
export function createStdioProtocol({ audience, maxBytes, session, calls }: StdioFacts): MessageProtocol {
  return {
    read: (bytes) => readMessage(bytes, maxBytes),
    authorize: (proven) => {
      const message = readMcpMessage({ jsonrpc: '2.0', ...proven.message })
      const allowed = authorizeMessage(message, { location: audience, ...proven })
      session.check(message, proven)
      checkCall(message, proven, calls)
      return allowed
    },
  }
}

/** @throws VerifierError json_ambiguous, mcp_batch_unsupported, request_malformed */
function readMessage(bytes: Uint8Array, maxBytes: number): ReadMessage {
  const value = parseMcpJson(bytes, { maxBytes })
  readMcpMessage(value)
  if (!isJsonObject(value)) throw new VerifierError('request_malformed', 'the message is no object')
  const { jsonrpc: _, ...message } = value
  const meta = readMeta(message)
  if (meta === undefined) return { message, proof: undefined }
  const { [PROOF_META]: proof, ...rest } = meta
  const { traceparent } = rest
  return {
    message: withMeta(message, rest),
    proof,
    ...(typeof traceparent === 'string' && { traceparent }),
  }
}

/** An id names one call at a time, and only whose call it is may cancel it. */
function checkCall(message: McpMessage, proven: ProvenMessage, calls: StdioFacts['calls']): void {
  if (message.kind === 'request' && calls.holderOf(message.id) !== undefined) {
    throw new VerifierError('request_malformed', 'the id is that of a call in flight')
  }
  const holder = calls.holderOf(cancelledBy(proven.message))
  if (holder !== undefined && holder !== proven.agent) {
    throw new VerifierError('mcp_session_mismatch', 'the call is of another key')
  }
}

/** Id of the call that a message cancels; undefined of every other message. */
export function cancelledBy({ method, params }: JsonObject): unknown {
  return method === 'notifications/cancelled' && isJsonObject(params) ? params['requestId'] : undefined
}
