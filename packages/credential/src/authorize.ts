import { CoreError, isJsonObject, type JsonObject, type JsonValue, parseJson } from '@behalf/core'
import { isUnderstoodCapability } from './attenuation.ts'
import type { Capability, HttpCapability, McpCapability } from './capability.ts'
import { allowsValues, type ConstraintVerdict, checkTime } from './constraint.ts'
import { CredentialError, type CredentialErrorCode } from './error.ts'
import { matchesPath } from './path-pattern.ts'
import { parseQuery } from './query.ts'

/** What an HTTP request wants to do. */
export interface HttpAccess {
  readonly type: 'http'
  /** The configured origin, such as `https://api.example.com`. */
  readonly origin: string
  readonly method: string
  /** The path as sent. */
  readonly path: string
  /** The bytes after `?` as sent, empty when there are none. */
  readonly query: string
  /** Absent or empty when the request has none. */
  readonly body?: Uint8Array
  /** The `Content-Type` as sent; a body constraint is satisfied by `application/json` or a `+json` type alone. */
  readonly contentType?: string
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** What an MCP request wants to do. */
export interface McpAccess {
  readonly type: 'mcp'
  /** The URL of the endpoint as configured. */
  readonly location: string
  /** The JSON-RPC method. */
  readonly action: string
  /** The name of the tool, required for `tools/call`. */
  readonly tool?: string
  /** Strictly parsed. */
  readonly arguments?: JsonObject
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** What an MCP request does before anything is used: it opens or ends, or lists what there is to use. */
export interface McpPreparation {
  readonly type: 'mcp'
  /** The URL of the endpoint as configured. */
  readonly location: string
  /** The JSON-RPC methods one of which must be allowed; absent where whoever may do anything at all may do this. */
  readonly prepares?: readonly string[]
  readonly action?: undefined
  readonly tool?: undefined
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** The capability that allows a request. */
export interface Authorization {
  /** Its position in the list. */
  readonly index: number
  readonly capability: Capability
}

type Candidate<Kind> = { readonly index: number; readonly capability: Kind }
type Decide<Kind> = (capability: Kind) => CredentialErrorCode | undefined

// A body that a server reads as something else than JSON in UTF-8 would escape the constraint.
const JSON_CONTENT_TYPE =
  /^application\/(?:[a-z0-9!#$&^_.+-]+\+)?json[ \t]*(?:;[ \t]*charset=(?:utf-8|"utf-8")[ \t]*)?$/i
const NO_VALUES: ReadonlyMap<string, JsonValue> = new Map()

/**
 * Returns the first capability that allows the request.
 * @param capabilities of the leaf of a verified chain
 * @throws CredentialError `scope_exceeded` for an empty list; `audience_mismatch` when no capability names the origin;
 * `scope_exceeded` when none of those names action, path and query
 * @throws CredentialError `policy_unknown`, `policy_denied` or `json_ambiguous`: why the first of the rest refuses
 * @example
 * authorize(chain.leaf.capabilities, { type: 'http', origin: 'https://api.test', method: 'GET', path: '/issues/7', query: '', now })
 */
export function authorize(
  capabilities: readonly Capability[],
  access: HttpAccess | McpAccess | McpPreparation,
): Authorization {
  if (capabilities.length === 0) throw refuse('scope_exceeded', 'The delegation grants no rights')
  return access.type === 'http' ? authorizeHttp(capabilities, access) : authorizeMcp(capabilities, access)
}

function authorizeHttp(capabilities: readonly Capability[], access: HttpAccess): Authorization {
  const candidates: Candidate<HttpCapability>[] = []
  for (const [index, capability] of capabilities.entries()) {
    if (capability.type === 'http' && capability.locations.includes(access.origin)) {
      candidates.push({ index, capability })
    }
  }
  checkAudience(candidates)
  const readQuery = readOnce(() => ({ values: parseQuery(access.query) }))
  const named = candidates.filter(({ capability }) => namesResource(capability, access, readQuery))
  const readBody = readOnce(() => readBodyValues(access))
  return choose(named, (capability) => decideHttp(capability, readBody, access.now))
}

function authorizeMcp(
  capabilities: readonly Capability[],
  access: McpAccess | McpPreparation,
): Authorization {
  const candidates: Candidate<McpCapability>[] = []
  for (const [index, capability] of capabilities.entries()) {
    if (capability.type === 'mcp' && capability.locations.includes(access.location)) {
      candidates.push({ index, capability })
    }
  }
  checkAudience(candidates)
  const named = candidates.filter(({ capability }) =>
    access.action === undefined ? isPrepared(capability, access) : namesTool(capability, access),
  )
  return choose(named, (capability) => decideMcp(capability, access))
}

function checkAudience(candidates: readonly unknown[]): void {
  if (candidates.length === 0) throw refuse('audience_mismatch', 'No capability names this location')
}

function choose<Kind extends Capability>(
  candidates: readonly Candidate<Kind>[],
  decide: Decide<Kind>,
): Authorization {
  let refusal: CredentialErrorCode | undefined
  for (const candidate of candidates) {
    const code = decide(candidate.capability)
    if (code === undefined) return candidate
    refusal ??= code
  }
  throw refuse(refusal ?? 'scope_exceeded', 'No capability at this location allows the request')
}

function namesResource(
  capability: HttpCapability,
  access: HttpAccess,
  readQuery: () => { readonly values: ReadonlyMap<string, string> | undefined },
): boolean {
  if (!capability.actions.includes(access.method)) return false
  if (!capability.paths.some((pattern) => matchesPath(pattern, access.path))) return false
  const map = capability.constraints?.query
  // What is not understood is refused later, with a code of its own.
  if (map === undefined || !isUnderstoodCapability(capability)) return true
  const { values } = readQuery()
  return values !== undefined && allowsValues(map, values, 'query')
}

function namesTool(capability: McpCapability, { action, tool }: McpAccess): boolean {
  if (!capability.actions.includes(action)) return false
  return tool === undefined ? action !== 'tools/call' : Object.hasOwn(capability.tools ?? {}, tool)
}

function isPrepared({ actions }: McpCapability, { prepares }: McpPreparation): boolean {
  return prepares === undefined ? actions.length > 0 : prepares.some((method) => actions.includes(method))
}

function decideHttp(
  capability: HttpCapability,
  readBody: () => ReadonlyMap<string, JsonValue> | CredentialErrorCode,
  now: number,
): CredentialErrorCode | undefined {
  if (!isUnderstoodCapability(capability)) return 'policy_unknown'
  const { time, body } = capability.constraints ?? {}
  const refusal = toCode(checkTime(time, now))
  if (refusal !== undefined || body === undefined) return refusal
  const values = readBody()
  if (typeof values === 'string') return values
  return allowsValues(body, values, 'json') ? undefined : 'policy_denied'
}

function decideMcp(
  capability: McpCapability,
  access: McpAccess | McpPreparation,
): CredentialErrorCode | undefined {
  if (!isUnderstoodCapability(capability)) return 'policy_unknown'
  const { time, arguments: map } = capability.constraints ?? {}
  const refusal = toCode(checkTime(time, access.now))
  if (refusal !== undefined || access.action === undefined) return refusal
  const values = new Map(Object.entries(access.arguments ?? {}))
  return allowsValues(map, values, 'json') ? undefined : 'policy_denied'
}

function toCode(verdict: ConstraintVerdict): CredentialErrorCode | undefined {
  if (verdict === 'allowed') return undefined
  return verdict === 'denied' ? 'policy_denied' : 'policy_unknown'
}

/** Reads at most once, and only when a constraint asks for it. */
function readOnce<Values extends object | string>(read: () => Values): () => Values {
  let values: Values | undefined
  return () => {
    values ??= read()
    return values
  }
}

function readBodyValues({
  body,
  contentType,
}: HttpAccess): ReadonlyMap<string, JsonValue> | CredentialErrorCode {
  if (body === undefined || body.length === 0) return NO_VALUES
  if (contentType === undefined || !JSON_CONTENT_TYPE.test(contentType)) return 'policy_denied'
  try {
    const value = parseJson(body)
    return isJsonObject(value) ? new Map(Object.entries(value)) : 'policy_denied'
  } catch (cause) {
    if (!(cause instanceof CoreError)) throw cause
    return cause.code === 'json_ambiguous' ? 'json_ambiguous' : 'policy_denied'
  }
}

function refuse(code: CredentialErrorCode, message: string): CredentialError {
  return new CredentialError(code, message, { field: 'capabilities' })
}
