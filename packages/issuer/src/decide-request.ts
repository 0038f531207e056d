import type { JsonValue } from '@behalf/core'
import { coversCapabilities } from '@behalf/credential'
import type { Did } from '@behalf/did'
import { checkCapabilities, checkDepth, checkInteger, checkSeconds } from './check-terms.ts'
import { decidePolicy } from './decide-policy.ts'
import {
  type DelegationRequest,
  type KnownCapability,
  type RequestedTerms,
  requestStatus,
} from './delegation-request.ts'
import { IssuerError } from './error.ts'
import { stricterEffect } from './evaluate-policy.ts'
import { issueDelegation } from './issue-delegation.ts'
import { checkKeyAlive, type IssuerContext } from './issuer-context.ts'
import { principalOf, record } from './issuer-event.ts'
import type { IssuerTransaction } from './issuer-store.ts'
import { checkOptionalText, TEXT_LIMITS } from './text-rule.ts'

/** Less than what was asked for. An absent member stays as it was asked. */
export interface Narrowing {
  /** The wire form, a JSON array. */
  readonly capabilities?: JsonValue
  readonly validForSeconds?: number
  readonly maxUses?: number
  readonly maxDelegationDepth?: number
}

/** An operator's yes. */
export interface ApproveOptions {
  readonly id: string
  /** The version of the request that the operator saw. */
  readonly version: number
  readonly operator: Did
  readonly narrow?: Narrowing
}

/** An operator's no. */
export interface DenyOptions {
  readonly id: string
  readonly version: number
  readonly operator: Did
  readonly reason?: string
}

/**
 * The request is approved as asked or narrower, and its delegation is signed and ready for the key that asked.
 *
 * @returns the request as approved
 * @throws IssuerError `not_found`, `approval_consumed`, `approval_expired`, `approval_mismatch`, `key_revoked`,
 *   `input_invalid` for a narrowing that widens, `access_denied` when the policy refuses by now
 */
export async function approve(context: IssuerContext, options: ApproveOptions): Promise<DelegationRequest> {
  return context.store.transaction(async (tx) => {
    await checkKeyAlive(tx, options.operator)
    const request = await takePending(context, tx, options)
    await checkKeyAlive(tx, request.agent)
    const terms = narrowTerms(context, request.terms, options.narrow ?? {})
    // The policy may have changed since the question, and the answer carries the policy of its own time.
    const { policy } = await decidePolicy(context, tx, { agent: request.agent, terms })
    if (policy.decision === 'refuse') {
      throw new IssuerError('access_denied', `The policy ${policy.id} refuses this request`)
    }
    if (policy.decision === 'ask-two') {
      throw new IssuerError('access_denied', `The policy ${policy.id} wants two people for this request`)
    }
    return issueDelegation(context, tx, {
      request,
      terms,
      // Somebody was asked, whatever would have sufficed.
      policy: { ...policy, decision: stricterEffect(policy.decision, 'ask-one') },
      method: 'operator',
      by: options.operator,
    })
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
    await checkKeyAlive(tx, options.operator)
    const request = await takePending(context, tx, options)
    const denied: DelegationRequest = {
      ...request,
      status: 'refused',
      decidedAt: context.clock(),
      decidedBy: options.operator,
      ...(reason !== undefined && { reason }),
    }
    await tx.saveRequest(denied)
    await record(context, tx, {
      type: 'denied',
      data: {
        request: request.id,
        subject: request.agent,
        principal: principalOf(context, request.terms.onBehalfOf),
        by: options.operator,
        reason,
      },
    })
    return denied
  })
}

async function takePending(
  context: IssuerContext,
  tx: IssuerTransaction,
  options: { readonly id: string; readonly version: number },
): Promise<DelegationRequest> {
  const request = await tx.findRequest(options.id)
  if (!request) throw new IssuerError('not_found', 'There is no such request')
  const status = requestStatus(request, context.clock())
  if (status === 'expired') throw new IssuerError('approval_expired', 'This request was not decided in time')
  if (status !== 'pending') throw new IssuerError('approval_consumed', 'This request is decided already')
  if (request.version !== options.version) {
    throw new IssuerError('approval_mismatch', 'The request was changed after it was read')
  }
  return request
}

function narrowTerms(context: IssuerContext, asked: RequestedTerms, narrow: Narrowing): RequestedTerms {
  const { validForSeconds, maxUses, maxDelegationDepth } = narrow
  return {
    ...asked,
    capabilities: narrowCapabilities(asked.capabilities, narrow.capabilities),
    ...(validForSeconds !== undefined && {
      validForSeconds: atMost(checkSeconds(validForSeconds, context, 'narrow.valid_for_seconds'), {
        field: 'narrow.valid_for_seconds',
        limit: asked.validForSeconds,
      }),
    }),
    ...(maxUses !== undefined && {
      maxUses: atMost(checkInteger(maxUses, { field: 'narrow.max_uses', min: 1 }), {
        field: 'narrow.max_uses',
        limit: asked.maxUses ?? Infinity,
      }),
    }),
    ...(maxDelegationDepth !== undefined && {
      maxDelegationDepth: atMost(checkDepth(maxDelegationDepth, 'narrow.max_delegation_depth'), {
        field: 'narrow.max_delegation_depth',
        limit: asked.maxDelegationDepth,
      }),
    }),
  }
}

function narrowCapabilities(
  asked: readonly KnownCapability[],
  value: JsonValue | undefined,
): readonly KnownCapability[] {
  if (value === undefined) return asked
  const field = 'narrow.capabilities'
  const narrowed = checkCapabilities(value, field)
  if (coversCapabilities(asked, narrowed).covered) return narrowed
  throw new IssuerError('input_invalid', 'An approval may narrow the capabilities, not widen them', { field })
}

function atMost(value: number, options: { readonly field: string; readonly limit: number }): number {
  const { field, limit } = options
  if (value <= limit) return value
  throw new IssuerError('input_invalid', `An approval may narrow the request: at most ${limit}`, { field })
}
