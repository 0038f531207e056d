import { isJsonObject, type JsonObject, parseJson } from '@behalf/core'
import { type AnyVerifiedRequest, VerifierError } from '@behalf/verifier'
import { type McpMessage, readMcpMessage } from './mcp-message.ts'

/** The member of `_meta` in which a server behind a front is told who calls. */
export const CALLER_META = 'behalf/caller'
/** Where a request of MCP 2026-07-28 says which version it speaks. */
export const VERSION_META = 'io.modelcontextprotocol/protocolVersion'

/** Names in `_meta` that callers have no say in. */
const RESERVED = /^behalf\//iu

/** A message of a caller as a server is given it. */
export interface ForwardedMessage {
  readonly read: McpMessage
  /** What is sent: the message, with what was verified of its caller, and nothing that the caller said of itself. */
  readonly value: JsonObject
}

/**
 * What a server is given of a verified message. In `_meta` stands under `CALLER_META` who calls, whatever stood there.
 *
 * @throws VerifierError request_malformed, mcp_batch_unsupported; CoreError for a body that is not strict JSON
 */
export function toForwardedMessage(verified: AnyVerifiedRequest<unknown>): ForwardedMessage {
  const value = parseJson(verified.body)
  const read = readMcpMessage(value)
  if (!isJsonObject(value)) throw malformed('the body is not a message')
  if (read.kind === 'response') return { read, value: withoutClaims(value, 'result') }
  const claimless = withoutClaims(value, 'params')
  const params = memberOf(claimless, 'params')
  const meta = { ...memberOf(params, '_meta'), [CALLER_META]: describeCaller(verified) }
  return { read, value: { ...claimless, params: { ...params, _meta: meta } } }
}

/** The `_meta` of params or a result; empty where there is none. */
export function metaOf(holder: JsonObject): JsonObject {
  return memberOf(holder, '_meta')
}

function memberOf(holder: JsonObject, name: string): JsonObject {
  const value = holder[name] ?? {}
  if (isJsonObject(value)) return value
  throw malformed(`${name} is not an object`)
}

function withoutClaims(value: JsonObject, part: 'params' | 'result'): JsonObject {
  const holder = value[part]
  if (!isJsonObject(holder) || holder['_meta'] === undefined) return value
  return { ...value, [part]: { ...holder, _meta: withoutReserved(metaOf(holder)) } }
}

/** What a caller may say in `_meta`: nothing under names that it has no say in. */
export function withoutReserved(meta: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(meta).filter(([name]) => !RESERVED.test(name)))
}

/** What a server is told of its caller, as JSON. */
export function describeCaller(verified: AnyVerifiedRequest<unknown>): JsonObject {
  const { agent, principal, chain, requestId, workflow } = verified
  const { issuer, id, role, tenant } = principal
  return {
    agent,
    principal: { issuer, id, ...(role !== undefined && { role }), ...(tenant !== undefined && { tenant }) },
    delegation: chain.leaf.id,
    request_id: requestId,
    ...(workflow !== undefined && {
      workflow: { id: workflow.id, ...(workflow.run !== undefined && { run: workflow.run }) },
    }),
  }
}

function malformed(message: string): VerifierError {
  return new VerifierError('request_malformed', message)
}
