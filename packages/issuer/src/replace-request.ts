import type { DelegationRequest } from './delegation-request.ts'
import { IssuerError } from './error.ts'
import type { IssuerContext } from './issuer-context.ts'
import type { IssuerTransaction } from './issuer-store.ts'
import { settleQuestion, type UndecidedRequest } from './settle-question.ts'

// Each change stands in the append-only record, which an agent must not be able to fill.
const MAX_VERSION = 20

/**
 * What is asked takes the place of a request that waits, as its next version: what was prepared or half approved of it
 * is void, and the policy has answered anew. It ends when it would have ended.
 *
 * @returns the request as it stands
 * @throws IssuerError `rate_limited` after 20 versions
 */
export async function replaceRequest(
  context: IssuerContext,
  tx: IssuerTransaction,
  facts: {
    readonly pending: DelegationRequest
    readonly asked: UndecidedRequest
    readonly stranger: boolean
  },
): Promise<DelegationRequest> {
  const { pending, asked, stranger } = facts
  const { id, version, requestedAt, expiresAt, lastPolledAt, half } = pending
  if (version >= MAX_VERSION) {
    throw new IssuerError('rate_limited', 'This request was changed too often', { retryAfterSeconds: 60 })
  }
  if (half !== undefined) await tx.deleteDraft(half)
  const kept = { id, version: version + 1, requestedAt, expiresAt }
  return settleQuestion(context, tx, {
    asked: { ...asked, ...kept, ...(lastPolledAt !== undefined && { lastPolledAt }) },
    stranger,
    keep: (request) => tx.saveRequest(request),
  })
}
