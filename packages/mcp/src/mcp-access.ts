import { isJsonObject, type JsonObject } from '@behalf/core'
import type { McpAccess, McpPreparation } from '@behalf/credential'
import { type ProtocolCall, VerifierError } from '@behalf/verifier'
import type { McpMessage } from './mcp-message.ts'

/** Where and when a message is looked at. */
export interface McpPlace {
  /** URL of the endpoint. */
  readonly location: string
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** Names by which tools, prompts and everything else are called, in the only letters they may have. */
const NAME = /^[A-Za-z0-9_./-]{1,128}$/
/** What whoever may do anything at all may do. */
const OPENINGS: ReadonlySet<string> = new Set(['initialize', 'ping', 'server/discover'])
/** What may be looked up by whoever may use it. */
const LISTS: ReadonlyMap<string, string> = new Map([
  ['tools/list', 'tools/call'],
  ['resources/list', 'resources/read'],
  ['resources/templates/list', 'resources/read'],
  ['prompts/list', 'prompts/get'],
])

/**
 * What a message wants to do, as capabilities say it:
 *
 * - opening (`initialize`, `ping`, `server/discover`), notifications and answers: allowed with any capability here
 * - `tools/list` and the other lists: allowed by their own name, or by that of what they list
 * - `tools/call`: by the tool's name and, under a constraint, its arguments
 * - `prompts/get`: under a constraint the prompt's name as `prompt`, and its arguments
 * - every other method: under a constraint its params, `_meta` apart; so `resources/read` has `uri`
 *
 * @throws VerifierError request_malformed for a name outside `A-Z a-z 0-9 _ . / -`, or arguments that are no object
 */
export function toMcpAccess(message: McpMessage, place: McpPlace): McpAccess | McpPreparation {
  const common = { type: 'mcp', ...place } as const
  if (message.kind !== 'request' || OPENINGS.has(message.method)) return common
  const { method: action, params } = message
  const used = LISTS.get(action)
  if (used !== undefined) return { ...common, prepares: [action, used] }
  if (action === 'tools/call')
    return { ...common, action, tool: readName(params), arguments: readArguments(params) }
  if (action === 'prompts/get') return { ...common, action, arguments: readPromptArguments(params) }
  const { _meta: _, ...rest } = params
  return { ...common, action, arguments: rest }
}

/** What is recorded of a message; undefined of one that uses nothing. */
export function toProtocolCall(message: McpMessage): ProtocolCall | undefined {
  if (message.kind !== 'request') return undefined
  const { method, params } = message
  return method === 'tools/call' ? { method, tool: readName(params) } : { method }
}

function readName({ name }: JsonObject): string {
  // Letters of other alphabets, or none that can be seen, would let one name pass for another.
  if (typeof name !== 'string' || !NAME.test(name)) throw malformed('the name is outside its letters')
  return name
}

function readArguments({ arguments: values = {} }: JsonObject): JsonObject {
  if (!isJsonObject(values)) throw malformed('the arguments are not an object')
  return values
}

function readPromptArguments(params: JsonObject): JsonObject {
  const values = readArguments(params)
  if (Object.hasOwn(values, 'prompt'))
    throw malformed('an argument of a prompt goes by the prompt’s own place')
  return { ...values, prompt: readName(params) }
}

function malformed(message: string): VerifierError {
  return new VerifierError('request_malformed', message)
}
