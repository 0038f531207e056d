import type { Did } from '@behalf/did'
import type { Approver } from './approver.ts'
import { recordWithdrawal } from './enrol-agent.ts'
import type { IssuerContext } from './issuer-context.ts'
import type { DelegationRecord, Enrolment, IssuerTransaction, Revocation } from './issuer-store.ts'
import { publishHeartbeat, signRevoked } from './publish-status.ts'
import { recordRevocation } from './revoke.ts'
import { checkOptionalText, TEXT_LIMITS } from './text-rule.ts'

/** Who stops what acts on their behalf. */
export interface RevokePrincipalOptions {
  readonly person: Approver
  /** Absent: every agent. */
  readonly agent?: Did
  readonly reason?: string
}

/** What was stopped, and where it is published. */
export interface PrincipalRevocationReceipt {
  /** Ids of delegations. */
  readonly revoked: readonly string[]
  /** Ids of enrolments. */
  readonly withdrawn: readonly string[]
  /** The heartbeat that says so; every later one does too. */
  readonly sequence: number
  /** Milliseconds since the epoch. */
  readonly time: number
}

const MAX_ENROLMENTS = 10_000

/**
 * Nothing acts on behalf of this person any more, or nothing of one agent: every root is revoked and with it everything
 * below, and no enrolment approves a new one by itself. Of one agent also what others passed on to it. All of it
 * happens at once and is published once.
 *
 * @throws IssuerError `input_invalid` for a reason that hides something
 */
export async function revokePrincipal(
  context: IssuerContext,
  options: RevokePrincipalOptions,
): Promise<PrincipalRevocationReceipt> {
  const reason = checkOptionalText(options.reason, { field: 'reason', maxLength: TEXT_LIMITS.reason })
  const { person } = options
  const time = context.clock()
  const revocation = { at: time, by: person.id, ...(reason !== undefined && { reason }) }
  return context.store.transaction(async (tx) => {
    const delegations = await findOwn(tx, { ...options, now: time })
    const enrolments = await findOwnEnrolments(tx, { ...options, now: time })
    for (const delegation of delegations) await revokeOne(context, tx, { delegation, revocation })
    for (const enrolment of enrolments) {
      await tx.saveEnrolment({ ...enrolment, withdrawnAt: time })
      await recordWithdrawal(context, tx, { enrolment, by: person.id })
    }
    await signRevoked(context, tx, delegations)
    const { sequence } = await publishHeartbeat(context, tx)
    const ids = (records: readonly { readonly id: string }[]): readonly string[] =>
      records.map(({ id }) => id)
    return { revoked: ids(delegations), withdrawn: ids(enrolments), sequence, time }
  })
}

type Search = Pick<RevokePrincipalOptions, 'person' | 'agent'> & { readonly now: number }

async function findOwn(
  tx: IssuerTransaction,
  { person, agent, now }: Search,
): Promise<readonly DelegationRecord[]> {
  const live = await tx.listLiveDelegations({
    principal: person.id,
    now,
    ...(agent !== undefined && { subject: agent }),
  })
  // What lies below a root ends with it; of one agent what was passed on to it is named too.
  return live.filter(({ parentId }) => agent !== undefined || parentId === undefined)
}

async function findOwnEnrolments(
  tx: IssuerTransaction,
  { person, agent, now }: Search,
): Promise<readonly Enrolment[]> {
  const filter = { now, limit: MAX_ENROLMENTS, ...(agent !== undefined && { agent }) }
  const enrolments = await tx.listEnrolments(filter)
  return enrolments.filter(({ onBehalfOf }) => onBehalfOf.id === person.id)
}

async function revokeOne(
  context: IssuerContext,
  tx: IssuerTransaction,
  facts: { readonly delegation: DelegationRecord; readonly revocation: Revocation },
): Promise<void> {
  await tx.markRevoked(facts.delegation.id, facts.revocation)
  await recordRevocation(context, tx, facts)
}
