import type { Did } from '@behalf/did'
import { decideTerms } from './decide-terms.ts'
import { type Decider, identifyDecider } from './decider.ts'
import { approvalsNeeded, type DelegationRequest } from './delegation-request.ts'
import { IssuerError } from './error.ts'
import { issueDelegation } from './issue-delegation.ts'
import { checkKeyAlive, type IssuerContext } from './issuer-context.ts'
import { principalOf, record } from './issuer-event.ts'
import { type Narrowing, narrowTerms } from './narrow-terms.ts'
import { takePending } from './take-pending.ts'
import { checkOptionalText, TEXT_LIMITS } from './text-rule.ts'

/** An operator's yes. */
export interface ApproveOptions {
  readonly id: string
  /** The version of the request that the operator saw. */
  readonly version: number
  readonly operator: Did
  readonly narrow?: Narrowing
}

/** A no, by an operator or by a person whose business the request is. */
export type DenyOptions = {
  readonly id: string
  readonly version: number
  readonly reason?: string
} & Decider

/**
 * The request is approved as asked or narrower, and its delegation is signed and ready for the key that asked.
 *
 * @returns the request as approved
 * @throws IssuerError `not_found`, `approval_consumed`, `approval_expired`, `approval_mismatch`, `key_revoked`,
 *   `input_invalid` for a narrowing that widens, `access_denied` when the policy refuses by now, `forbidden` for what
 *   takes two people
 */
export async function approve(context: IssuerContext, options: ApproveOptions): Promise<DelegationRequest> {
  return context.store.transaction(async (tx) => {
    await checkKeyAlive(tx, options.operator)
    const request = await takePending(context, tx, options)
    await checkKeyAlive(tx, request.agent)
    const terms = narrowTerms(context, request.terms, options.narrow ?? {})
    const policy = await decideTerms(context, tx, { agent: request.agent, terms })
    if (approvalsNeeded(policy) === 2) {
      const page = `${context.origin}/approve/${request.id}`
      throw new IssuerError(
        'forbidden',
        `This takes two people with a passkey each, and no operator’s key stands in for one: its principal opens ${page}, then another approver does. An operator may deny it`,
      )
    }
    return issueDelegation(context, tx, { request, terms, policy, method: 'operator', by: options.operator })
  })
}

/**
 * The request is refused for good.
 *
 * @returns the request as refused
 * @throws IssuerError `not_found`, `approval_consumed`, `approval_expired`, `approval_mismatch`, `input_invalid`,
 *   `key_revoked`
 */
export async function deny(context: IssuerContext, options: DenyOptions): Promise<DelegationRequest> {
  const reason = checkOptionalText(options.reason, { field: 'reason', maxLength: TEXT_LIMITS.reason })
  return context.store.transaction(async (tx) => {
    const by = await identifyDecider(tx, options)
    const request = await takePending(context, tx, options)
    const { half, ...decided } = request
    if (half !== undefined) await tx.deleteDraft(half)
    const denied: DelegationRequest = {
      ...decided,
      status: 'refused',
      decidedAt: context.clock(),
      decidedBy: by,
      ...(reason !== undefined && { reason }),
    }
    await tx.saveRequest(denied)
    await record(context, tx, {
      type: 'denied',
      data: {
        request: request.id,
        subject: request.agent,
        principal: principalOf(context, request.terms.onBehalfOf),
        by,
        reason,
      },
    })
    return denied
  })
}
