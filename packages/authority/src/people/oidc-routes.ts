import { BehalfError } from '@behalf/core'
import { describeFault } from '../authority-log.ts'
import { AuthorityError } from '../error.ts'
import type { Answer, AnswerSpec } from '../route.ts'
import { settleTicket } from './ceremony.ts'
import { escapeForLog } from './ceremony-error-route.ts'
import { enterByCompanyLogin } from './company-person.ts'
import { landOn } from './landing-page.ts'
import type { OidcClient } from './oidc-client.ts'
import { clearLoginCookie, LOGIN_COOKIE, openTransaction, takeTransaction } from './oidc-transaction.ts'
import { oidcAnswerSchema, oidcStartSchema } from './people-bodies.ts'
import type { PeopleContext } from './people-context.ts'
import { definePeopleRoute, type PeopleRoute } from './people-route.ts'
import { changePeople } from './people-transaction.ts'
import { pathOf } from './return-path.ts'
import { beginSession, endSession, type NewSession } from './session.ts'

const ELSEWHERE: AnswerSpec = {
  description: 'To the provider; or to /login, whose fragment `refused=` names the code of a refusal',
}
const LANDING: AnswerSpec = { description: 'Signed in; the page goes on by itself', type: 'text/html' }

/** The routes of the company login. A browser is sent through them, so even a refusal leads to a page. */
export function createOidcRoutes(context: PeopleContext): readonly PeopleRoute[] {
  return [createStartRoute(context), createCallbackRoute(context)]
}

function createStartRoute(context: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'GET /api/oidc/start',
    summary: 'Go to the company login',
    query: oidcStartSchema,
    answers: { 303: ELSEWHERE },
    run: async ({ query, session }) => {
      const client = requireClient(context)
      return orToLogin(context, async () => {
        const returnTo = pathOf(query.returnTo, context.origin)
        const { secrets, cookie } = openTransaction(context, { returnTo, session })
        const { href } = await client.begin(secrets)
        return { status: 303, headers: { Location: href }, cookies: [cookie] }
      })
    },
  })
}

function createCallbackRoute(context: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'GET /api/oidc/callback',
    summary: 'Come back from the company login',
    query: oidcAnswerSchema,
    answers: { 200: LANDING, 303: ELSEWHERE },
    run: async ({ query, cookie }) => {
      const client = requireClient(context)
      return orToLogin(context, async () => {
        const transaction = takeTransaction(context, cookie(LOGIN_COOKIE))
        const identity = await client.finish(query, transaction)
        if (!(await settleTicket(context, transaction.ticket))) {
          throw new AuthorityError('oidc_invalid', 'This company login is over')
        }
        const signedIn = transaction.person
        const { random, clock } = context
        const session = await changePeople(context, async (tx): Promise<NewSession | undefined> => {
          const person = await enterByCompanyLogin(tx, { identity, signedIn, random, now: clock() })
          if (!person) return undefined
          if (transaction.session !== undefined) await endSession(tx.db, transaction.session)
          return beginSession(context, tx.db, { person, method: 'oidc' })
        })
        if (!session) throw new AuthorityError('forbidden', 'No group of this person gives a role any more')
        return { ...(await landOn(transaction.returnTo)), cookies: [clearLoginCookie(), session.setCookie] }
      })
    },
  })
}

function requireClient({ oidc }: PeopleContext): OidcClient {
  if (oidc) return oidc
  throw new AuthorityError('not_found', 'This authority has no company login')
}

/** What a person did not get is told by the page for people; why is for the log. */
async function orToLogin({ log }: Pick<PeopleContext, 'log'>, work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work()
  } catch (error) {
    const code = error instanceof BehalfError ? error.code : 'internal_error'
    if (error instanceof BehalfError)
      log.warn({ code, said: escapeForLog(error.message) }, 'company login refused')
    else log.error(describeFault(error), 'fault')
    return { status: 303, headers: { Location: `/login#refused=${code}` }, cookies: [clearLoginCookie()] }
  }
}
