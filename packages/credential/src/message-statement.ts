import { CoreError, canonicalizeJson, isJsonObject, type JsonObject, parseJson } from '@behalf/core'

/**
 * What the proof of a JSON-RPC message says: who sends which message to whom, and until when. Every member that is not
 * here is one of the message itself.
 */
export interface MessageStatement {
  /** URI of the server, as capabilities name it. */
  readonly audience: string
  /** Name of the chain, see `digestDelegationChain`. */
  readonly cid: string
  /** Full DID URL of the key that signs. */
  readonly keyid: string
  /** Used once under its key. */
  readonly nonce: string
  /** Seconds since the epoch. */
  readonly created: number
  /** Seconds since the epoch. */
  readonly expires: number
  /** What the agent says about the call: Agent-Context. */
  readonly context?: JsonObject
  /** The message without `jsonrpc` and without its proof: what was called, or answered. */
  readonly message: JsonObject
}

/**
 * What every signed text begins with, so that none can pass for a token, a signature base or anything else the same
 * key signs.
 */
const PREFIX = 'behalf-mcp-message-v1\n'
const MESSAGE_MEMBERS: ReadonlySet<string> = new Set(['id', 'method', 'params', 'result', 'error'])

/**
 * Returns the text that the proof of a message signs, as UTF-8.
 * @throws CoreError `json_ambiguous` for what JSON cannot express
 * @throws TypeError for a message with a member that is none of `id`, `method`, `params`, `result` and `error`
 * @see RFC 8785
 * @example
 * formatMessageStatement({ audience: 'urn:example:issues', cid, keyid, nonce, created, expires, message: { id: 1, method: 'ping' } })
 */
export function formatMessageStatement({ message, context, ...claims }: MessageStatement): string {
  if (!Object.keys(message).every((name) => MESSAGE_MEMBERS.has(name))) {
    throw new TypeError('a message has only the members of JSON-RPC')
  }
  return PREFIX + canonicalizeJson({ ...message, ...claims, ...(context !== undefined && { context }) })
}

/**
 * Returns what a signed text says; undefined for a text that is no proof of a message.
 * @param text as {@link formatMessageStatement} returned it
 */
export function parseMessageStatement(text: string): MessageStatement | undefined {
  const value = text.startsWith(PREFIX) ? readJson(text.slice(PREFIX.length)) : undefined
  if (value === undefined) return undefined
  const { audience, cid, keyid, nonce, created, expires, context, ...message } = value
  const texts = { audience, cid, keyid, nonce }
  if (!areTexts(texts) || typeof created !== 'number' || typeof expires !== 'number') return undefined
  if (!Object.keys(message).every((name) => MESSAGE_MEMBERS.has(name))) return undefined
  const common = { ...texts, created, expires, message }
  if (context === undefined) return common
  return isJsonObject(context) ? { ...common, context } : undefined
}

function areTexts<Name extends string>(values: Record<Name, unknown>): values is Record<Name, string> {
  return Object.values(values).every((value) => typeof value === 'string')
}

function readJson(text: string): JsonObject | undefined {
  try {
    const value = parseJson(text, { maxBytes: 4 * 1_048_576 })
    // Another spelling of the same is another text, which nobody signed.
    return isJsonObject(value) && canonicalizeJson(value) === text ? value : undefined
  } catch (error) {
    if (error instanceof CoreError) return undefined
    throw error
  }
}
