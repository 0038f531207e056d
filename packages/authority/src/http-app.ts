import { BehalfError, type Clock, type MonotonicClock, type RandomBytes } from '@behalf/core'
import type { DpopNonces } from '@behalf/credential'
import { KEY_TAG } from '@behalf/http-signature'
import type { Issuer } from '@behalf/issuer'
import {
  createKeyRequestVerifier,
  HTTP_FAILURES,
  type KeyRequestVerifier,
  type ReplayStore,
  toProblemResponse,
} from '@behalf/verifier'
import { protect } from '@behalf/verifier/hono'
import type { z } from '@hono/zod-openapi'
import { OpenAPIHono } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import { type AuthenticatedCaller, accessOf, checkAccess } from './access.ts'
import { type AuthorityLog, describeFault } from './authority-log.ts'
import { AuthorityError } from './error.ts'
import {
  type AppContext,
  type AuthorityEnv,
  addressOf,
  paramOf,
  readBytes,
  readSearch,
  respond,
  routingPath,
} from './http-call.ts'
import type { RegisteredApi } from './ledger/api-rows.ts'
import { mountOauthRoute, type OauthMounting } from './oauth/mount-oauth-route.ts'
import type { OauthRoute } from './oauth/oauth-route.ts'
import { createOpenApiRoute, documentRoute, splitName } from './openapi.ts'
import type { Page } from './page/load-page.ts'
import { mountPage } from './page/mount-page.ts'
import { mountPeopleRoute } from './people/mount-people-route.ts'
import type { PeopleContext } from './people/people-context.ts'
import type { PeopleRoute } from './people/people-route.ts'
import { MAX_BODY_BYTES, readBody } from './read-input.ts'
import type { Route } from './route.ts'
import { withinTrace } from './telemetry/call-trace.ts'
import type { WatchAnswer } from './telemetry/watch-answer.ts'

/** What the HTTP side of an authority is made of. */
export interface HttpAppOptions {
  readonly issuer: Issuer
  readonly origin: string
  readonly routes: readonly Route[]
  readonly oauthRoutes: readonly OauthRoute[]
  /** Of DPoP proofs. */
  readonly nonces: DpopNonces
  readonly people: PeopleContext
  readonly peopleRoutes: readonly PeopleRoute[]
  readonly replayStore: ReplayStore
  readonly isOperator: (did: string) => Promise<boolean>
  readonly findApi: (did: string) => Promise<RegisteredApi | undefined>
  readonly isAuditor: (did: string) => Promise<boolean>
  /** A steady one. */
  readonly clock: Clock
  /** Throws VerifierError `clock_unsynchronized` while it is in doubt. */
  readonly believed: Clock
  /** As the machine tells it: signed requests are held against it. */
  readonly wallClock: Clock
  readonly monotonicClock: MonotonicClock
  readonly random: RandomBytes
  readonly log: AuthorityLog
  readonly watchAnswer: WatchAnswer
  /** Without one there is no page for people. */
  readonly page: Page | undefined
}

/** The app, and the guard whose answers the server uses for what never reaches the app. */
export interface HttpApp {
  readonly app: OpenAPIHono<AuthorityEnv>
  readonly guard: KeyRequestVerifier
}

/**
 * Returns the app: every route of `routes` behind its rule in `ACCESS`, every answer with a Request-Id, every refusal
 * a problem, every call one line in the log.
 *
 * @throws TypeError for an origin that is not one
 */
export function createHttpApp(options: HttpAppOptions): HttpApp {
  const { origin } = options
  const guard = createGuard(options, MAX_BODY_BYTES)
  const app = new OpenAPIHono<AuthorityEnv>()
  app.use(nameAndLog(guard, options))
  app.notFound((context) =>
    refuse(context, new AuthorityError('not_found', 'There is no such route'), options),
  )
  app.onError((error, context) => refuse(context, error, options))
  for (const route of [...options.routes, createOpenApiRoute(app, origin)]) {
    mountRoute(app, { route, guard, options })
  }
  const mounting: OauthMounting = {
    ...options,
    guard,
    identify: (did) => identifyClient(did, options),
    report: (error, requestId) => options.log.error({ requestId, ...describeFault(error) }, 'fault'),
  }
  for (const route of options.oauthRoutes) mountOauthRoute(app, route, mounting)
  for (const route of options.peopleRoutes) mountPeopleRoute(app, route, options.people)
  if (options.page) mountPage(app, options.page)
  return { app, guard }
}

function refuse(context: AppContext, error: unknown, { origin, clock, log }: HttpAppOptions): Response {
  const requestId = context.get('requestId')
  const code = codeOf(error)
  context.set('code', code)
  if (code === 'internal_error') log.error({ requestId, ...describeFault(error) }, 'fault')
  const problem = toProblemResponse(error, { origin, requestId, tag: KEY_TAG, now: clock() })
  return new Response(problem.body, { status: problem.status, headers: problem.headers })
}

