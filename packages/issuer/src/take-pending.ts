import { type Approver, concernsPerson } from './approver.ts'
import { type DelegationRequest, requestStatus } from './delegation-request.ts'
import { IssuerError } from './error.ts'
import type { IssuerContext } from './issuer-context.ts'
import type { IssuerTransaction } from './issuer-store.ts'

/**
 * Returns a request that waits for a decision and is the one that was read.
 *
 * @param options.person - whose business it must be; absent for an operator
 * @throws IssuerError `not_found`, `approval_expired`, `approval_consumed`, `approval_mismatch`
 */
export async function takePending(
  context: IssuerContext,
  tx: IssuerTransaction,
  options: { readonly id: string; readonly version: number; readonly person?: Approver },
): Promise<DelegationRequest> {
  const { person } = options
  const request = await tx.findRequest(options.id)
  // To everybody whose business a request is not, it does not exist.
  if (!request || (person && !concernsPerson(request, person)))
    throw new IssuerError('not_found', 'There is no such request')
  const status = requestStatus(request, context.clock())
  if (status === 'expired') throw new IssuerError('approval_expired', 'This request was not decided in time')
  if (status !== 'pending') throw new IssuerError('approval_consumed', 'This request is decided already')
  if (request.version !== options.version) {
    throw new IssuerError('approval_mismatch', 'The request was changed after it was read')
  }
  return request
}
