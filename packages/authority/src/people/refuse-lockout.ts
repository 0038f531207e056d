import { AuthorityError } from '../error.ts'
import type { PeopleTransaction } from './people-transaction.ts'
import { hasRole } from './person.ts'

/**
 * Somebody can still invite and change people.
 *
 * @throws AuthorityError `forbidden` when no operator is left
 */
export async function refuseLockout(tx: Pick<PeopleTransaction, 'persons'>): Promise<void> {
  const people = await tx.persons.list()
  if (people.some((person) => hasRole(person, 'operator') && person.disabledAt === undefined)) return
  throw new AuthorityError('forbidden', 'The last operator stays one')
}
