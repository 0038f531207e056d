import { isJsonObject, type JsonValue } from '@behalf/core'
import type { Delegation } from '@behalf/credential'
import { describeCapabilities } from '../capability-words.ts'
import { plain, plainLines } from '../plain-text.ts'
import { formatTime } from '../time-words.ts'
import { isRevocation } from './collect-trace.ts'
import { isProven } from './prove-request.ts'
import { listOf, textOf } from './record-members.ts'
import { describeRecord } from './record-words.ts'
import { digestOfPolicy, type ProvenEntry, type VerifiedTrace } from './verify-trace.ts'

/** One line of the story. */
export interface TraceStep {
  readonly index: number
  readonly time: string
  readonly type: string
  readonly title: string
  readonly details: readonly string[]
  /** What is proven, and how. */
  readonly proven: readonly string[]
  /** What is not, and why. */
  readonly unproven: readonly string[]
}

interface Explanation {
  readonly details?: readonly string[]
  readonly proven?: readonly string[]
  readonly unproven?: readonly string[]
}

/** The story of a trace, in the order of the log, each line with its proof. */
export function describeTrace(trace: VerifiedTrace): readonly TraceStep[] {
  const person = createPersonWords(trace)
  return trace.entries.map((entry) => {
    const { index, record } = entry
    const { title, details } = describeRecord(record, person)
    const more = explain(entry, trace)
    return {
      index,
      time: record.time,
      type: record.type,
      title,
      details: [...details, ...(more.details ?? [])],
      proven: [`in the log as entry ${index}`, ...(more.proven ?? [])],
      unproven: more.unproven ?? [],
    }
  })
}

/** People are hashes in the log; a delegation that was proven says who is meant. */
function createPersonWords({ entries, roots }: VerifiedTrace): (hash: JsonValue | undefined) => string {
  const names = new Map(
    entries.flatMap(({ record }) => {
      const root = typeof record.delegation === 'string' ? roots.get(record.delegation) : undefined
      const isNamed = record.type === 'issued' && typeof record.principal === 'string' && root !== undefined
      return isNamed ? [[record.principal, root.delegation.onBehalfOf.id] as const] : []
    }),
  )
  return (hash) => {
    if (typeof hash !== 'string') return 'somebody'
    const name = names.get(hash)
    if (name !== undefined) return plain(name)
    return hash.startsWith('sha-256:') ? `a person (${plain(hash)})` : plain(hash)
  }
}

function explain(entry: ProvenEntry, trace: VerifiedTrace): Explanation {
  const { type } = entry.record
  if (type === 'policy_decided' || type === 'policy_loaded') return explainPolicy(entry, trace)
  if (type === 'issued') return explainIssued(entry, trace)
  if (type === 'sub_delegated') return explainChild(entry, trace)
  if (type.startsWith('request_')) return explainRequest(entry)
  return isRevocation(entry.record) ? explainRevocation(entry, trace) : {}
}

function explainPolicy({ record }: ProvenEntry, { policies }: VerifiedTrace): Explanation {
  if (record.type === 'policy_loaded') return {}
  const digest = digestOfPolicy(record) ?? ''
  const document = policies.get(digest)
  if (document === undefined) return { unproven: [`the text of the policy ${plain(digest)} is not kept`] }
  const texts = listOf(document.files).flatMap((file) =>
    isJsonObject(file) && typeof file.text === 'string'
      ? [
          `${plain(textOf(file.name))}:`,
          ...plainLines(file.text)
            .split('\n')
            .filter(isFull)
            .map((line) => `  ${line}`),
        ]
      : [],
  )
  return { details: texts, proven: [`the text has the digest ${plain(digest)}`] }
}

function isFull(line: string): boolean {
  return line.trim() !== ''
}

