import {
  CoreError,
  isJsonObject,
  type JsonLimits,
  type JsonObject,
  type JsonValue,
  parseJson,
} from '@behalf/core'
import { VerifierError } from '@behalf/verifier'

/** One JSON-RPC message of MCP, read in the only way there is. */
export type McpMessage = McpRequest | McpNotification | McpResponse

/** A call that wants an answer. */
export interface McpRequest {
  readonly kind: 'request'
  readonly id: string | number
  readonly method: string
  /** Empty when the message has none. */
  readonly params: JsonObject
}

/** A call that wants none. */
export interface McpNotification {
  readonly kind: 'notification'
  readonly method: string
  readonly params: JsonObject
}

/** The answer to what the other side asked. */
export interface McpResponse {
  readonly kind: 'response'
}

const MEMBERS: ReadonlySet<string> = new Set(['jsonrpc', 'id', 'method', 'params', 'result', 'error'])
const METHOD = /^[A-Za-z0-9_./-]{1,128}$/

/**
 * The one message in a body.
 *
 * @param body UTF-8
 * @throws VerifierError json_ambiguous (a member twice, or beside one that differs only in case), mcp_batch_unsupported,
 * request_malformed (not JSON, not JSON-RPC 2.0, a member that JSON-RPC does not define)
 * @see JSON-RPC 2.0 sections 4 and 5, MCP 2026-07-28 and 2025-11-25 (base protocol)
 */
export function parseMcpMessage(body: Uint8Array): McpMessage {
  return readMcpMessage(parseMcpJson(body))
}

/**
 * The same, of JSON that was read strictly.
 *
 * @throws VerifierError as `parseMcpMessage`, but json_ambiguous
 */
export function readMcpMessage(value: JsonValue): McpMessage {
  if (Array.isArray(value)) throw new VerifierError('mcp_batch_unsupported', 'the body is a batch')
  if (!isJsonObject(value) || value['jsonrpc'] !== '2.0') throw malformed('the body is not JSON-RPC 2.0')
  // What one reader takes for a member and another leaves out would be decided on by only one of them.
  if (!Object.keys(value).every((name) => MEMBERS.has(name))) throw malformed('a member is none of JSON-RPC')
  const { method } = value
  if (method === undefined) return readResponse(value)
  if (typeof method !== 'string' || !METHOD.test(method)) throw malformed('the method is not a name')
  if ('result' in value || 'error' in value) throw malformed('a call that is an answer')
  const params = readParams(value)
  if (!('id' in value)) return { kind: 'notification', method, params }
  return { kind: 'request', id: readId(value), method, params }
}

function readParams({ params = {} }: JsonObject): JsonObject {
  if (!isJsonObject(params)) throw malformed('the params are not an object')
  return params
}

function readResponse(value: JsonObject): McpResponse {
  if ('result' in value === 'error' in value) throw malformed('neither a call nor an answer')
  return { kind: 'response' }
}

function readId({ id }: JsonObject): string | number {
  if (typeof id === 'string' || Number.isSafeInteger(id)) return id as string | number
  throw malformed('the id is neither a text nor an integer')
}

/**
 * The JSON of a body that every reader reads the same way.
 *
 * @param body UTF-8
 * @throws VerifierError json_ambiguous, request_malformed
 */
export function parseMcpJson(body: Uint8Array, limits?: JsonLimits): JsonValue {
  try {
    return parseJson(body, limits)
  } catch (cause) {
    if (!(cause instanceof CoreError)) throw cause
    if (cause.code === 'json_ambiguous') throw new VerifierError('json_ambiguous', cause.message, { cause })
    throw new VerifierError('request_malformed', 'the body is not JSON', { cause })
  }
}

function malformed(message: string): VerifierError {
  return new VerifierError('request_malformed', message)
}
