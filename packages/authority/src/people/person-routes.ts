import type { JsonObject } from '@behalf/core'
import { AuthorityError } from '../error.ts'
import { formatTime } from '../format-time.ts'
import { json, jsonAnswer } from '../route.ts'
import { requireStepUp } from './assertion-ceremony.ts'
import { createPasskeyRows } from './passkey-rows.ts'
import { PEOPLE_ANSWERS } from './people-answers.ts'
import { type ChangePersonBody, changePersonSchema } from './people-bodies.ts'
import type { PeopleContext } from './people-context.ts'
import { definePeopleRoute, type PeopleRoute, requireSession } from './people-route.ts'
import { changePeople, type PeopleTransaction } from './people-transaction.ts'
import { personToWire } from './people-wire.ts'
import { checkPersonName, checkRoles, type Person } from './person.ts'
import { createPersonRows } from './person-rows.ts'
import { refuseLockout } from './refuse-lockout.ts'
import { endSessionsOf } from './session.ts'

/** The routes by which operators manage people. */
export function createPersonRoutes(context: PeopleContext): readonly PeopleRoute[] {
  return [createListRoute(context), createChangeRoute(context)]
}

function createListRoute({ database }: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'GET /api/people',
    summary: 'Everybody who may sign in, or might before they were disabled',
    answers: { 200: jsonAnswer('In the order in which they joined', PEOPLE_ANSWERS.people) },
    run: async () => {
      const people: JsonObject[] = []
      for (const person of await createPersonRows(database).list()) {
        people.push(listedToWire(person, (await createPasskeyRows(database).listOf(person.id)).length))
      }
      return json(200, { people })
    },
  })
}

function createChangeRoute(context: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'PATCH /api/people/{id}',
    summary: 'Change the roles or the name of a person, or disable them',
    body: changePersonSchema,
    answers: { 200: jsonAnswer('The person', PEOPLE_ANSWERS.person) },
    run: async (call) => {
      const session = requireSession(call)
      await requireStepUp(context, session, call.body.step_up)
      const now = context.clock()
      const wire = await changePeople(context, async (tx) => {
        const person = await changePerson(tx, { id: call.param, body: call.body, by: session.person.id, now })
        return listedToWire(person, (await tx.passkeys.listOf(person.id)).length)
      })
      return json(200, wire)
    },
  })
}

async function changePerson(
  tx: PeopleTransaction,
  change: { readonly id: string; readonly body: ChangePersonBody; readonly by: string; readonly now: number },
): Promise<Person> {
  const { id, body, by } = change
  const before = await tx.persons.find(id)
  if (!before) throw new AuthorityError('not_found', 'There is no such person')
  const person = applyChange(before, body, change.now)
  await tx.persons.save(person)
  await refuseLockout(tx)
  if (person.disabledAt !== undefined) await endSessionsOf(tx.db, id)
  const { roles, disabledAt } = person
  await tx.record('person_changed', {
    person: id,
    roles: [...roles],
    disabled: disabledAt !== undefined,
    by,
  })
  return person
}

function applyChange(before: Person, body: ChangePersonBody, now: number): Person {
  const { disabledAt, ...person } = before
  const isDisabled = body.disabled ?? disabledAt !== undefined
  return {
    ...person,
    ...(body.roles && { roles: checkRoles(body.roles) }),
    ...(body.name !== undefined && { name: checkPersonName(body.name, 'name') }),
    ...(isDisabled && { disabledAt: disabledAt ?? now }),
  }
}

function listedToWire(person: Person, passkeys: number): JsonObject {
  const { createdAt, disabledAt } = person
  return {
    ...personToWire(person),
    created_at: formatTime(createdAt),
    ...(disabledAt !== undefined && { disabled_at: formatTime(disabledAt) }),
    passkeys,
  }
}
