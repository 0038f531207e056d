import { AuthorityError } from '../error.ts'
import { readText } from '../json-column.ts'
import { json, jsonAnswer } from '../route.ts'
import { addPasskey, checkPasskeyName } from './add-passkey.ts'
import { countCodes, findUsableCode, useCode } from './code-rows.ts'
import { createPasskeyRows } from './passkey-rows.ts'
import { PEOPLE_ANSWERS } from './people-answers.ts'
import { type RegistrationBody, recoverOptionsSchema, registrationSchema } from './people-bodies.ts'
import type { PeopleContext } from './people-context.ts'
import { definePeopleRoute, type PeopleRoute } from './people-route.ts'
import { changePeople } from './people-transaction.ts'
import { sessionToWire } from './people-wire.ts'
import type { Person } from './person.ts'
import { createPersonRows, type PersonRows } from './person-rows.ts'
import { finishRegistration, type OpenedCeremony, openRegistration } from './registration-ceremony.ts'
import { hashSecret } from './secret-code.ts'
import { beginSession, endSessionsOf, type NewSession } from './session.ts'

/** The routes by which a person who lost every passkey makes a new one. */
export function createRecoverRoutes(context: PeopleContext): readonly PeopleRoute[] {
  return [
    definePeopleRoute({
      name: 'POST /api/recover/options',
      summary: 'Begin to make a new passkey with a recovery code',
      body: recoverOptionsSchema,
      answers: { 200: jsonAnswer('What the browser needs', PEOPLE_ANSWERS.ceremony) },
      run: async ({ body }) => json(200, { ...(await beginRecovery(context, body)) }),
    }),
    definePeopleRoute({
      name: 'POST /api/recover',
      summary: 'Have the new passkey, with the code used up and every other session over',
      body: registrationSchema,
      answers: { 200: jsonAnswer('The new session, whose cookie is set', PEOPLE_ANSWERS.recovered) },
      run: async ({ body }) => {
        const { session, left } = await finishRecovery(context, body)
        const answer = json(200, { ...(await sessionToWire(context, session)), recovery_codes_left: left })
        return { ...answer, headers: { 'Set-Cookie': session.setCookie } }
      },
    }),
  ]
}

async function beginRecovery(
  context: PeopleContext,
  body: { readonly person: string; readonly code: string },
): Promise<OpenedCeremony> {
  const { database } = context
  const code = hashSecret(body.code)
  const now = context.clock()
  await findUsableCode(database, { hash: code, purpose: 'recovery', person: body.person, now })
  const person = await requireEnabled(createPersonRows(database), body.person)
  return openRegistration(context, {
    purpose: 'recover',
    person,
    existing: await createPasskeyRows(database).listOf(person.id),
    data: { code, person: person.id },
  })
}

async function finishRecovery(
  context: PeopleContext,
  body: RegistrationBody,
): Promise<{ readonly session: NewSession; readonly left: number }> {
  const name = checkPasskeyName(body.passkey_name, 'passkey_name')
  const { ceremony, response } = body
  const { ceremony: begun, made } = await finishRegistration(context, {
    purpose: 'recover',
    ceremony,
    response,
  })
  const now = context.clock()
  const id = readText(begun.data.person)
  const hash = readText(begun.data.code)
  return changePeople(context, async (tx) => {
    await findUsableCode(tx.db, { hash, purpose: 'recovery', person: id, now })
    await useCode(tx.db, hash, now)
    const person = await requireEnabled(tx.persons, id)
    await tx.record('recovery_code_used', { person: id, by: id })
    await addPasskey(tx, { made, person: id, name })
    await endSessionsOf(tx.db, id)
    const session = await beginSession(context, tx.db, { person, method: 'passkey' })
    return { session, left: await countCodes(tx.db, { purpose: 'recovery', person: id }) }
  })
}

async function requireEnabled(persons: PersonRows, id: string): Promise<Person> {
  const person = await persons.find(id)
  if (person?.disabledAt === undefined && person) return person
  throw new AuthorityError('forbidden', 'This person is disabled')
}
