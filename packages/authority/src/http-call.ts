import type { IncomingMessage } from 'node:http'
import { concatBytes } from '@behalf/core'
import { type VerifiedKeyRequest, VerifierError } from '@behalf/verifier'
import type { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { AuthorityError } from './error.ts'
import { MAX_BODY_BYTES, readQuery } from './read-input.ts'
import type { Answer } from './route.ts'

/** What a request carries through its handlers. */
export interface AuthorityEnv {
  /** Of `@hono/node-server`. */
  Bindings: { readonly incoming?: IncomingMessage }
  Variables: {
    behalf: VerifiedKeyRequest
    requestId: string
    /** The route as it is documented, for the log. */
    route: string
    /** The code of a refusal, for the log. */
    code: string
  }
}

/** One request on its way through the app. */
export type AppContext = Context<AuthorityEnv>

/** The address of the peer; empty when the call came over no connection. */
export function addressOf(context: AppContext): string {
  // Without a server there is no environment at all.
  return context.env?.incoming?.socket.remoteAddress ?? ''
}

/** The path of a route as the router spells it. */
export function routingPath(path: string): string {
  return path.replaceAll(/\{([a-z]+)\}/gu, ':$1')
}

/** The one parameter of the path; empty when it has none. */
export function paramOf(context: AppContext): string {
  const [param = ''] = Object.values(context.req.param())
  return param
}

/**
 * Returns what the query says, in the types of the route's schema.
 *
 * @throws AuthorityError `input_invalid`, also for a query where none is taken
 */
export function readSearch<Query>(
  context: AppContext,
  { query }: { readonly query?: z.ZodType<Query> },
): Query | undefined {
  const search = new URL(context.req.url).searchParams
  if (query) return readQuery(query, search)
  if (search.size === 0) return undefined
  throw new AuthorityError('input_invalid', 'This route takes no query', { field: 'query' })
}

/** The response that an answer is. */
export function respond({ status, type, body, headers, cookies = [] }: Answer): Response {
  const response = new Response(body ?? null, { status, headers: { ...headers } })
  if (type !== undefined) response.headers.set('Content-Type', type)
  for (const cookie of cookies) response.headers.append('Set-Cookie', cookie)
  return response
}

/**
 * Returns the body of a call that is not signed.
 *
 * @throws VerifierError `request_too_large`
 */
export async function readBytes(context: AppContext): Promise<Uint8Array> {
  const { body } = context.req.raw
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of body ?? []) {
    length += part.length
    if (length > MAX_BODY_BYTES) throw new VerifierError('request_too_large', 'The body is too large')
    parts.push(part)
  }
  return concatBytes(...parts)
}
