import { CoreError, isJsonObject, type JsonObject, type JsonValue, parseJson } from '@behalf/core'
import type { McpAccess } from '@behalf/credential'
import type { HeldDelegation } from '@behalf/wallet'
import { McpError } from './error.ts'
import { digestToolDefinition } from './tool-digest.ts'

/** The digest of each tool's definition as a server tells it now, by name. */
export type ToolDigests = ReadonlyMap<string, string>

/** The greatest list that is read, in bytes and in tools. */
const LIMITS = { maxBytes: 4_194_304, maxMembers: 200_000, maxDepth: 64 }

/**
 * The digests of the tools in one page of `tools/list`.
 *
 * @param tools the member of that name in the result
 * @throws McpError request_malformed for what is not a list of tools, or one that names a tool twice
 */
export function digestTools(tools: unknown): ToolDigests {
  const list = toJson(tools)
  if (!Array.isArray(list)) throw malformed()
  const digests = new Map<string, string>()
  for (const tool of list) {
    if (!isJsonObject(tool) || typeof tool['name'] !== 'string' || digests.has(tool['name']))
      throw malformed()
    digests.set(tool['name'], digestToolDefinition(tool))
  }
  return digests
}

/** Whether a tool is defined as a delegation says it was when somebody approved it. */
export function isAsApproved(
  { leaf }: HeldDelegation,
  { location, tool }: McpAccess & { readonly tool: string },
  digest: string | undefined,
): boolean {
  // Each of the capabilities, because which one will allow the call is for the server to say.
  return leaf.capabilities.every((capability) => {
    if (capability.type !== 'mcp' || !capability.locations.includes(location)) return true
    const { [tool]: pin } = capability.tools ?? {}
    return pin === undefined || pin === digest
  })
}

/** What a library decoded, read again in the one strict way. */
function toJson(value: unknown): JsonValue {
  try {
    return parseJson(JSON.stringify(value) ?? 'null', LIMITS)
  } catch (cause) {
    if (cause instanceof CoreError) throw malformed(cause)
    throw cause
  }
}

function malformed(cause?: unknown): McpError {
  return new McpError('request_malformed', 'what the server tells of its tools is not a list of tools', {
    cause,
  })
}

/** The members of a message that came, where it is an answer with a result. */
export function resultOf(message: unknown): JsonObject | undefined {
  if (typeof message !== 'object' || message === null || !('result' in message)) return undefined
  const { result } = message
  return typeof result === 'object' && result !== null ? (result as JsonObject) : undefined
}
