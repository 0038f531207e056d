import type { AuditRecord } from '@behalf/audit-log'
import { canonicalizeJson, decodeBase64url, decodeUtf8, digestSha256, parseJson } from '@behalf/core'
import type { Delegation } from '@behalf/credential'
import { findLinks } from './find-links.ts'
import { judgeEnrolled, judgeUnasked, judgeWorkload, tellMethod } from './judge-enrolment.ts'
import { isProven } from './prove-request.ts'
import type { ProvenSignedRequest } from './prove-signed-request.ts'
import type { StatusThen } from './prove-status.ts'
import type { ProvenTokenRequest } from './prove-token-request.ts'
import { isRequest, isRevocation, listOf, textOf } from './record-members.ts'
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
  const place = `in the log as entry ${entry.index}`
  return { proven: [place, ...tellWitnesses(entry.index, trace), ...proven], unproven }
}

/** An entry that somebody outside saw cannot have been written anew since. */
function tellWitnesses(index: number, { witnesses }: VerifiedTrace): readonly string[] {
  return witnesses
    .filter(({ size }) => index < size)
    .map(({ witness, time }) => `seen there by ${witness} at ${new Date(time).toISOString()}`)
}

function judge(entry: ProvenEntry, trace: VerifiedTrace): Partial<EntryProof> {
  const { type } = entry.record
  if (type === 'policy_decided') return judgePolicy(entry, trace)
  if (type === 'issued') return judgeIssued(entry, trace)
  if (type === 'sub_delegated') return judgeChild(entry, trace)
  if (type === 'enrolled') return judgeEnrolled(entry, trace)
  if (type === 'workload_proven') return judgeWorkload(entry)
  if (isRequest(entry.record)) return judgeRequest(entry, trace)
  const isWithout = isRevocation(entry.record) && findEffect(entry, trace) === undefined
  return isWithout ? { unproven: ['its effect: no request was refused since'] } : {}
}

function judgePolicy({ record }: ProvenEntry, { policies }: VerifiedTrace): Partial<EntryProof> {
  const digest = digestOfPolicy(record) ?? ''
  return policies.has(digest)
    ? { proven: [`the text has the digest ${digest}`] }
    : { unproven: [`the text of the policy ${digest} is not kept`] }
}

function judgeIssued(entry: ProvenEntry, trace: VerifiedTrace): Partial<EntryProof> {
  const root = trace.roots.get(textOf(entry.record.delegation))
  if (root === undefined) {
    return { unproven: ['the delegation itself, and how it was approved, are not kept'] }
  }
  const proven = ['the signature of the authority', 'the evidence of the approval']
  if (root.approval.method !== 'enrolment') return { proven, unproven: tellMethod(root) }
  const unasked = judgeUnasked(entry, root, trace)
  return { proven: [...proven, ...unasked.proven], unproven: unasked.unproven }
}

function judgeChild({ record }: ProvenEntry, trace: VerifiedTrace): Partial<EntryProof> {
  const { delegations } = trace
  const child = delegations.get(textOf(record.delegation))
  if (child === undefined || !delegations.has(textOf(record.parent))) return judgeUnseen(record, trace)
  return {
    proven: ['the signature of the delegator', 'that it is no wider than the one above'],
    unproven: isAsProposed(record, child)
      ? []
      : ['that this was proposed: its delegator signed something else than was put on record'],
  }
}

/** Of what was exchanged for a token the authority alone saw what its delegator had signed. */
function judgeUnseen({ delegation }: AuditRecord, { entries }: VerifiedTrace): Partial<EntryProof> {
  const exchanged = entries.find(
    ({ request }) =>
      isProven(request) && request.by === 'token' && request.claims.delegations.includes(textOf(delegation)),
  )
  return exchanged === undefined
    ? { unproven: ['what was handed on: it was used in no request here, and only its delegator signed it'] }
    : {
        proven: [`that it was exchanged for the token of entry ${exchanged.index}`],
        unproven: ['what was handed on: no signed request here shows it, and only its delegator signed it'],
      }
}

/** Records of before do not say. */
function isAsProposed({ payload }: AuditRecord, { jws }: Delegation): boolean {
  const [, signed = ''] = jws.split('.')
  const digest = digestSha256(canonicalizeJson(parseJson(decodeUtf8(decodeBase64url(signed)))))
  return payload === undefined || payload === digest
}

function judgeRequest({ record, request }: ProvenEntry, trace: VerifiedTrace): Partial<EntryProof> {
  if (record.subject === undefined) return { unproven: ['who sent it: nothing in it verified'] }
  if (request === undefined) return { unproven: ['the request itself: its evidence is not kept'] }
  if (!isProven(request)) return { unproven: [`the request itself: ${request.reason} (${request.code})`] }
  const { status } = request
  const told = request.by === 'token' ? judgeToken(request, trace) : judgeSigned(request)
  return typeof status === 'string'
    ? { ...told, unproven: [...told.unproven, `what was known of revocations then: it is ${status}`] }
    : { ...told, proven: [...told.proven, tellStatus(status)] }
}

function judgeSigned({ chain }: ProvenSignedRequest): EntryProof {
  return {
    proven: ['the signature of the agent', `the chain of ${chain.links.length} behind it`],
    unproven: [],
  }
}

function judgeToken(
  { claims, chain, exchange, provenAt }: ProvenTokenRequest,
  trace: VerifiedTrace,
): EntryProof {
  const { length } = chain.links
  const entries = findLinks(claims, trace)
  return {
    proven: [
      `the agent's DPoP proof of ${formatTime(provenAt)} for this token, method and address (DPoP covers neither query nor body)`,
      `the token, signed by the authority and exchanged in entry ${exchange.index}`,
      ...(entries === undefined
        ? []
        : [`the chain of ${length} that was exchanged, in entries ${entries.join(', ')}`]),
    ],
    unproven:
      entries === undefined
        ? [
            `the chain of ${length} that was exchanged, beyond the word of the authority: the log has of it something else, or nothing`,
          ]
        : [],
  }
}

function tellStatus({ time, sequence, revoked }: StatusThen): string {
  const said = revoked === undefined ? 'nothing of it was revoked' : `${revoked} was revoked`
  return `that ${said}, by heartbeat ${sequence} of ${formatTime(time)}`
}

function formatTime(time: number): string {
  return new Date(time).toISOString()
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

/** What an API recorded after a request that it accepted: what it answered, or that it refused it after all. */
export function findOutcome(
  { index, record }: ProvenEntry,
  { entries }: Pick<VerifiedTrace, 'entries'>,
): ProvenEntry | undefined {
  return entries.find(
    (other) =>
      other.index > index &&
      (other.record.type === 'answered' || isRequest(other.record)) &&
      other.record.api === record.api &&
      other.record.request_id === record.request_id,
  )
}
