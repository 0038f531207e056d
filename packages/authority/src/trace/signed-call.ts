import type { AuditRecord } from '@behalf/audit-log'
import { canonicalizeJson } from '@behalf/core'
import { type MessageStatement, parseMessageStatement, type VerifiedChain } from '@behalf/credential'
import { isTarget } from './is-target.ts'
import { memberOf } from './record-members.ts'

/** What an agent signed when it called, whichever way the call came. */
export interface SignedCall {
  /** What was called. */
  readonly target: string
  /** What the agent said about the call. */
  readonly context: string | undefined
  /** Whether the delegation is named that the chain ends with. */
  names(chain: VerifiedChain): boolean
  /** What a record says otherwise; undefined where it says the same. */
  findContradiction(record: AuditRecord): string | undefined
}

/**
 * Reads what was signed: a signature base (RFC 9421 section 2.5), or the statement of a message. Every other text is
 * read as the former, and says nothing.
 */
export function readSignedCall(text: string): SignedCall {
  const statement = parseMessageStatement(text)
  return statement === undefined ? readRequest(text) : readMessage(statement)
}

function readRequest(base: string): SignedCall {
  const target = componentOf(base, '@target-uri') ?? ''
  return {
    target,
    context: componentOf(base, 'agent-context'),
    names: ({ leaf, digest }) => {
      const key = componentOf(base, 'signature-key') ?? ''
      return key.includes(leaf.jws) || key.includes(digest)
    },
    findContradiction: (record) => {
      if (record.method !== componentOf(base, '@method')) return 'another method was signed'
      const [address = ''] = target.split('?', 1)
      return isTarget(address, record) ? undefined : 'another address was signed'
    },
  }
}

function readMessage({ audience, cid, context, message }: MessageStatement): SignedCall {
  return {
    target: audience,
    context: context && canonicalizeJson(context),
    names: ({ digest }) => digest === cid,
    findContradiction: (record) => {
      if (record.method !== undefined) return 'it did not come over HTTP'
      if (!isTarget(audience, record)) return 'another server was signed for'
      return isCall(message, record) ? undefined : 'another call was signed'
    },
  }
}

/** Answers and notifications call nothing, and neither does what was refused before it was read as a call. */
function isCall({ id, method, params }: MessageStatement['message'], { call }: AuditRecord): boolean {
  if (call === undefined) return true
  const tool = method === 'tools/call' ? memberOf(params, 'name') : undefined
  return id !== undefined && memberOf(call, 'method') === method && memberOf(call, 'tool') === tool
}

/** The value of a component in a signature base. @see RFC 9421 section 2.5 */
function componentOf(base: string, name: string): string | undefined {
  const start = `"${name}": `
  return base
    .split('\n')
    .find((line) => line.startsWith(start))
    ?.slice(start.length)
}
