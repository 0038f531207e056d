import type { Did } from '@behalf/did'
import type { Approver } from './approver.ts'
import { checkKeyAlive } from './issuer-context.ts'
import type { IssuerTransaction } from './issuer-store.ts'

/** A person who is signed in. That they are, and what their roles are, is decided outside. */
export interface DecidingPerson {
  readonly person: Approver
  /** They may stop what is others', too. */
  readonly isOperator?: boolean
}

/** Whoever decides: an operator by their key, or a person. */
export type Decider = { readonly operator: Did } | DecidingPerson

/**
 * Returns by whom it was decided, as the record tells it: the DID of the operator's key, or the id of the person.
 *
 * @throws IssuerError `key_revoked` for an operator whose key is
 */
export async function identifyDecider(tx: IssuerTransaction, decider: Decider): Promise<string> {
  if ('person' in decider) return decider.person.id
  await checkKeyAlive(tx, decider.operator)
  return decider.operator
}
