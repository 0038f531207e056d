import { encodeBase64url, encodeUtf8, type JsonObject, sha256 } from '@behalf/core'
import { type SfItem, serializeDictionary } from '@behalf/http-signature'

/** What the agent says about one call: signed by it, so attributable, but its own word. Printable ASCII. */
export interface AgentContext {
  /** Run of the workflow; the delegation's own run where it names one. */
  readonly run?: string
  readonly model?: string
  readonly tool?: string
  /** Names the call; a retry keeps it. */
  readonly call?: string
  /** The prompt as text, or its SHA-256 (32 bytes). Only the digest is sent. */
  readonly prompt?: string | Uint8Array
}

const TEXT_MEMBERS = ['run', 'model', 'tool', 'call'] as const
const DIGEST_BYTES = 32
const PRINTABLE = /^[ -~]+$/

/**
 * The value of an `Agent-Context` field; `undefined` when there is nothing to say.
 *
 * @param context - what the caller says
 * @param run - the run that the delegation names, used when the caller names none
 * @throws {TypeError} for text that is not printable ASCII, or bytes that are not a SHA-256
 * @see RFC 9651 section 3.2
 */
export function serializeAgentContext(context: AgentContext, run?: string): string | undefined {
  const said = { ...context, run: context.run ?? run }
  const members = new Map<string, SfItem>()
  for (const name of TEXT_MEMBERS) {
    const value = said[name]
    if (value !== undefined) members.set(name, { value: { type: 'string', value }, params: new Map() })
  }
  if (said.prompt !== undefined) {
    members.set('prompt', {
      value: { type: 'byte-sequence', value: promptDigest(said.prompt) },
      params: new Map(),
    })
  }
  return members.size === 0 ? undefined : serializeDictionary(members)
}

/**
 * The same as JSON, for messages that have no header fields; `undefined` when there is nothing to say.
 *
 * @param run - the run that the delegation names, used when the caller names none
 * @throws {TypeError} as serializeAgentContext
 */
export function describeAgentContext(context: AgentContext, run?: string): JsonObject | undefined {
  const said = { ...context, run: context.run ?? run }
  const members: Record<string, string> = {}
  for (const name of TEXT_MEMBERS) {
    const value = said[name]
    if (value === undefined) continue
    if (!PRINTABLE.test(value)) throw new TypeError(`${name} is not printable ASCII`)
    members[name] = value
  }
  if (said.prompt !== undefined) members['prompt'] = `sha-256:${encodeBase64url(promptDigest(said.prompt))}`
  return Object.keys(members).length === 0 ? undefined : members
}

function promptDigest(prompt: string | Uint8Array): Uint8Array {
  if (typeof prompt === 'string') return sha256(encodeUtf8(prompt))
  if (prompt.length === DIGEST_BYTES) return prompt
  throw new TypeError('prompt bytes are its SHA-256, 32 bytes; give the prompt itself as text')
}
