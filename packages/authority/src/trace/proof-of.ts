import { isProven } from './prove-request.ts'
import { isRevocation, listOf, textOf } from './record-members.ts'
import { digestOfPolicy, type ProvenEntry, type VerifiedTrace } from './verify-trace.ts'

/** What is proven of an entry, beyond what its record says by itself. */
export interface EntryProof {
  /** What is proven, and how. */
  readonly proven: readonly string[]
  /** What is not, and why. */
  readonly unproven: readonly string[]
}

/** Returns what is proven of an entry of a verified trace, and what is not. A digest in it is as the record has it. */
export function proofOf(entry: ProvenEntry, trace: VerifiedTrace): EntryProof {
  const { proven = [], unproven = [] } = judge(entry, trace)
  return { proven: [`in the log as entry ${entry.index}`, ...proven], unproven }
}

function judge(entry: ProvenEntry, trace: VerifiedTrace): Partial<EntryProof> {
  const { type } = entry.record
  if (type === 'policy_decided') return judgePolicy(entry, trace)
  if (type === 'issued') return judgeIssued(entry, trace)
  if (type === 'sub_delegated') return judgeChild(entry, trace)
  if (type.startsWith('request_')) return judgeRequest(entry)
  const isWithout = isRevocation(entry.record) && findEffect(entry, trace) === undefined
  return isWithout ? { unproven: ['its effect: no request was refused since'] } : {}
}

function judgePolicy({ record }: ProvenEntry, { policies }: VerifiedTrace): Partial<EntryProof> {
  const digest = digestOfPolicy(record) ?? ''
  return policies.has(digest)
    ? { proven: [`the text has the digest ${digest}`] }
    : { unproven: [`the text of the policy ${digest} is not kept`] }
}

function judgeIssued({ record }: ProvenEntry, { roots }: VerifiedTrace): Partial<EntryProof> {
  const approval = roots.get(textOf(record.delegation))?.approval
  if (approval === undefined) {
    return { unproven: ['the delegation itself, and how it was approved, are not kept'] }
  }
  return {
    proven: ['the signature of the authority', 'the evidence of the approval'],
    unproven: approval.isProven
      ? []
      : [`that a person approved: ${approval.method} is no person's own passkey`],
  }
}

function judgeChild({ record }: ProvenEntry, { delegations }: VerifiedTrace): Partial<EntryProof> {
  const isSeen = [record.delegation, record.parent].every((id) => delegations.has(textOf(id)))
  return isSeen
    ? { proven: ['the signature of the delegator', 'that it is no wider than the one above'] }
    : { unproven: ['what was handed on: it was used in no request here, and only its delegator signed it'] }
}

function judgeRequest({ record, request }: ProvenEntry): Partial<EntryProof> {
  if (record.subject === undefined) return { unproven: ['who sent it: nothing in it verified'] }
  if (request === undefined) return { unproven: ['the request itself: its evidence is not kept'] }
  if (!isProven(request)) return { unproven: [`the request itself: ${request.reason} (${request.code})`] }
  return {
    proven: ['the signature of the agent', `the chain of ${request.chain.links.length} behind it`],
  }
}

/** The first request after a revocation that was refused. */
export function findEffect(
  { index, record }: ProvenEntry,
  { entries }: VerifiedTrace,
): ProvenEntry | undefined {
  return entries.find(
    (other) =>
      other.index > index &&
      other.record.type === 'request_refused' &&
      (record.delegation === undefined || listOf(other.record.delegations).includes(record.delegation)),
  )
}
