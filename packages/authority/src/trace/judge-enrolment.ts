import type { AuditRecord } from '@behalf/audit-log'
import { BehalfError } from '@behalf/core'
import { type Capability, coversCapabilities, type Delegation, parseCapabilities } from '@behalf/credential'
import {
  type FoundEnrolment,
  findEnrolment,
  findGiven,
  findWorkload,
  isAsSigned,
  readTime,
} from './find-enrolment.ts'
import { proofOfWorkload } from './record-members.ts'
import type { ProvenDelegation, ProvenEntry, VerifiedTrace } from './verify-trace.ts'

/** What is proven, and what is not. */
interface Judgement {
  readonly proven: readonly string[]
  readonly unproven: readonly string[]
}

/** Who let an agent have something unasked: a person, or the configuration for what runs somewhere. */
export function judgeEnrolled(entry: ProvenEntry, trace: VerifiedTrace): Judgement {
  const { record } = entry
  if (record.workload !== undefined) return judgeGrant(entry, trace)
  if (record.evidence === undefined) {
    return {
      proven: [],
      unproven: ['that a person let it: nobody signed its bounds, it is the word of the authority'],
    }
  }
  const given = findGiven(record, trace)
  if (given === undefined) {
    return {
      proven: [],
      unproven: ['that a person let it: the approval along with which it was given is not kept'],
    }
  }
  if (!isAsSigned(record, given, trace)) {
    return { proven: [], unproven: ['that these are the bounds that were signed: they are others'] }
  }
  return {
    proven: ['the evidence of the approval in which its bounds were signed'],
    unproven: tellMethod(given),
  }
}

function judgeGrant(entry: ProvenEntry, trace: VerifiedTrace): Judgement {
  const proven = findWorkload(entry, trace)
  return proven === undefined
    ? { proven: [], unproven: ['that it was proven where it runs: that is not told here'] }
    : { proven: [`that it was given for what was proven in entry ${proven.index}`], unproven: [] }
}

/** What showed it is a secret of the workload: its digest alone is kept. */
export function judgeWorkload({ record }: ProvenEntry): Judgement {
  const digest = proofOfWorkload(record) ?? '(not told)'
  return {
    proven: [],
    unproven: [
      `where it runs: what showed it, with the digest ${digest}, is not kept; it is the word of the authority`,
    ],
  }
}

/** Whether a root that nobody was asked about is what its agent had been let have. */
export function judgeUnasked(entry: ProvenEntry, root: ProvenDelegation, trace: VerifiedTrace): Judgement {
  const id = root.approval.statement?.by ?? ''
  const found = findEnrolment(id, trace)
  const unproven = tellMethod(root)
  if (found === undefined) {
    return { proven: [], unproven: [...unproven, `that it is within an enrolment: ${id} is not told here`] }
  }
  const told = `that it is within what entry ${found.index} let it have`
  const capabilities = enrolledCapabilities(found)
  if (capabilities === undefined) {
    return { proven: [], unproven: [...unproven, `${told}: its terms are not told in full`] }
  }
  const isWithin =
    isBeforeEnd(entry, found) &&
    isAllowed(entry.record, root.delegation, found.record) &&
    coversCapabilities(capabilities, root.delegation.capabilities).covered
  if (!isWithin) return { proven: [], unproven: [...unproven, `${told}: it is not`] }
  return found.given?.approval.isProven
    ? {
        proven: [`that a person let it have this unasked, with their own passkey: entry ${found.index}`],
        unproven: [],
      }
    : { proven: [told], unproven }
}

/** The word of the authority for what a person wanted. */
export function tellMethod({ approval: { isProven, method } }: ProvenDelegation): readonly string[] {
  return isProven ? [] : [`that a person approved: ${method} is no person's own passkey`]
}

/** What an enrolment lets an agent have: what was signed, or else what the log has; undefined where neither is told in full. */
export function enrolledCapabilities({ given, record }: FoundEnrolment): readonly Capability[] | undefined {
  if (given) return given.delegation.capabilities
  try {
    return Array.isArray(record.capabilities) ? parseCapabilities(record.capabilities) : undefined
  } catch (error) {
    if (error instanceof BehalfError) return undefined
    throw error
  }
}

function isBeforeEnd(
  { index }: ProvenEntry,
  { index: enrolled, withdrawn = Infinity }: FoundEnrolment,
): boolean {
  return index > enrolled && index < withdrawn
}

function isAllowed(
  issued: AuditRecord,
  { subject, validFrom, validUntil, issuedAt, maxDelegationDepth }: Delegation,
  enrolled: AuditRecord,
): boolean {
  const { max_seconds: seconds, max_delegation_depth: depth, valid_until: end } = enrolled
  return (
    subject === enrolled.subject &&
    issued.principal === enrolled.principal &&
    typeof seconds === 'number' &&
    validUntil - validFrom <= seconds * 1000 &&
    typeof depth === 'number' &&
    maxDelegationDepth <= depth &&
    (end === undefined || issuedAt <= readTime(end))
  )
}
