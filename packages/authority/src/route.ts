import type { JsonObject } from '@behalf/core'
import type { z } from '@hono/zod-openapi'
import type { AuthenticatedCaller, RouteName } from './access.ts'
import { AuthorityError } from './error.ts'

/** One call of a route: everything in it was checked. */
export interface Call<Body, Query> {
  /** The path's one parameter, still a text; empty when it has none. */
  readonly param: string
  readonly body: Body
  readonly query: Query
  /** Whoever signed; a public route has nobody. */
  readonly caller: AuthenticatedCaller | undefined
  /** The value of a request header. */
  readonly header: (name: string) => string | undefined
  /** Of the peer of the connection; empty where there is none. */
  readonly address: string
}

/** What a route answers. */
export interface Answer {
  readonly status: 200 | 201 | 204 | 303 | 304 | 503
  /** `Content-Type`, and with it the form of `body`. */
  readonly type?: string
  readonly body?: string | ReadableStream<Uint8Array>
  readonly headers?: Readonly<Record<string, string>>
  /** Values of `Set-Cookie`, where there is more than one. */
  readonly cookies?: readonly string[]
}

/** What a route may answer, for its documentation. */
export interface AnswerSpec {
  readonly description: string
  readonly type?: string
  readonly schema?: z.ZodType
}

/** One route. Its authorisation rule is in `ACCESS`. */
export interface Route<Body = unknown, Query = unknown> {
  readonly name: RouteName
  readonly summary: string
  readonly body?: z.ZodType<Body>
  readonly query?: z.ZodType<Query>
  /** The greatest body, where it is not the usual one. */
  readonly maxBodyBytes?: number
  readonly answers: Readonly<Record<number, AnswerSpec>>
  run(call: Call<Body, Query>): Promise<Answer>
}

/** Keeps the types of body and query between a route's schemas and its code. */
export function defineRoute<Body = undefined, Query = undefined>(
  route: Route<Body, Query>,
): Route<Body, Query> {
  return route
}

/** An answer in JSON. */
export function json(status: 200 | 201 | 503, body: JsonObject): Answer {
  return { status, type: 'application/json', body: JSON.stringify(body) }
}

/** Documentation of an answer in JSON. */
export function jsonAnswer(description: string, schema: z.ZodType): AnswerSpec {
  return { description, type: 'application/json', schema }
}

/**
 * Returns who signed.
 *
 * @throws AuthorityError `forbidden` on a route that is public by mistake
 */
export function requireCaller({ caller }: Pick<Call<unknown, unknown>, 'caller'>): AuthenticatedCaller {
  if (caller) return caller
  throw new AuthorityError('forbidden', 'Nobody signed this call')
}
