import { type Decider, identifyDecider } from './decider.ts'
import { IssuerError } from './error.ts'
import type { IssuerContext } from './issuer-context.ts'
import { principalOf, record } from './issuer-event.ts'
import type { DelegationRecord, IssuerTransaction } from './issuer-store.ts'
import { publishHeartbeat, signList } from './publish-status.ts'
import { checkOptionalText, TEXT_LIMITS } from './text-rule.ts'

/** Which delegation rests, or goes on, and who says so. */
export type SuspendOptions = Decider & {
  readonly id: string
  readonly reason?: string
}

/** What rests or goes on, and where it is published. */
export interface SuspensionReceipt {
  /** Id of the delegation. */
  readonly delegation: string
  /** Whether it rests from now on. */
  readonly suspended: boolean
  /** The heartbeat that says so; every later one does too, until something else is said. */
  readonly sequence: number
  /** Since when it is so, milliseconds since the epoch. */
  readonly time: number
}

/**
 * The delegation rests, and with it everything below it, until it is resumed. When this resolves, the suspension, the
 * new list and a heartbeat over it are stored together. Suspending again changes nothing and gives the first time.
 *
 * @param options - the decider is an operator, or the person on whose behalf it is
 * @throws IssuerError `not_found` (also when it is none of the decider's business), `credential_revoked` for what ended
 *   for good, `key_revoked` for an operator whose key is, `input_invalid`
 */
export async function suspendDelegation(
  context: IssuerContext,
  options: SuspendOptions,
): Promise<SuspensionReceipt> {
  const reason = checkOptionalText(options.reason, { field: 'reason', maxLength: TEXT_LIMITS.reason })
  return context.store.transaction(async (tx) => {
    const by = await identifyDecider(tx, options)
    const delegation = await findOwn(tx, options)
    const { id, suspended } = delegation
    if (suspended) return receiptOf(tx, { delegation: id, suspended: true, time: suspended.at })
    const suspension = { at: context.clock(), by, ...(reason !== undefined && { reason }) }
    await tx.markSuspended(id, suspension)
    await recordChange(context, tx, { type: 'suspended', delegation, by, reason })
    await publish(context, tx, delegation)
    return receiptOf(tx, { delegation: id, suspended: true, time: suspension.at })
  })
}

/**
 * The delegation goes on, unless something above it rests or ended. Stored and published as a suspension is. Resuming
 * what does not rest changes nothing.
 *
 * @param options - the decider is an operator, or the person on whose behalf it is; a person lifts only what they
 *   suspended themselves
 * @throws IssuerError `not_found` (also when it is none of the decider's business), `credential_revoked` for what ended
 *   for good, `forbidden` for what somebody else suspended, `key_revoked` for an operator whose key is, `input_invalid`
 */
export async function resumeDelegation(
  context: IssuerContext,
  options: SuspendOptions,
): Promise<SuspensionReceipt> {
  const reason = checkOptionalText(options.reason, { field: 'reason', maxLength: TEXT_LIMITS.reason })
  return context.store.transaction(async (tx) => {
    const by = await identifyDecider(tx, options)
    const delegation = await findOwn(tx, options)
    const { id, suspended } = delegation
    const receipt = { delegation: id, suspended: false, time: context.clock() }
    if (!suspended) return receiptOf(tx, receipt)
    if (!isOperator(options) && suspended.by !== by) {
      throw new IssuerError('forbidden', 'Whoever suspended this, or an operator, lets it go on')
    }
    await tx.markResumed(id)
    await recordChange(context, tx, { type: 'resumed', delegation, by, reason })
    await publish(context, tx, delegation)
    return receiptOf(tx, receipt)
  })
}

async function findOwn(tx: IssuerTransaction, options: SuspendOptions): Promise<DelegationRecord> {
  const delegation = await tx.findDelegation(options.id)
  if (!delegation || !mayDecide(options, delegation)) {
    throw new IssuerError('not_found', 'There is no such delegation')
  }
  if (delegation.revoked) throw new IssuerError('credential_revoked', 'The delegation was revoked for good')
  return delegation
}

function mayDecide(decider: Decider, { onBehalfOf }: DelegationRecord): boolean {
  return isOperator(decider) || ('person' in decider && decider.person.id === onBehalfOf.id)
}

function isOperator(decider: Decider): boolean {
  return 'operator' in decider || decider.isOperator === true
}

async function receiptOf(
  tx: IssuerTransaction,
  facts: Omit<SuspensionReceipt, 'sequence'>,
): Promise<SuspensionReceipt> {
  const published = await tx.readPublication()
  return { ...facts, sequence: published?.sequence ?? 0 }
}

async function publish(
  context: IssuerContext,
  tx: IssuerTransaction,
  { status }: DelegationRecord,
): Promise<void> {
  await signList(context, tx, { number: status.list, purpose: 'suspension' })
  await publishHeartbeat(context, tx)
}

async function recordChange(
  context: IssuerContext,
  tx: IssuerTransaction,
  change: {
    readonly type: 'suspended' | 'resumed'
    readonly delegation: DelegationRecord
    readonly by: string
    readonly reason: string | undefined
  },
): Promise<void> {
  const { type, delegation, by, reason } = change
  await record(context, tx, {
    type,
    data: {
      delegation: delegation.id,
      root: delegation.rootId,
      subject: delegation.subject,
      principal: principalOf(context, delegation.onBehalfOf),
      by,
      reason,
    },
  })
}
