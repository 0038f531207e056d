import type { ApprovalMethod } from '@behalf/credential'
import type { DelegationRequest } from './delegation-request.ts'
import type { IssuerContext } from './issuer-context.ts'
import { principalOf, record } from './issuer-event.ts'
import type { IssuerTransaction } from './issuer-store.ts'

/**
 * It is on record that somebody approved a request, how, and in which version: once for each person.
 */
export async function recordApproved(
  context: IssuerContext,
  tx: IssuerTransaction,
  facts: {
    readonly request: DelegationRequest
    readonly delegation: string
    readonly method: ApprovalMethod
    readonly by: string
    /** The passkey's credential ID; absent when none was used. */
    readonly passkey?: string
  },
): Promise<void> {
  const { request, delegation, method, by, passkey } = facts
  await record(context, tx, {
    type: 'approved',
    data: {
      request: request.id,
      subject: request.agent,
      principal: principalOf(context, request.terms.onBehalfOf),
      delegation,
      method,
      by,
      passkey,
      version: request.version,
    },
  })
}
