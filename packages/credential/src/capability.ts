import { isJsonObject, type JsonObject, type JsonValue } from '@behalf/core'
import { type Constraints, parseConstraints } from './constraint.ts'
import { isDigest } from './digest.ts'
import { checkMembers, malformed } from './members.ts'
import { isPathPattern } from './path-pattern.ts'
import { scopeMalformed } from './value-constraint.ts'

/**
 * What may be done over HTTP: the methods `actions`, at the origins `locations`, on the paths that a pattern of
 * `paths` names. An empty list is no rights.
 */
export type HttpCapability = {
  readonly type: 'http'
  readonly locations: readonly string[]
  readonly actions: readonly string[]
  readonly paths: readonly string[]
  readonly constraints?: Constraints
}

/**
 * What may be done at an MCP endpoint: the methods `actions`, at the URLs `locations`; `tools` are the only tools that
 * may be called, each with the digest of its approved definition, and none when absent.
 */
export type McpCapability = {
  readonly type: 'mcp'
  readonly locations: readonly string[]
  readonly actions: readonly string[]
  readonly tools?: { readonly [name: string]: string }
  readonly constraints?: Constraints
}

/** A capability of a type that is not known here: it grants nothing, and is kept so that it can be shown. */
export type UnknownCapability = { readonly type: 'unknown'; readonly value: JsonObject }

/** One entry of a delegation. */
export type Capability = HttpCapability | McpCapability | UnknownCapability

const HTTP_MEMBERS: ReadonlySet<string> = new Set(['type', 'locations', 'actions', 'paths', 'constraints'])
const MCP_MEMBERS: ReadonlySet<string> = new Set(['type', 'locations', 'actions', 'tools', 'constraints'])
const LOCATION = /^[a-z][a-z0-9+.-]*:[!-~]{1,2048}$/
const ACTION = /^[A-Za-z0-9_./-]{1,128}$/
const TOOL_NAME = /^[A-Za-z0-9_./-]{1,128}$/

/**
 * Returns the capabilities of a delegation, each inside its grammar.
 * @param value the member `capabilities`
 * @throws CredentialError `scope_malformed` for a value outside the grammar
 * @throws CredentialError `credential_malformed` for a required member that is absent, or one that is not defined
 * @see RFC 9396 section 2
 */
export function parseCapabilities(value: JsonValue): readonly Capability[] {
  if (!Array.isArray(value)) throw scopeMalformed('The capabilities are not a list')
  return value.map(parseCapability)
}

/** Returns the spelling on the wire, of which {@link parseCapabilities} is the inverse. */
export function serializeCapabilities(capabilities: readonly Capability[]): readonly JsonObject[] {
  return capabilities.map((capability) => (capability.type === 'unknown' ? capability.value : capability))
}

function parseCapability(value: JsonValue): Capability {
  if (!isJsonObject(value)) throw scopeMalformed('A capability is not an object')
  const type = requireMember(value, 'type')
  if (typeof type !== 'string') throw scopeMalformed('A capability has no type')
  if (type === 'http') return parseHttpCapability(value)
  if (type === 'mcp') return parseMcpCapability(value)
  return { type: 'unknown', value }
}

function parseHttpCapability(value: JsonObject): HttpCapability {
  checkMembers(value, HTTP_MEMBERS, 'capabilities')
  return {
    type: 'http',
    locations: readList(value, 'locations', isLocation),
    actions: readList(value, 'actions', isAction),
    paths: readList(value, 'paths', isPathPattern),
    ...readConstraints(value),
  }
}

function parseMcpCapability(value: JsonObject): McpCapability {
  checkMembers(value, MCP_MEMBERS, 'capabilities')
  return {
    type: 'mcp',
    locations: readList(value, 'locations', isLocation),
    actions: readList(value, 'actions', isAction),
    ...readTools(value),
    ...readConstraints(value),
  }
}

function readList(value: JsonObject, name: string, isElement: (text: string) => boolean): readonly string[] {
  const list = requireMember(value, name)
  const isText = (element: JsonValue): element is string => typeof element === 'string' && isElement(element)
  if (!Array.isArray(list) || !list.every(isText)) {
    throw scopeMalformed(`The ${name} of a capability are not a list inside their grammar`)
  }
  return list
}

function readConstraints(value: JsonObject): { constraints?: Constraints } {
  const { constraints } = value
  return constraints === undefined ? {} : { constraints: parseConstraints(constraints) }
}

function readTools(value: JsonObject): { tools?: { readonly [name: string]: string } } {
  const { tools } = value
  if (tools === undefined) return {}
  if (!isJsonObject(tools)) throw scopeMalformed('The tools of a capability are not an object')
  const pinned: Record<string, string> = Object.create(null)
  for (const [name, digest] of Object.entries(tools)) {
    if (!TOOL_NAME.test(name) || !isDigest(digest)) throw scopeMalformed('A tool is not a name with a digest')
    pinned[name] = digest
  }
  return { tools: pinned }
}

function requireMember(value: JsonObject, name: string): JsonValue {
  const member = value[name]
  if (member === undefined) throw malformed('capabilities', `need the member ${name}`)
  return member
}

function isLocation(text: string): boolean {
  return LOCATION.test(text)
}

function isAction(text: string): boolean {
  return ACTION.test(text)
}
