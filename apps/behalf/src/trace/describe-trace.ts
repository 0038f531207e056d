import type { AuditRecord } from '@behalf/audit-log'
import {
  digestOfPolicy,
  type EntryProof,
  findEffect,
  findEnrolment,
  findOutcome,
  isAccepted,
  isProven,
  isRequest,
  isRevocation,
  listOf,
  type ProvenDelegation,
  type ProvenEntry,
  proofOf,
  textOf,
  type VerifiedTrace,
} from '@behalf/authority/trace'
import { BehalfError, isJsonObject, type JsonValue } from '@behalf/core'
import { type Delegation, parseCapabilities } from '@behalf/credential'
import { describeCapabilities } from '../capability-words.ts'
import { plain, plainLines } from '../plain-text.ts'
import { formatTime } from '../time-words.ts'
import { describeAnswer, describeRecord } from './record-words.ts'

/** One line of the story. */
export interface TraceStep extends EntryProof {
  readonly index: number
  readonly time: string
  readonly type: string
  readonly title: string
  readonly details: readonly string[]
}

/** The story of a trace, in the order of the log, each line with its proof. */
export function describeTrace(trace: VerifiedTrace): readonly TraceStep[] {
  const person = createPersonWords(trace)
  return trace.entries.map((entry) => {
    const { index, record } = entry
    const { title, details } = describeRecord(record, person)
    const { proven, unproven } = proofOf(entry, trace)
    return {
      index,
      time: record.time,
      type: record.type,
      title,
      details: [...details, ...explain(entry, trace)],
      proven: proven.map(plain),
      unproven: unproven.map(plain),
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

function explain(entry: ProvenEntry, trace: VerifiedTrace): readonly string[] {
  const { type } = entry.record
  if (type === 'policy_decided') return explainPolicy(entry, trace)
  if (type === 'issued') return explainIssued(entry, trace)
  if (type === 'sub_delegated') return explainChild(entry, trace)
  if (type === 'enrolled') return explainEnrolled(entry, trace)
  if (isRequest(entry.record)) return [...explainRequest(entry), ...explainOutcome(entry, trace)]
  return isRevocation(entry.record) ? explainRevocation(entry, trace) : []
}

function explainPolicy({ record }: ProvenEntry, { policies }: VerifiedTrace): readonly string[] {
  const document = policies.get(digestOfPolicy(record) ?? '')
  return listOf(document?.files).flatMap((file) =>
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
}

function isFull(line: string): boolean {
  return line.trim() !== ''
}

function explainIssued({ record }: ProvenEntry, trace: VerifiedTrace): readonly string[] {
  const root = trace.roots.get(textOf(record.delegation))
  if (root === undefined) return []
  const by = root.approval.statement?.by ?? ''
  const enrolled = root.approval.method === 'enrolment' ? findEnrolment(by, trace) : undefined
  return [
    ...tellApproval(root),
    ...(enrolled === undefined ? [] : [`as the enrolment ${plain(by)} allows: entry ${enrolled.index}`]),
    ...limitsOf(root.delegation),
  ]
}

/** Who saw and signed what, or on whose word it is. */
function tellApproval({ approval }: ProvenDelegation): readonly string[] {
  const whose = approval.approvals.map(
    ({ by, passkey, origin }) =>
      `${plain(by)} saw and signed this at ${plain(origin)} with the passkey ${plain(passkey.id)}${passkey.software ? ', which is a program' : ''}:`,
  )
  const told =
    whose.length > 0
      ? whose
      : [`on the word of ${plain(approval.statement?.by ?? 'nobody')} (${approval.method}):`]
  return [...told, ...approval.sentences.map((sentence) => `  ${plain(sentence)}`)]
}

/** The person read and signed its bounds along with a delegation; or else the log alone has its terms. */
function explainEnrolled({ record }: ProvenEntry, trace: VerifiedTrace): readonly string[] {
  const given = findEnrolment(textOf(record.enrolment), trace)?.given
  if (given !== undefined) return tellApproval(given)
  return Array.isArray(record.capabilities) ? ['it may have', ...describeUnsigned(record.capabilities)] : []
}

function explainChild({ record }: ProvenEntry, { delegations }: VerifiedTrace): readonly string[] {
  const child = delegations.get(textOf(record.delegation))
  const parent = delegations.get(textOf(record.parent))
  if (child === undefined || parent === undefined) return tellProposed(record)
  return [
    'of this, it may',
    ...describeCapabilities(parent.capabilities).map((line) => `  ${line}`),
    'only this was handed on',
    ...describeCapabilities(child.capabilities).map((line) => `  ${line}`),
    ...limitsOf(child, parent),
  ]
}

/** What the delegator said it would sign. */
function tellProposed({ capabilities }: AuditRecord): readonly string[] {
  if (!Array.isArray(capabilities) || capabilities.length === 0) return []
  return ['its delegator said that it would be this', ...describeUnsigned(capabilities)]
}

function describeUnsigned(capabilities: JsonValue): readonly string[] {
  try {
    return describeCapabilities(parseCapabilities(capabilities)).map((line) => `  ${line}`)
  } catch (error) {
    if (error instanceof BehalfError) return ['  (not told in full)']
    throw error
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

function explainRequest({ request }: ProvenEntry): readonly string[] {
  if (!isProven(request)) return []
  const { chain, target } = request
  const path = chain.links.map(({ subject }) => plain(subject)).join(' -> ')
  const delegated = `delegated by ${plain(chain.root.issuer)} -> ${path}`
  if (request.by === 'token') {
    const { id, audience } = request.claims
    return [`token ${plain(id)} for ${plain(audience)}, shown for ${plain(target)}`, delegated]
  }
  const { context } = request
  return [
    `signed for ${plain(target)}`,
    delegated,
    ...(context === undefined ? [] : [`Agent-Context as signed: ${plain(context)}`]),
  ]
}

/** An API records that it will act, and what it answered where it says so; it may have been cut off in between. */
function explainOutcome(entry: ProvenEntry, trace: VerifiedTrace): readonly string[] {
  if (!isAccepted(entry.record)) return []
  const outcome = findOutcome(entry, trace)
  if (outcome?.record.type === 'answered') {
    return [`outcome: ${describeAnswer(outcome.record)}, entry ${outcome.index}`]
  }
  if (outcome !== undefined) return []
  return entry.record.outcome === 'follows'
    ? ['outcome unknown: recorded before the API acted, and nothing after that']
    : ['outcome not reported: the API records what it decides, not what it answers']
}

function explainRevocation(entry: ProvenEntry, trace: VerifiedTrace): readonly string[] {
  const effect = findEffect(entry, trace)
  if (effect === undefined) return []
  const { request_id: id, code, time } = effect.record
  const seconds = (Date.parse(time) - Date.parse(entry.record.time)) / 1000
  return [
    `its first effect: request ${plain(textOf(id))} was refused (${plain(textOf(code))}), ${seconds} s later, entry ${effect.index}`,
  ]
}

/** The story as lines for people. */
export function writeTrace(
  { authority, about, checkpoint, witnesses }: VerifiedTrace,
  steps: readonly TraceStep[],
): readonly string[] {
  return [
    `What the log has about ${plain(about)}`,
    `  log     ${plain(authority)}`,
    `  proven  every line, under one checkpoint of ${checkpoint.size} entries that the log signed`,
    ...witnesses.map(
      ({ witness, size, time }) =>
        `  seen    by ${plain(witness)} with ${size} entries at ${formatTime(time)}; they still stand as they were`,
    ),
    ...(witnesses.length === 0
      ? ['  seen    by nobody outside: whoever holds the key of the log can have written it anew']
      : []),
    ...steps.flatMap(({ time, title, details, proven, unproven }) => [
      '',
      `${plain(time)}  ${title}`,
      ...details.map((line) => `    ${line}`),
      `  proven: ${proven.join('; ')}`,
      ...unproven.map((line) => `  NOT proven: ${line}`),
    ]),
  ]
}
