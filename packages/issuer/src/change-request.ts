import { isStranger } from './decide-policy.ts'
import type { DelegationRequest } from './delegation-request.ts'
import { IssuerError } from './error.ts'
import { countQuestion } from './flood-limits.ts'
import { checkKeyAlive, type IssuerContext } from './issuer-context.ts'
import { checkQuestion, type DelegationQuestion } from './question.ts'
import { replaceRequest } from './replace-request.ts'
import { takePending } from './take-pending.ts'

/** What an agent asks instead of what it asked. */
export interface ChangeRequestOptions extends DelegationQuestion {
  readonly id: string
  /** The version that is replaced. */
  readonly version: number
}

/**
 * The request asks for something else, under the next version: what was prepared or half approved of it before is void,
 * and the policy has answered anew. It ends when it would have ended.
 *
 * @returns the request as it stands
 * @throws IssuerError `not_found` (also for another key's request), `approval_consumed`, `approval_expired`,
 *   `approval_mismatch` for another version, `input_invalid` also for another principal, `rate_limited` also after 20
 *   versions, `policy_unknown`, `key_revoked`
 * @throws CredentialError `scope_malformed`, `credential_malformed`, `credential_too_large`
 */
export async function changeRequest(
  context: IssuerContext,
  options: ChangeRequestOptions,
): Promise<DelegationRequest> {
  const { id, version } = options
  const asked = checkQuestion(context, options)
  return context.store.transaction(async (tx) => {
    const { agent } = asked
    await checkKeyAlive(tx, agent)
    const stranger = await isStranger(context, tx, asked)
    await countQuestion(context, tx, { agent, stranger })
    const known = await tx.findRequest(id)
    if (known?.agent !== agent) throw new IssuerError('not_found', 'There is no such request')
    const pending = await takePending(context, tx, { id, version })
    if (pending.terms.onBehalfOf.id !== asked.terms.onBehalfOf.id) {
      throw new IssuerError('input_invalid', 'A request stays that of its principal', {
        field: 'on_behalf_of.id',
      })
    }
    return replaceRequest(context, tx, { pending, asked, stranger })
  })
}
