import type { OpenAPIHono } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import { getCookie } from 'hono/cookie'
import { AuthorityError } from '../error.ts'
import {
  type AppContext,
  type AuthorityEnv,
  paramOf,
  readBytes,
  readSearch,
  respond,
  routingPath,
} from '../http-call.ts'
import { documentPeopleRoute, splitName } from '../openapi.ts'
import { readBody } from '../read-input.ts'
import { checkPeopleAccess, peopleAccessOf } from './people-access.ts'
import type { PeopleContext } from './people-context.ts'
import type { PeopleRoute } from './people-route.ts'
import { isSameSecret } from './secret-code.ts'
import { findSession, type LiveSession, SESSION_COOKIE } from './session.ts'

const CSRF_HEADER = 'x-csrf-token'

/**
 * The route is served, behind its rule in `PEOPLE_ACCESS`. A call that may change something must come from a page of
 * this origin, as JSON, and with the token of its session: in this order, before its body is looked at.
 *
 * @throws TypeError for a route without a rule
 */
export function mountPeopleRoute(
  app: OpenAPIHono<AuthorityEnv>,
  route: PeopleRoute,
  people: PeopleContext,
): void {
  const { method, path } = splitName(route.name)
  documentPeopleRoute(app.openAPIRegistry, route, peopleAccessOf(route.name))
  const name: MiddlewareHandler<AuthorityEnv> = async (context, next) => {
    context.set('route', path)
    await next()
  }
  app.on(method.toUpperCase(), routingPath(path), name, async (context) => {
    const isChange = method !== 'get'
    if (isChange) checkOrigin(context, people.origin)
    const session = await readSession(context, people)
    checkPeopleAccess(route.name, session)
    if (isChange && peopleAccessOf(route.name) !== 'anybody') checkToken(context, session)
    return respond(
      await route.run({
        param: paramOf(context),
        body: await readContent(context, route),
        query: readSearch(context, route),
        session,
        cookie: (cookie) => getCookie(context, cookie),
      }),
    )
  })
}

/** What a page of another site cannot send: a form has another type, and a script another origin. */
function checkOrigin(context: AppContext, origin: string): void {
  const isOurs = context.req.header('origin') === origin
  const isJson = /^application\/json(?:\s*;\s*charset=utf-8)?$/iu.test(
    context.req.header('content-type') ?? '',
  )
  if (isOurs && isJson) return
  throw new AuthorityError('csrf_invalid', 'The call does not come as JSON from a page of this origin')
}

function checkToken(context: AppContext, session: LiveSession | undefined): void {
  const token = context.req.header(CSRF_HEADER)
  if (session && token !== undefined && isSameSecret(token, session.csrf)) return
  throw new AuthorityError('csrf_invalid', 'The call does not carry the token of its session')
}

async function readSession(context: AppContext, people: PeopleContext): Promise<LiveSession | undefined> {
  const token = getCookie(context, SESSION_COOKIE)
  return token === undefined ? undefined : findSession(people, token)
}

async function readContent(context: AppContext, { body }: PeopleRoute): Promise<unknown> {
  const bytes = await readBytes(context)
  if (body) return readBody(body, { body: bytes, contentType: context.req.header('content-type') })
  if (bytes.length === 0) return undefined
  throw new AuthorityError('input_invalid', 'This route takes no body', { field: 'body' })
}
