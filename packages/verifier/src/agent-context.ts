import { decodeBase64url, encodeBase64url, isJsonObject, type JsonValue } from '@behalf/core'
import { type FieldIndex, isInnerList, parseDictionary, type SfMember } from '@behalf/http-signature'
import { VerifierError } from './error.ts'

/** What an agent says about its call: signed, so it can be held to it, but nobody else vouches for it. */
export interface AgentContext {
  readonly run?: string
  readonly model?: string
  readonly tool?: string
  readonly call?: string
  /** Digest of the prompt, `sha-256:` and base64url. */
  readonly prompt?: string
}

/** A member of Agent-Context. */
export type AgentContextMember = keyof AgentContext

const TEXT_MEMBERS = ['run', 'model', 'tool', 'call'] as const
const MEMBERS: ReadonlySet<string> = new Set<AgentContextMember>([...TEXT_MEMBERS, 'prompt'])
const MAX_TEXT_LENGTH = 256
const DIGEST_BYTES = 32
const DIGEST_PREFIX = 'sha-256:'
/** What a string of a structured field may hold. */
const PRINTABLE = /^[ -~]*$/
const MAX_LENGTH = 4096

/** Whether a text names a member of Agent-Context. */
export function isAgentContextMember(name: string): name is AgentContextMember {
  return MEMBERS.has(name)
}

/**
 * The Agent-Context header, with every member this API asks for.
 *
 * @param fields with at most one line of that name
 * @param required names of members
 * @returns undefined when the header is absent and nothing is asked for
 * @throws VerifierError as `parseAgentContext`; context_missing with the names
 */
export function readAgentContext(
  fields: FieldIndex,
  required: readonly AgentContextMember[],
): AgentContext | undefined {
  return checkRequiredContext(parseAgentContext(fields), required)
}

/**
 * The same context, with every member this API asks for.
 *
 * @param required names of members
 * @throws VerifierError context_missing with the names
 */
export function checkRequiredContext(
  context: AgentContext | undefined,
  required: readonly AgentContextMember[],
): AgentContext | undefined {
  const missing = required.filter((name) => context?.[name] === undefined)
  if (missing.length === 0) return context
  throw new VerifierError('context_missing', 'Agent-Context is incomplete', { missing })
}

/**
 * Reads the Agent-Context header. Members it does not know are left out.
 *
 * @param fields with at most one line of that name
 * @returns undefined when the header is absent
 * @throws VerifierError signature_malformed (not a dictionary, a member of another type, an empty or too long text, a
 * digest that is not 32 bytes), header_ambiguous (a member given twice)
 * @see RFC 9651 section 3.2
 */
export function parseAgentContext({ values }: FieldIndex): AgentContext | undefined {
  const line = values.get('agent-context')
  if (line === undefined) return undefined
  const { members, repeatedKeys } = parseDictionary(line, { maxLength: MAX_LENGTH })
  if (repeatedKeys.length > 0)
    throw new VerifierError('header_ambiguous', 'Agent-Context gives a member twice')
  const context: { -readonly [Member in AgentContextMember]?: string } = {}
  for (const name of TEXT_MEMBERS) {
    const member = members.get(name)
    if (member !== undefined) context[name] = readText(member)
  }
  const prompt = members.get('prompt')
  if (prompt !== undefined) context.prompt = readDigest(prompt)
  return Object.freeze(context)
}

/**
 * Reads Agent-Context where it is JSON: members are texts, `prompt` a digest. Members it does not know are left out.
 *
 * @param value strictly parsed
 * @throws VerifierError signature_malformed (no object, a member of another form)
 */
export function readContextObject(value: JsonValue): AgentContext {
  if (!isJsonObject(value)) throw malformed()
  const context: { -readonly [Member in AgentContextMember]?: string } = {}
  for (const name of TEXT_MEMBERS) {
    const { [name]: text } = value
    if (text === undefined) continue
    if (typeof text !== 'string' || !PRINTABLE.test(text)) throw malformed()
    context[name] = checkText(text)
  }
  const { prompt } = value
  if (prompt !== undefined) context.prompt = checkDigestText(prompt)
  return Object.freeze(context)
}

/**
 * The run that the agent names is the run it was given the delegation for, where both are named.
 *
 * @param run `workflow.run` of the delegation
 * @throws VerifierError context_missing
 */
export function checkContextRun(context: AgentContext | undefined, run: string | undefined): void {
  if (context?.run === undefined || run === undefined || context.run === run) return
  throw new VerifierError('context_missing', 'Agent-Context names another run than the delegation', {
    missing: ['run'],
  })
}

function readText(member: SfMember): string {
  if (isInnerList(member) || member.value.type !== 'string' || member.params.size > 0) throw malformed()
  return checkText(member.value.value)
}

function checkText(text: string): string {
  if (text.length === 0 || text.length > MAX_TEXT_LENGTH) throw malformed()
  return text
}

function checkDigestText(value: JsonValue): string {
  const encoded =
    typeof value === 'string' && value.startsWith(DIGEST_PREFIX) ? value.slice(DIGEST_PREFIX.length) : ''
  try {
    if (decodeBase64url(encoded).length === DIGEST_BYTES) return DIGEST_PREFIX + encoded
  } catch {
    // Another spelling of a digest is none.
  }
  throw malformed()
}

function readDigest(member: SfMember): string {
  if (isInnerList(member) || member.value.type !== 'byte-sequence' || member.params.size > 0)
    throw malformed()
  if (member.value.value.length !== DIGEST_BYTES) throw malformed()
  return DIGEST_PREFIX + encodeBase64url(member.value.value)
}

function malformed(): VerifierError {
  return new VerifierError('signature_malformed', 'a member of Agent-Context has another form')
}
