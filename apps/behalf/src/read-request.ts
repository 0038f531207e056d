import type { AuthorityClient, DelegationRequest } from '@behalf/wallet'
import { CommandError } from './error.ts'

/**
 * The request a person named. What they decide is about that one, so an answer about another is none.
 *
 * @throws CommandError `authority_response_invalid`; WalletError the authority's code
 */
export async function readRequest(authority: AuthorityClient, id: string): Promise<DelegationRequest> {
  const request = await authority.getRequest(id)
  if (request.id !== id) {
    throw new CommandError('authority_response_invalid', 'the authority answered with another request')
  }
  return request
}
