import { AuthorityError } from '../error.ts'
import { json, jsonAnswer } from '../route.ts'
import { finishAssertion, openAssertion } from './assertion-ceremony.ts'
import { settleTicket } from './ceremony.ts'
import { PEOPLE_ANSWERS } from './people-answers.ts'
import { loginSchema, nothingSchema } from './people-bodies.ts'
import type { PeopleContext } from './people-context.ts'
import { definePeopleRoute, type PeopleRoute, requireSession } from './people-route.ts'
import { sessionToWire } from './people-wire.ts'
import type { Person } from './person.ts'
import { createPersonRows } from './person-rows.ts'
import { pathOf } from './return-path.ts'
import { beginSession, clearCookie, endSession, endSessionsOf } from './session.ts'
import type { VerifiedAssertion } from './verify-assertion.ts'

/** The routes about being signed in. */
export function createSessionRoutes(context: PeopleContext): readonly PeopleRoute[] {
  return [createStateRoute(context), ...createLoginRoutes(context), ...createLogoutRoutes(context)]
}

function createStateRoute(context: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'GET /api/session',
    summary: 'Who is signed in, and how one signs in here',
    answers: { 200: jsonAnswer('The session; nobody when there is none', PEOPLE_ANSWERS.session) },
    run: async ({ session }) => json(200, await sessionToWire(context, session)),
  })
}

function createLoginRoutes(context: PeopleContext): readonly PeopleRoute[] {
  return [
    definePeopleRoute({
      name: 'POST /api/login/options',
      summary: 'Begin to sign in with a passkey',
      body: nothingSchema,
      answers: { 200: jsonAnswer('What the browser needs', PEOPLE_ANSWERS.ceremony) },
      run: async () => json(200, { ...(await openAssertion(context, { purpose: 'login' })) }),
    }),
    definePeopleRoute({
      name: 'POST /api/login',
      summary: 'Sign in with what the passkey answered',
      body: loginSchema,
      answers: { 200: jsonAnswer('The new session, whose cookie is set', PEOPLE_ANSWERS.signedIn) },
      run: async ({ body, session }) => {
        const { ceremony, response, return_to: returnTo } = body
        const assertion = await finishAssertion(context, { purpose: 'login', ceremony, response })
        const person = await requireOwner(context, assertion)
        if (!(await settleTicket(context, ceremony))) {
          throw new AuthorityError('webauthn_challenge_invalid', 'This login is over')
        }
        if (session) await endSession(context.database, session.tokenHash)
        const begun = await beginSession(context, context.database, { person, method: 'passkey' })
        const wire = await sessionToWire(context, begun)
        const answer = json(200, { ...wire, return_to: pathOf(returnTo, context.origin) })
        return { ...answer, headers: { 'Set-Cookie': begun.setCookie } }
      },
    }),
  ]
}

function createLogoutRoutes({ database }: PeopleContext): readonly PeopleRoute[] {
  const headers = { 'Set-Cookie': clearCookie() }
  return [
    definePeopleRoute({
      name: 'POST /api/logout',
      summary: 'End this session',
      body: nothingSchema,
      answers: { 204: { description: 'It is over' } },
      run: async (call) => {
        await endSession(database, requireSession(call).tokenHash)
        return { status: 204, headers }
      },
    }),
    definePeopleRoute({
      name: 'POST /api/logout-everywhere',
      summary: 'End every session of this person',
      body: nothingSchema,
      answers: { 204: { description: 'They are over, this one too' } },
      run: async (call) => {
        await endSessionsOf(database, requireSession(call).person.id)
        return { status: 204, headers }
      },
    }),
  ]
}

/** @see WebAuthn Level 3 section 7.2 step 6: the account that the authenticator names owns the passkey */
async function requireOwner(
  { database }: PeopleContext,
  { passkey, userHandle }: VerifiedAssertion,
): Promise<Person> {
  const person = await createPersonRows(database).find(passkey.person)
  if (!person || (userHandle !== undefined && userHandle !== person.userHandle)) {
    throw new AuthorityError('webauthn_malformed', 'The authenticator names another account')
  }
  if (person.disabledAt === undefined) return person
  throw new AuthorityError('forbidden', 'This person is disabled')
}
