import { BehalfError, type RandomBytes } from '@behalf/core'
import { AuthorityError } from '../error.ts'
import { findCompanyLogin, insertCompanyLogin } from './company-login-rows.ts'
import { createUserHandle } from './joining-person.ts'
import type { CompanyIdentity } from './oidc-client.ts'
import type { PeopleTransaction } from './people-transaction.ts'
import { checkPersonId, checkPersonName, type Person } from './person.ts'
import { refuseLockout } from './refuse-lockout.ts'
import { endSessionsOf } from './session.ts'

/** What a company login is decided on. */
export interface CompanyLoginFacts {
  readonly identity: CompanyIdentity
  /** Who was signed in when the login began. */
  readonly signedIn: string | undefined
  readonly random: RandomBytes
  readonly now: number
}

/**
 * Returns the person that the provider vouches for, with the roles of the groups they are in now; whoever is new and
 * has a role was made a person. A person whose groups give no role any more has none from now on.
 *
 * @returns undefined when the groups of a person give no role
 * @throws AuthorityError `forbidden` before the authority was claimed; for somebody new without a role; for a person who
 *   is disabled, who is another account at the provider, or who joined otherwise and was not signed in; for the last
 *   operator, whose groups do not say so. `input_invalid` for an id that can name nobody
 */
export async function enterByCompanyLogin(
  tx: PeopleTransaction,
  facts: CompanyLoginFacts,
): Promise<Person | undefined> {
  const id = checkPersonId(facts.identity.id, 'principal')
  if (await tx.persons.isEmpty()) throw refused('The authority has to be claimed first')
  const person = await tx.persons.find(id)
  if (!person) return join(tx, id, facts)
  if (person.disabledAt !== undefined) throw refused('This person is disabled')
  await requireSameAccount(tx, id, facts)
  return follow(tx, person, facts)
}

async function join(tx: PeopleTransaction, id: string, facts: CompanyLoginFacts): Promise<Person> {
  const { identity, random, now } = facts
  if (identity.roles.length === 0) throw refused('No group of this person gives a role here')
  if (await tx.persons.isTaken(id)) throw refused('Somebody has almost the same id')
  const person: Person = {
    id,
    name: nameOf(identity.name, id),
    roles: identity.roles,
    userHandle: createUserHandle(random),
    createdAt: now,
  }
  await tx.persons.insert(person)
  await link(tx, id, identity)
  await tx.record('person_joined', { person: id, roles: [...identity.roles], by: 'oidc' })
  return person
}

async function follow(
  tx: PeopleTransaction,
  before: Person,
  { identity }: CompanyLoginFacts,
): Promise<Person | undefined> {
  const { id } = before
  const person = { ...before, roles: identity.roles }
  if (before.roles.join() !== person.roles.join()) {
    await tx.persons.save(person)
    await refuseLockout(tx)
    await tx.record('person_changed', { person: id, roles: [...person.roles], disabled: false, by: 'oidc' })
  }
  if (person.roles.length > 0) return person
  await endSessionsOf(tx.db, id)
  return undefined
}

/** An id can be given to somebody else at the company, an account cannot; and no provider takes over who was here. */
async function requireSameAccount(
  tx: PeopleTransaction,
  id: string,
  { identity, signedIn }: CompanyLoginFacts,
): Promise<void> {
  const known = await findCompanyLogin(tx.db, id)
  if (!known) {
    if (signedIn !== id)
      throw refused('This person signs in with a passkey, and links the company login then')
    return link(tx, id, identity)
  }
  if (known.issuer === identity.issuer && known.subject === identity.subject) return
  throw refused('This person is another account at the provider')
}

async function link(tx: PeopleTransaction, person: string, identity: CompanyIdentity): Promise<void> {
  const { issuer, subject } = identity
  if (await insertCompanyLogin(tx.db, { person, issuer, subject })) return
  throw refused('The account at the provider belongs to another person here')
}

/** A name that could mislead is not shown; the id always can be. */
function nameOf(name: string | undefined, id: string): string {
  try {
    return checkPersonName(name ?? id, 'name')
  } catch (error) {
    if (!(error instanceof BehalfError)) throw error
    return id.slice(0, 100)
  }
}

function refused(message: string): AuthorityError {
  return new AuthorityError('forbidden', message)
}
