import { BehalfError, type Clock } from '@behalf/core'
import { KEY_TAG } from '@behalf/http-signature'
import { type KeyRequestVerifier, type ProblemResponse, toProblemResponse } from '@behalf/verifier'
import { protect } from '@behalf/verifier/hono'
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import type { AuthenticatedCaller } from '../access.ts'
import { type AppContext, type AuthorityEnv, readBytes, respond } from '../http-call.ts'
import { documentOauthRoute, splitName } from '../openapi.ts'
import { type RefusedStep, toOauthRefusal } from './oauth-error.ts'
import type { OauthRoute } from './oauth-route.ts'
import { type ProveContext, proveClient } from './prove-client.ts'
import { readForm } from './read-form.ts'

/** What routes for OAuth clients are served with. */
export interface OauthMounting extends ProveContext {
  readonly clock: Clock
  /** For calls that are signed as all others here. */
  readonly guard: KeyRequestVerifier
  /** @throws AuthorityError `key_revoked` */
  readonly identify: (did: string) => Promise<AuthenticatedCaller>
  /** Takes note of what went wrong here. */
  readonly report: (error: unknown, requestId: string) => void
}

/**
 * The route is served to whoever proves a key: by signing the call as all others here are signed, or with DPoP. Every
 * refusal is one that an OAuth client understands, and every answer to DPoP brings the nonce for the next proof.
 *
 * @see RFC 9449 section 5
 */
export function mountOauthRoute(
  app: OpenAPIHono<AuthorityEnv>,
  route: OauthRoute,
  mounting: OauthMounting,
): void {
  const { method, path } = splitName(route.name)
  documentOauthRoute(app.openAPIRegistry, route)
  const name: MiddlewareHandler<AuthorityEnv> = async (context, next) => {
    context.set('route', path)
    await next()
  }
  const signed = checkSignature(mounting)
  const prove: MiddlewareHandler<AuthorityEnv> = async (context, next) =>
    isSigned(context) ? signed(context, next) : next()
  app.on(method.toUpperCase(), path, name, prove, (context) => answer(context, route, mounting))
}

function isSigned(context: AppContext): boolean {
  return context.req.header('signature') !== undefined || context.req.header('signature-input') !== undefined
}

/** The verifier's own middleware, with refusals as OAuth spells them. */
function checkSignature(mounting: OauthMounting): MiddlewareHandler<AuthorityEnv> {
  const { guard } = mounting
  return async (context, next) => {
    const named: KeyRequestVerifier = {
      verify: (request) => guard.verify(request),
      requestId: () => context.get('requestId'),
      refuse: (error) => refuse(context, error, { mounting, step: 'proof' }),
    }
    const middleware: MiddlewareHandler = protect(named)
    return middleware(context, next)
  }
}

function refuse(
  context: AppContext,
  error: unknown,
  { mounting, step }: { readonly mounting: OauthMounting; readonly step: RefusedStep },
): ProblemResponse {
  const { origin, clock, report } = mounting
  const requestId = context.get('requestId')
  const problem = toProblemResponse(error, { origin, requestId, tag: KEY_TAG, now: clock() })
  const code = error instanceof BehalfError ? error.code : 'internal_error'
  context.set('code', code)
  if (problem.status === 500) report(error, requestId)
  return toOauthRefusal(error, step, problem)
}

async function answer(context: AppContext, route: OauthRoute, mounting: OauthMounting): Promise<Response> {
  let step: RefusedStep = 'proof'
  let response: Response
  try {
    const { agent, body } = await readCall(context, mounting)
    const caller = await mounting.identify(agent)
    step = 'request'
    const form = readForm(body, context.req.header('content-type'))
    response = respond(await route.run({ form, caller }))
  } catch (error) {
    const refusal = refuse(context, error, { mounting, step })
    response = new Response(refusal.body, { status: refusal.status, headers: refusal.headers })
  }
  if (!isSigned(context)) response.headers.set('DPoP-Nonce', mounting.nonces.issue(mounting.clock()))
  return response
}

/** Who calls, and the bytes: those whose digest was signed, or those beside a proof, which does not speak of them. */
async function readCall(
  context: AppContext,
  mounting: OauthMounting,
): Promise<{ readonly agent: string; readonly body: Uint8Array }> {
  if (isSigned(context)) return context.get('behalf')
  const body = await readBytes(context)
  const { method, path } = context.req
  const agent = await proveClient(mounting, { method, path, proof: context.req.header('dpop') })
  return { agent, body }
}