function createGuard(options: HttpAppOptions, maxBodyBytes: number): KeyRequestVerifier {
  const { origin, replayStore, wallClock, monotonicClock, random, log } = options
  return createKeyRequestVerifier({
    origins: [origin],
    replayStore,
    clock: wallClock,
    monotonicClock,
    random,
    maxBodyBytes,
    reportFault: (error, requestId) => log.error({ requestId, ...describeFault(error) }, 'fault'),
  })
}

function nameAndLog(
  guard: KeyRequestVerifier,
  { clock, log, watchAnswer }: HttpAppOptions,
): MiddlewareHandler<AuthorityEnv> {
  return async (context, next) => {
    const startedAt = clock()
    const requestId = guard.requestId()
    const call = watchAnswer(context.req.raw.headers)
    context.set('requestId', requestId)
    await withinTrace(call.traceparent, next)
    const { headers, status } = context.res
    headers.set('Request-Id', requestId)
    headers.set('X-Content-Type-Options', 'nosniff')
    if (!headers.has('Cache-Control')) headers.set('Cache-Control', 'no-store')
    const { method } = context.req
    // A refusal alone has a code, and a call that leads nowhere no route.
    const [route, code] = [context.get('route'), context.get('code')]
    call.end({ method, route, status, code, requestId })
    const milliseconds = clock() - startedAt
    log.info({ method, route: route ?? '(none)', status, code, requestId, milliseconds }, 'answered')
  }
}

function mountRoute(
  app: OpenAPIHono<AuthorityEnv>,
  parts: { readonly route: Route; readonly guard: KeyRequestVerifier; readonly options: HttpAppOptions },
): void {
  const { route, guard, options } = parts
  const { method, path } = splitName(route.name)
  documentRoute(app.openAPIRegistry, route)
  const routing = routingPath(path)
  const name: MiddlewareHandler<AuthorityEnv> = async (context, next) => {
    context.set('route', path)
    await next()
  }
  if (accessOf(route.name) === 'public') {
    app.on(method.toUpperCase(), routing, name, (context) => answerPublic(context, route))
    return
  }
  const { maxBodyBytes } = route
  const own = maxBodyBytes === undefined ? guard : createGuard(options, maxBodyBytes)
  app.on(method.toUpperCase(), routing, name, authenticate(own), (context) =>
    answerSigned(context, route, options),
  )
}

/** The verifier's own middleware, under the request id that the log knows. */
function authenticate(guard: KeyRequestVerifier): MiddlewareHandler<AuthorityEnv> {
  return async (context, next) => {
    const requestId = context.get('requestId')
    const named: KeyRequestVerifier = {
      verify: (request) => guard.verify(request),
      requestId: () => requestId,
      refuse: (error, id) => {
        context.set('code', codeOf(error))
        return guard.refuse(error, id)
      },
    }
    const middleware: MiddlewareHandler = protect(named)
    return middleware(context, next)
  }
}

async function answerPublic(context: AppContext, route: Route): Promise<Response> {
  return respond(
    await route.run({
      param: paramOf(context),
      body: route.body && (await readPublicBody(context, route.body)),
      // What is public may be asked for with anything behind it, where it takes no query.
      query: route.query && readSearch(context, route),
      caller: undefined,
      header: (name) => context.req.header(name),
      address: addressOf(context),
    }),
  )
}

async function readPublicBody(context: AppContext, schema: z.ZodType): Promise<unknown> {
  const contentType = context.req.header('content-type')
  return readBody(schema, { body: await readBytes(context), contentType })
}

async function answerSigned(context: AppContext, route: Route, options: HttpAppOptions): Promise<Response> {
  const { agent, body } = context.get('behalf')
  const caller = await identify(agent, route, options)
  checkAccess(route.name, caller)
  const contentType = context.req.header('content-type')
  return respond(
    await route.run({
      param: paramOf(context),
      body: route.body ? readBody(route.body, { ...route, body, contentType }) : readNothing(body),
      query: readSearch(context, route),
      caller,
      header: (name) => context.req.header(name),
      address: addressOf(context),
    }),
  )
}

async function identifyClient(
  did: string,
  { issuer, isOperator }: HttpAppOptions,
): Promise<AuthenticatedCaller> {
  if (await issuer.isKeyRevoked(did)) throw new AuthorityError('key_revoked', 'This key was revoked')
  return { did, operator: await isOperator(did), api: undefined, auditor: false }
}

async function identify(did: string, { name }: Route, options: HttpAppOptions): Promise<AuthenticatedCaller> {
  const client = await identifyClient(did, options)
  const access = accessOf(name)
  if (access === 'api') return { ...client, api: await options.findApi(did) }
  return access === 'auditor' ? { ...client, auditor: await options.isAuditor(did) } : client
}

function readNothing(body: Uint8Array): undefined {
  if (body.length === 0) return undefined
  throw new AuthorityError('input_invalid', 'This route takes no body', { field: 'body' })
}

/** The code that goes out; what the table does not know goes out as `internal_error`. */
function codeOf(error: unknown): string {
  return error instanceof BehalfError && Object.hasOwn(HTTP_FAILURES, error.code)
    ? error.code
    : 'internal_error'
}
