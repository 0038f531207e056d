import type { JsonObject } from '@behalf/core'
import type { Did } from '@behalf/did'
import { type DelegationRequest, requestStatus } from './delegation-request.ts'
import { IssuerError } from './error.ts'
import { checkKeyAlive, type IssuerContext } from './issuer-context.ts'
import { principalOf, record } from './issuer-event.ts'
import type { IssuerTransaction } from './issuer-store.ts'

/** A delegation as its agent collects it. */
export interface CollectedDelegation {
  /** The root delegation, a compact JWS. */
  readonly delegation: string
  /** The whole chain, root first: here the root alone. */
  readonly chain: readonly string[]
  /** What `approval.digest` is over. */
  readonly evidence: JsonObject
}

// A poll that is a moment early through no fault of the agent's is not punished.
const JITTER_MS = 500

/**
 * Returns the delegation to the key that asked for it, as often as that key asks until the delegation ends.
 *
 * @param options.id - of the request
 * @param options.agent - the key that signed this call
 * @throws IssuerError `not_found` (also for another key's request), `authorization_pending`, `slow_down`,
 *   `access_denied`, `approval_expired`, `credential_revoked`, `credential_suspended`, `key_revoked`
 * @see RFC 8628 section 3.5 for the codes of waiting
 */
export async function collect(
  context: IssuerContext,
  options: { readonly id: string; readonly agent: Did },
): Promise<CollectedDelegation> {
  // A refusal to wait longer is an answer too: it must not undo that the poll was counted.
  const answer = await context.store.transaction(async (tx) => {
    await checkKeyAlive(tx, options.agent)
    const request = await tx.findRequest(options.id)
    if (request?.agent !== options.agent) throw new IssuerError('not_found', 'There is no such request')
    const status = requestStatus(request, context.clock())
    if (status === 'expired')
      throw new IssuerError('approval_expired', 'This request was not decided in time')
    if (status === 'refused') throw new IssuerError('access_denied', 'This request was refused')
    return status === 'pending' ? countPoll(context, tx, request) : handOver(context, tx, request)
  })
  if (answer instanceof IssuerError) throw answer
  return answer
}

async function countPoll(
  context: IssuerContext,
  tx: IssuerTransaction,
  request: DelegationRequest,
): Promise<IssuerError> {
  const now = context.clock()
  const retryAfterSeconds = context.pollIntervalSeconds
  const earliest = (request.lastPolledAt ?? -Infinity) + retryAfterSeconds * 1000 - JITTER_MS
  await tx.saveRequest({ ...request, lastPolledAt: now })
  if (now < earliest) {
    return new IssuerError('slow_down', `Ask at most every ${retryAfterSeconds} seconds`, {
      retryAfterSeconds,
    })
  }
  return new IssuerError('authorization_pending', 'Nobody has decided yet', { retryAfterSeconds })
}

async function handOver(
  context: IssuerContext,
  tx: IssuerTransaction,
  request: DelegationRequest,
): Promise<CollectedDelegation> {
  const issued = await tx.findDelegation(request.delegationId ?? '')
  if (!issued?.issued) throw new Error('An approved request has no delegation')
  if (issued.revoked) throw new IssuerError('credential_revoked', 'The delegation was revoked', { link: 0 })
  if (issued.suspended)
    throw new IssuerError('credential_suspended', 'The delegation is suspended', { link: 0 })
  if (context.clock() >= issued.validUntil)
    throw new IssuerError('approval_expired', 'The delegation has ended')
  if (request.collectedAt === undefined) {
    await tx.saveRequest({ ...request, collectedAt: context.clock() })
    await record(context, tx, {
      type: 'collected',
      data: {
        request: request.id,
        delegation: issued.id,
        subject: issued.subject,
        principal: principalOf(context, issued.onBehalfOf),
      },
    })
  }
  const { jws, evidence } = issued.issued
  return { delegation: jws, chain: [jws], evidence }
}
