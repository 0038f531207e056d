import type { DelegationRequest } from './delegation-request.ts'
import { IssuerError } from './error.ts'
import { checkKeyAlive, type IssuerContext } from './issuer-context.ts'
import { checkQuestion, type DelegationQuestion, settleQuestion } from './request-delegation.ts'
import { takePending } from './take-pending.ts'

/** What an agent asks instead of what it asked. */
export interface ChangeRequestOptions extends DelegationQuestion {
  readonly id: string
  /** The version that is replaced. */
  readonly version: number
}

// Each change stands in the append-only record, which an agent must not be able to fill.
const MAX_VERSION = 20

/**
 * The request asks for something else, under the next version: what was prepared or half approved of it before is void,
 * and the policy has answered anew. It ends when it would have ended.
 *
 * @returns the request as it stands
 * @throws IssuerError `not_found` (also for another key's request), `approval_consumed`, `approval_expired`,
 *   `approval_mismatch` for another version, `input_invalid` also for another principal, `rate_limited` after 20
 *   versions, `policy_unknown`, `key_revoked`
 * @throws CredentialError `scope_malformed`, `credential_malformed`, `credential_too_large`
 */
export async function changeRequest(
  context: IssuerContext,
  options: ChangeRequestOptions,
): Promise<DelegationRequest> {
  const { id, version } = options
  const question = checkQuestion(context, options)
  return context.store.transaction(async (tx) => {
    await checkKeyAlive(tx, question.agent)
    const known = await tx.findRequest(id)
    if (known?.agent !== question.agent) throw new IssuerError('not_found', 'There is no such request')
    const { requestedAt, expiresAt, lastPolledAt, half, terms } = await takePending(context, tx, {
      id,
      version,
    })
    if (terms.onBehalfOf.id !== question.terms.onBehalfOf.id) {
      throw new IssuerError('input_invalid', 'A request stays that of its principal', {
        field: 'on_behalf_of.id',
      })
    }
    if (version >= MAX_VERSION) {
      throw new IssuerError('rate_limited', 'This request was changed too often', { retryAfterSeconds: 60 })
    }
    if (half !== undefined) await tx.deleteDraft(half)
    const kept = { id, version: version + 1, requestedAt, expiresAt }
    const asked = { ...question, ...kept, ...(lastPolledAt !== undefined && { lastPolledAt }) }
    return settleQuestion(context, tx, { asked, keep: (request) => tx.saveRequest(request) })
  })
}