function explainIssued({ record }: ProvenEntry, { roots }: VerifiedTrace): Explanation {
  const root = roots.get(textOf(record.delegation))
  if (root === undefined)
    return { unproven: ['the delegation itself, and how it was approved, are not kept'] }
  const { delegation, approval } = root
  const whose = approval.approvals.map(
    ({ by, passkey, origin }) =>
      `${plain(by)} saw and signed this at ${plain(origin)} with the passkey ${plain(passkey.id)}${passkey.software ? ', which is a program' : ''}:`,
  )
  const told =
    whose.length > 0
      ? whose
      : [`on the word of ${plain(approval.statement?.by ?? 'nobody')} (${approval.method}):`]
  return {
    details: [
      ...told,
      ...approval.sentences.map((sentence) => `  ${plain(sentence)}`),
      ...limitsOf(delegation),
    ],
    proven: ['the signature of the authority', 'the evidence of the approval'],
    unproven: approval.isProven
      ? []
      : [`that a person approved: ${approval.method} is no person's own passkey`],
  }
}

function explainChild({ record }: ProvenEntry, { delegations }: VerifiedTrace): Explanation {
  const child = delegations.get(textOf(record.delegation))
  const parent = delegations.get(textOf(record.parent))
  if (child === undefined || parent === undefined) {
    return {
      unproven: ['what was handed on: it was used in no request here, and only its delegator signed it'],
    }
  }
  return {
    details: [
      'of this, it may',
      ...describeCapabilities(parent.capabilities).map((line) => `  ${line}`),
      'only this was handed on',
      ...describeCapabilities(child.capabilities).map((line) => `  ${line}`),
      ...limitsOf(child, parent),
    ],
    proven: ['the signature of the delegator', 'that it is no wider than the one above'],
  }
}

function limitsOf(delegation: Delegation, above?: Delegation): readonly string[] {
  const compared: readonly (readonly [string, (of: Delegation) => string])[] = [
    ['until', ({ validUntil }) => formatTime(validUntil)],
    ['uses', ({ maxUses }) => (maxUses === undefined ? 'no limit' : `at most ${maxUses}`)],
    ['handing on', ({ maxDelegationDepth }) => `${maxDelegationDepth} more`],
  ]
  return compared.map(([label, tell]) => {
    const [before, now] = [above && tell(above), tell(delegation)]
    return `${label}: ${now}${before === undefined || before === now ? '' : ` (above: ${before})`}`
  })
}

function explainRequest({ record, request }: ProvenEntry): Explanation {
  if (record.subject === undefined) return { unproven: ['who sent it: nothing in it verified'] }
  if (request === undefined) return { unproven: ['the request itself: its evidence is not kept'] }
  if (!isProven(request)) return { unproven: [`the request itself: ${request.reason} (${request.code})`] }
  const { chain, target, context } = request
  const path = chain.links.map(({ subject }) => plain(subject)).join(' -> ')
  return {
    details: [
      `signed for ${plain(target)}`,
      `delegated by ${plain(chain.root.issuer)} -> ${path}`,
      ...(context === undefined ? [] : [`Agent-Context as signed: ${plain(context)}`]),
    ],
    proven: ['the signature of the agent', `the chain of ${chain.links.length} behind it`],
  }
}

/** The first request after it that was refused. */
function explainRevocation({ index, record }: ProvenEntry, { entries }: VerifiedTrace): Explanation {
  const effect = entries.find(
    (other) =>
      other.index > index &&
      other.record.type === 'request_refused' &&
      (record.delegation === undefined || listOf(other.record.delegations).includes(record.delegation)),
  )
  if (effect === undefined) return { unproven: ['its effect: no request was refused since'] }
  const { request_id: id, code, time } = effect.record
  const seconds = (Date.parse(time) - Date.parse(record.time)) / 1000
  return {
    details: [
      `its first effect: request ${plain(textOf(id))} was refused (${plain(textOf(code))}), ${seconds} s later, entry ${effect.index}`,
    ],
  }
}

/** The story as lines for people. */
export function writeTrace(
  { authority, about, checkpoint }: VerifiedTrace,
  steps: readonly TraceStep[],
): readonly string[] {
  return [
    `What the log has about ${plain(about)}`,
    `  log     ${plain(authority)}`,
    `  proven  every line, under one checkpoint of ${checkpoint.size} entries that the log signed`,
    ...steps.flatMap(({ time, title, details, proven, unproven }) => [
      '',
      `${plain(time)}  ${title}`,
      ...details.map((line) => `    ${line}`),
      `  proven: ${proven.join('; ')}`,
      ...unproven.map((line) => `  NOT proven: ${line}`),
    ]),
  ]
}
