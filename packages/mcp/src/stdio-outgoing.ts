import { CoreError, encodeUtf8, isJsonObject, type JsonObject, parseJson } from '@behalf/core'
import { McpError } from './error.ts'
import { type McpMessage, readMcpMessage } from './mcp-message.ts'
import { PROOF_META, readMeta, withMeta } from './message-meta.ts'

/** A message on its way to a server on stdio. */
export interface StdioOutgoing {
  /** What the proof covers: everything but `jsonrpc`, with room for the proof. */
  readonly plain: JsonObject
  readonly message: McpMessage
  /** Of the SDK, handed on with it. */
  readonly options: unknown
}

/**
 * A message as it is sent, read as strictly as the server will: what it would refuse is not signed.
 *
 * @param message as the SDK holds it
 * @throws McpError json_ambiguous, request_malformed, request_too_large; VerifierError as `readMcpMessage`
 */
export function readStdioOutgoing(message: object, options: unknown, maxBytes: number): StdioOutgoing {
  const value = readStrictly(JSON.stringify(message), maxBytes)
  const read = readMcpMessage(value)
  const { jsonrpc: _, ...plain } = value
  const { [PROOF_META]: _proof, ...meta } = readMeta(plain) ?? {}
  return { plain: withMeta(plain, meta), message: read, options }
}

/**
 * The message with its proof.
 *
 * @throws McpError request_too_large
 */
export function attachProof({ plain }: StdioOutgoing, proof: JsonObject, maxBytes: number): JsonObject {
  const message = { jsonrpc: '2.0', ...withMeta(plain, { ...readMeta(plain), [PROOF_META]: proof }) }
  checkLength(JSON.stringify(message), maxBytes)
  return message
}

function readStrictly(text: string, maxBytes: number): JsonObject {
  checkLength(text, maxBytes)
  try {
    const value = parseJson(text, { maxBytes })
    if (isJsonObject(value)) return value
  } catch (cause) {
    if (!(cause instanceof CoreError)) throw cause
    if (cause.code === 'json_ambiguous') throw new McpError('json_ambiguous', cause.message, { cause })
  }
  throw new McpError('request_malformed', 'the message is not one that JSON can carry')
}

function checkLength(text: string, maxBytes: number): void {
  if (encodeUtf8(text).length <= maxBytes) return
  throw new McpError('request_too_large', `the message exceeds ${maxBytes} bytes`)
}
