import { decodeDidKey } from '@behalf/did'
import { AuthorityError } from '../error.ts'

/**
 * The key that an operator registers is one that can sign calls.
 *
 * @param did of an API or an auditor
 * @throws AuthorityError `input_invalid`
 */
export function checkRegisteredKey(did: string): void {
  try {
    decodeDidKey(did)
  } catch (cause) {
    throw new AuthorityError('input_invalid', 'did is the did:key of an Ed25519 key', { field: 'did', cause })
  }
}
