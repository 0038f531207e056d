import type { AskedTerms } from './authority-client.ts'
import { type CollectContext, collectRequest, type MadeRequest, pollSeconds } from './collect-delegation.ts'
import { WalletError } from './error.ts'
import type { HeldDelegation } from './held-delegation.ts'
import { explainRefusal } from './refusal-reason.ts'

/** A request that waits for a person. */
export interface PendingApproval {
  readonly id: string
  /** To be shown to the person who decides. */
  readonly approvalUrl: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

/** What an agent asks for, and of whom. */
export interface RequestDelegationOptions extends AskedTerms {
  /** Origin of the authority. */
  readonly authority: string
  /** Called once when a person has to decide. */
  readonly onPending?: (pending: PendingApproval) => void
  /** Ends the waiting; the request itself stays. */
  readonly signal?: AbortSignal
  /** How long to wait for the decision; authorization_pending after that. Default: as long as the request stands. */
  readonly maxWaitSeconds?: number
}

/**
 * The delegation that the authority issued for what was asked: for this agent, from the authority's own issuer, and
 * in no respect more than was asked.
 *
 * @throws {WalletError} the authority's code (input_invalid, rate_limited, …), and as collectRequest
 */
export async function requestDelegation(
  context: CollectContext,
  options: RequestDelegationOptions,
): Promise<HeldDelegation> {
  const { client } = context
  const { signal } = options
  const authority = await client.describe()
  const { id, status, expiresAt, intervalSeconds, ...receipt } = await client.createRequest(options, signal)
  const made: MadeRequest = {
    id,
    expiresAt,
    intervalSeconds,
    asked: options,
    authority,
    signal,
    once: false,
    deadline: context.clock() + (options.maxWaitSeconds ?? Number.POSITIVE_INFINITY) * 1000,
  }
  if (status === 'refused') {
    const refusal = new WalletError('access_denied', 'the policy of the authority refused the request')
    throw await explainRefusal(refusal, client, made)
  }
  if (status === 'pending') {
    options.onPending?.({ id, approvalUrl: receipt.approvalUrl, expiresAt })
    await context.wait(Math.min(pollSeconds(made) * 1000, made.deadline - context.clock()), signal)
  }
  return await collectRequest(context, made)
}
