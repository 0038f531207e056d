import { AuthorityError } from '../error.ts'
import { readText } from '../json-column.ts'
import { json, jsonAnswer } from '../route.ts'
import { addPasskey, checkPasskeyName } from './add-passkey.ts'
import { type CodePurpose, findUsableCode, useCode } from './code-rows.ts'
import {
  createUserHandle,
  type JoiningPerson,
  joiningFromJson,
  joiningToJson,
  rolesFromJson,
} from './joining-person.ts'
import { PEOPLE_ANSWERS } from './people-answers.ts'
import {
  type ClaimOptionsBody,
  claimOptionsSchema,
  joinOptionsSchema,
  type RegistrationBody,
  registrationSchema,
} from './people-bodies.ts'
import type { PeopleContext } from './people-context.ts'
import { definePeopleRoute, type PeopleRoute } from './people-route.ts'
import { changePeople } from './people-transaction.ts'
import { sessionToWire } from './people-wire.ts'
import { checkPersonId, checkPersonName, checkTenant, type Person, ROLES } from './person.ts'
import { replaceRecoveryCodes } from './recovery-codes.ts'
import { finishRegistration, type OpenedCeremony, openRegistration } from './registration-ceremony.ts'
import { hashSecret } from './secret-code.ts'
import { beginSession, type NewSession } from './session.ts'

/** The two ways to become a person here, and the code that each takes. */
const WAYS = { claim: 'claim', join: 'invitation' } as const satisfies Record<string, CodePurpose>

type Way = keyof typeof WAYS

/** The routes by which somebody becomes a person here: the first by claiming the authority, others by invitation. */
export function createJoinRoutes(context: PeopleContext): readonly PeopleRoute[] {
  return [
    definePeopleRoute({
      name: 'POST /api/claim/options',
      summary: 'Begin to become the first person, with the code that was printed at the start',
      body: claimOptionsSchema,
      answers: { 200: jsonAnswer('What the browser needs', PEOPLE_ANSWERS.ceremony) },
      run: async ({ body }) => json(200, { ...(await beginClaim(context, body)) }),
    }),
    definePeopleRoute({
      name: 'POST /api/join/options',
      summary: 'Begin to follow an invitation',
      body: joinOptionsSchema,
      answers: { 200: jsonAnswer('What the browser needs', PEOPLE_ANSWERS.ceremony) },
      run: async ({ body }) => json(200, { ...(await beginJoin(context, body)) }),
    }),
    createFinishRoute(context, 'claim'),
    createFinishRoute(context, 'join'),
  ]
}

function createFinishRoute(context: PeopleContext, way: Way): PeopleRoute {
  return definePeopleRoute({
    name: `POST /api/${way}`,
    summary: 'Become a person with the passkey that was made, and be signed in',
    body: registrationSchema,
    answers: { 200: jsonAnswer('The new session, whose cookie is set', PEOPLE_ANSWERS.joined) },
    run: async ({ body }) => {
      const { session, codes } = await finishJoin(context, way, body)
      const answer = json(200, { ...(await sessionToWire(context, session)), recovery_codes: [...codes] })
      return { ...answer, headers: { 'Set-Cookie': session.setCookie } }
    },
  })
}

async function beginClaim(context: PeopleContext, body: ClaimOptionsBody): Promise<OpenedCeremony> {
  const hash = hashSecret(body.code)
  await findUsableCode(context.database, { hash, purpose: 'claim', now: context.clock() })
  return openJoin(context, 'claim', hash, {
    id: checkPersonId(body.id, 'id'),
    name: checkPersonName(body.name, 'name'),
    roles: ROLES,
    ...(body.tenant !== undefined && { tenant: checkTenant(body.tenant) }),
    userHandle: createUserHandle(context.random),
  })
}

async function beginJoin(
  context: PeopleContext,
  body: { readonly code: string; readonly name?: string | undefined },
): Promise<OpenedCeremony> {
  const hash = hashSecret(body.code)
  const { data, person } = await findUsableCode(context.database, {
    hash,
    purpose: 'invitation',
    now: context.clock(),
  })
  const id = readText(person ?? undefined)
  const { tenant } = data
  return openJoin(context, 'join', hash, {
    id,
    name: checkPersonName(body.name ?? readText(data.name ?? id), 'name'),
    roles: rolesFromJson(data.roles),
    ...(tenant !== undefined && { tenant: readText(tenant) }),
    userHandle: createUserHandle(context.random),
  })
}

function openJoin(
  context: PeopleContext,
  way: Way,
  code: string,
  person: JoiningPerson,
): Promise<OpenedCeremony> {
  const data = { code, person: joiningToJson(person) }
  return openRegistration(context, { purpose: way, person, existing: [], data })
}

async function finishJoin(
  context: PeopleContext,
  way: Way,
  body: RegistrationBody,
): Promise<{ readonly session: NewSession; readonly codes: readonly string[] }> {
  const name = checkPasskeyName(body.passkey_name, 'passkey_name')
  const { ceremony, response } = body
  const { ceremony: begun, made } = await finishRegistration(context, { purpose: way, ceremony, response })
  const now = context.clock()
  const person: Person = { ...joiningFromJson(begun.data.person), createdAt: now }
  const hash = readText(begun.data.code)
  return changePeople(context, async (tx) => {
    // Another answer may have used the code while this one was on its way.
    await findUsableCode(tx.db, { hash, purpose: WAYS[way], now })
    await useCode(tx.db, hash, now)
    if (await tx.persons.isTaken(person.id)) {
      throw new AuthorityError('input_invalid', 'Somebody has this id already', { field: 'id' })
    }
    await tx.persons.insert(person)
    const { id, roles, tenant } = person
    await tx.record('person_joined', { person: id, roles: [...roles], tenant, by: way })
    await addPasskey(tx, { made, person: id, name })
    const codes = await replaceRecoveryCodes(tx, { person: id, random: context.random, now })
    return { session: await beginSession(context, tx.db, { person, method: 'passkey' }), codes }
  })
}
