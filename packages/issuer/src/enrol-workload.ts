import type { Did } from '@behalf/did'
import { enrolWithin } from './enrol-agent.ts'
import { IssuerError } from './error.ts'
import { countQuestion } from './flood-limits.ts'
import { checkKeyAlive, type IssuerContext } from './issuer-context.ts'
import { record } from './issuer-event.ts'
import type { Enrolment, IssuerTransaction } from './issuer-store.ts'
import { formatTime } from './rfc3339.ts'
import { describeWorkload, nameGrant, type WorkloadGrant, type WorkloadProof } from './workload.ts'

/** A key that proved where it runs, and what that gives it. */
export interface EnrolWorkloadOptions {
  /** Verified: that it holds, for this key, is not looked at here. */
  readonly proof: Omit<WorkloadProof, 'provenAt'>
  /** All that its workload may have by itself. */
  readonly grants: readonly WorkloadGrant[]
}

/** What is known of a key from then on. */
export interface EnrolledWorkload {
  readonly proof: WorkloadProof
  /** What the proof gave and is still in force. */
  readonly enrolments: readonly Enrolment[]
}

const MAX_ENROLMENTS = 100

/**
 * The key is known to run where the proof says, until the proof ends, and so long it has what is granted there. A proof
 * is for the key that showed it first: shown again by that key it gives what it gave, as far as that is in force. What
 * was withdrawn from a workload is given to it no more, to no key.
 *
 * @throws IssuerError `key_mismatch` for a proof that another key showed, `key_revoked`, `rate_limited`,
 *   `input_invalid` for one that has ended
 */
export async function enrolWorkload(
  context: IssuerContext,
  { proof, grants }: EnrolWorkloadOptions,
): Promise<EnrolledWorkload> {
  return context.store.transaction(async (tx) => {
    await checkKeyAlive(tx, proof.agent)
    const before = await tx.findWorkloadProof(proof.digest)
    if (before)
      return { proof: checkHolder(before, proof.agent), enrolments: await listOf(context, tx, before) }
    await countQuestion(context, tx, { agent: `workload ${proof.issuer} ${proof.subject}`, stranger: false })
    const proven: WorkloadProof = { ...proof, provenAt: context.clock() }
    await tx.insertWorkloadProof(proven)
    await recordProof(context, tx, proven)
    const enrolments: Enrolment[] = []
    for (const grant of grants) {
      if (await tx.wasWithdrawn({ createdBy: nameGrant(grant), workload: proven })) continue
      enrolments.push(await enrolGrant(context, tx, { proof: proven, grant }))
    }
    return { proof: proven, enrolments }
  })
}

function checkHolder(before: WorkloadProof, agent: Did): WorkloadProof {
  if (before.agent === agent) return before
  throw new IssuerError('key_mismatch', 'Another key showed this proof before: get a fresh one')
}

async function listOf(
  context: IssuerContext,
  tx: IssuerTransaction,
  { agent, digest }: WorkloadProof,
): Promise<readonly Enrolment[]> {
  const own = await tx.listEnrolments({ agent, now: context.clock(), limit: MAX_ENROLMENTS })
  return own.filter(({ workload }) => workload?.digest === digest).toReversed()
}

async function recordProof(
  context: IssuerContext,
  tx: IssuerTransaction,
  proof: WorkloadProof,
): Promise<void> {
  const { agent, digest, validUntil } = proof
  const workload = describeWorkload(proof)
  await record(context, tx, {
    type: 'workload_proven',
    data: { subject: agent, workload, proof: digest, valid_until: formatTime(validUntil) },
  })
}

function enrolGrant(
  context: IssuerContext,
  tx: IssuerTransaction,
  { proof, grant }: { readonly proof: WorkloadProof; readonly grant: WorkloadGrant },
): Promise<Enrolment> {
  const { onBehalfOf, capabilities, maxSeconds, maxDelegationDepth = 0 } = grant
  const { type, issuer, subject, claims, digest } = proof
  return enrolWithin(context, tx, {
    onBehalfOf,
    capabilities,
    maxSeconds,
    maxDelegationDepth,
    agent: proof.agent,
    validUntil: proof.validUntil,
    workload: { type, issuer, subject, claims, digest },
    by: nameGrant(grant),
  })
}
