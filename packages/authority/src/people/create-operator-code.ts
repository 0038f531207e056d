import { AuthorityError } from '../error.ts'
import { openStopped, type StoppedAuthority, type StoppedAuthorityOptions } from '../stopped-authority.ts'
import { createChangeFeed } from './change-feed.ts'
import { dropCodes, insertCode } from './code-rows.ts'
import { changePeople, type PeopleTransaction } from './people-transaction.ts'
import { checkPersonId, hasRole, type Person, ROLES } from './person.ts'
import { createRecoveryCode, createToken } from './secret-code.ts'

/** Whom a code lets in again. */
export interface CreateOperatorCodeOptions extends StoppedAuthorityOptions {
  /** An operator who lost every passkey, or somebody new; needed unless there is exactly one operator. */
  readonly person?: string
}

/** A code, shown once, and how it is used. */
export type OperatorCode =
  /** The person makes a new passkey with it. */
  | { readonly kind: 'recovery'; readonly person: string; readonly code: string; readonly expiresAt: number }
  /** Somebody becomes a person with every role: `/join#` and the code. */
  | {
      readonly kind: 'invitation'
      readonly person: string
      readonly code: string
      readonly expiresAt: number
    }
  /** Nobody has claimed the authority: the code is printed when it starts. */
  | { readonly kind: 'unclaimed' }

const LIFETIME_MS = 24 * 3_600_000
const BY = 'offline'

/**
 * An organisation that is locked out has a way in again: a recovery code for one of its operators, who is enabled if
 * need be, or an invitation with every role for somebody new. Both end after a day and stand in the record.
 *
 * @throws AuthorityError `input_invalid` (`person`) when it is not clear whom it is for, or they are no operator
 * @throws see `openStopped`
 */
export function createOperatorCode(options: CreateOperatorCodeOptions): Promise<OperatorCode> {
  return openStopped(options, (authority) =>
    changePeople({ ...authority, feed: createChangeFeed() }, (tx) =>
      createCode(tx, authority, options.person),
    ),
  )
}

async function createCode(
  tx: PeopleTransaction,
  authority: StoppedAuthority,
  named: string | undefined,
): Promise<OperatorCode> {
  const people = await tx.persons.list()
  if (people.length === 0) return { kind: 'unclaimed' }
  const id = named ?? onlyOperator(people)
  const person = await tx.persons.find(id)
  if (person) return recover(tx, authority, person)
  if (await tx.persons.isTaken(id)) throw invalid('Somebody has this id in another case')
  return invite(tx, authority, checkPersonId(id, 'person'))
}

function onlyOperator(people: readonly Person[]): string {
  const operators = people.filter((person) => hasRole(person, 'operator'))
  const [only] = operators
  if (only && operators.length === 1) return only.id
  throw invalid(`Say for which person: ${operators.map(({ id }) => id).join(', ')}`)
}

async function recover(
  tx: PeopleTransaction,
  { clock, random }: StoppedAuthority,
  person: Person,
): Promise<OperatorCode> {
  if (!hasRole(person, 'operator')) throw invalid('This person is no operator')
  const { disabledAt, ...enabled } = person
  const { id } = person
  if (disabledAt !== undefined) {
    await tx.persons.save(enabled)
    await tx.record('person_changed', { person: id, roles: [...person.roles], disabled: false, by: BY })
  }
  const code = createRecoveryCode(random)
  const now = clock()
  const expiresAt = now + LIFETIME_MS
  await insertCode(tx.db, { code, purpose: 'recovery', person: id, createdAt: now, createdBy: BY, expiresAt })
  await tx.record('recovery_codes_made', { person: id, count: 1, by: BY })
  return { kind: 'recovery', person: id, code, expiresAt }
}

async function invite(
  tx: PeopleTransaction,
  { clock, random }: StoppedAuthority,
  id: string,
): Promise<OperatorCode> {
  const code = createToken(random)
  const now = clock()
  const expiresAt = now + LIFETIME_MS
  const data = { roles: [...ROLES] }
  await dropCodes(tx.db, { purpose: 'invitation', person: id })
  const facts = { code, person: id, data, createdAt: now, createdBy: BY, expiresAt }
  await insertCode(tx.db, { ...facts, purpose: 'invitation' })
  await tx.record('person_invited', { person: id, roles: [...ROLES], by: BY })
  return { kind: 'invitation', person: id, code, expiresAt }
}

function invalid(message: string): AuthorityError {
  return new AuthorityError('input_invalid', message, { field: 'person' })
}
