import { AuthorityError } from '../error.ts'
import { json, jsonAnswer } from '../route.ts'
import { addPasskey, checkPasskeyName } from './add-passkey.ts'
import { openAssertion, requireStepUp } from './assertion-ceremony.ts'
import { createPasskeyRows, type Passkey } from './passkey-rows.ts'
import { PEOPLE_ANSWERS } from './people-answers.ts'
import { nothingSchema, registrationSchema, renameSchema, stepUpOnlySchema } from './people-bodies.ts'
import type { PeopleContext } from './people-context.ts'
import { definePeopleRoute, type PeopleRoute, requireSession } from './people-route.ts'
import { changePeople, type PeopleTransaction } from './people-transaction.ts'
import { passkeyToWire } from './people-wire.ts'
import { replaceRecoveryCodes } from './recovery-codes.ts'
import { finishRegistration, openRegistration } from './registration-ceremony.ts'
import type { LiveSession } from './session.ts'

const FRESH_LOGIN_MS = 5 * 60_000

/** The routes about a person's own passkeys and recovery codes. */
export function createPasskeyRoutes(context: PeopleContext): readonly PeopleRoute[] {
  return [
    createStepUpRoute(context),
    createListRoute(context),
    createBeginRoute(context),
    createAddRoute(context),
    createRenameRoute(context),
    createRemoveRoute(context),
    createRecoveryCodesRoute(context),
  ]
}

function createStepUpRoute(context: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'POST /api/step-up/options',
    summary: 'Begin the fresh assertion that some actions need',
    body: nothingSchema,
    answers: { 200: jsonAnswer('What the browser needs', PEOPLE_ANSWERS.ceremony) },
    run: async (call) => {
      const session = requireSession(call)
      return json(200, { ...(await openAssertion(context, { purpose: 'step-up', session })) })
    },
  })
}

function createListRoute({ database }: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'GET /api/passkeys',
    summary: 'The passkeys of this person',
    answers: { 200: jsonAnswer('In the order in which they were made', PEOPLE_ANSWERS.passkeys) },
    run: async (call) => {
      const passkeys = await createPasskeyRows(database).listOf(requireSession(call).person.id)
      return json(200, { passkeys: passkeys.map(passkeyToWire) })
    },
  })
}

function createBeginRoute(context: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'POST /api/passkeys/options',
    summary: 'Begin to make one more passkey',
    body: stepUpOnlySchema,
    answers: { 200: jsonAnswer('What the browser needs', PEOPLE_ANSWERS.ceremony) },
    run: async (call) => {
      const session = requireSession(call)
      const { person } = session
      const existing = await createPasskeyRows(context.database).listOf(person.id)
      const first = existing.length === 0 && isFreshCompanyLogin(session, context.clock())
      if (!first) await requireStepUp(context, session, call.body.step_up)
      const begun = { purpose: 'passkey', person, existing, session, data: { first } } as const
      return json(200, { ...(await openRegistration(context, begun)) })
    },
  })
}

function createAddRoute(context: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'POST /api/passkeys',
    summary: 'Have the passkey that was made',
    body: registrationSchema,
    answers: { 201: jsonAnswer('The passkey', PEOPLE_ANSWERS.passkey) },
    run: async (call) => {
      const session = requireSession(call)
      const { ceremony, response, passkey_name } = call.body
      const name = checkPasskeyName(passkey_name, 'passkey_name')
      const finished = { purpose: 'passkey', ceremony, response, session } as const
      const { ceremony: begun, made } = await finishRegistration(context, finished)
      const person = session.person.id
      const passkey = await changePeople(context, async (tx) => {
        if (begun.data.first === true) await requireNone(tx, person)
        return addPasskey(tx, { made, person, name })
      })
      return json(201, passkeyToWire(passkey))
    },
  })
}

function createRenameRoute(context: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'PATCH /api/passkeys/{id}',
    summary: 'Call a passkey something else',
    body: renameSchema,
    answers: { 200: jsonAnswer('The passkey', PEOPLE_ANSWERS.passkey) },
    run: async (call) => {
      const person = requireSession(call).person.id
      const name = checkPasskeyName(call.body.name, 'name')
      const renamed = await changePeople(context, async (tx) => {
        const passkey = { ...(await requireOwn(tx, { id: call.param, person })), name }
        await tx.passkeys.save(passkey)
        await tx.record('passkey_renamed', { person, passkey: passkey.id, by: person })
        return passkey
      })
      return json(200, passkeyToWire(renamed))
    },
  })
}

function createRemoveRoute(context: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'DELETE /api/passkeys/{id}',
    summary: 'Remove a passkey; never the last one',
    body: stepUpOnlySchema,
    answers: { 204: { description: 'It opens nothing any more' } },
    run: async (call) => {
      const session = requireSession(call)
      const person = session.person.id
      // Whose it is comes first: nobody is made to prove themselves for what is not theirs.
      await requireOwn({ passkeys: createPasskeyRows(context.database) }, { id: call.param, person })
      await requireStepUp(context, session, call.body.step_up)
      await changePeople(context, (tx) => removePasskey(tx, { id: call.param, person }))
      return { status: 204 }
    },
  })
}

function createRecoveryCodesRoute(context: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'POST /api/recovery-codes',
    summary: 'Have ten new recovery codes; the old ones are void',
    body: stepUpOnlySchema,
    answers: { 200: jsonAnswer('Shown once', PEOPLE_ANSWERS.recoveryCodes) },
    run: async (call) => {
      const session = requireSession(call)
      await requireStepUp(context, session, call.body.step_up)
      const person = session.person.id
      const { random } = context
      const now = context.clock()
      const codes = await changePeople(context, (tx) => replaceRecoveryCodes(tx, { person, random, now }))
      return json(200, { recovery_codes: [...codes] })
    },
  })
}

/** Whoever has no passkey yet cannot step up with one: having just signed in at the company stands for it, once. */
function isFreshCompanyLogin({ method, createdAt }: LiveSession, now: number): boolean {
  return method === 'oidc' && now - createdAt <= FRESH_LOGIN_MS
}

/** Another answer may have made the first one while this one was on its way. */
async function requireNone({ passkeys }: PeopleTransaction, person: string): Promise<void> {
  if ((await passkeys.listOf(person)).length === 0) return
  throw new AuthorityError(
    'step_up_required',
    'There is a passkey by now: this needs a fresh assertion by it',
  )
}

async function removePasskey(
  tx: PeopleTransaction,
  { id, person }: { readonly id: string; readonly person: string },
): Promise<void> {
  await requireOwn(tx, { id, person })
  if ((await tx.passkeys.listOf(person)).length === 1) {
    throw new AuthorityError('forbidden', 'The last passkey stays: make another one first')
  }
  await tx.passkeys.remove(id)
  await tx.record('passkey_removed', { person, passkey: id, by: person })
}

async function requireOwn(
  { passkeys }: Pick<PeopleTransaction, 'passkeys'>,
  { id, person }: { readonly id: string; readonly person: string },
): Promise<Passkey> {
  const passkey = await passkeys.find(id)
  if (passkey?.person === person) return passkey
  throw new AuthorityError('not_found', 'This person has no such passkey')
}
