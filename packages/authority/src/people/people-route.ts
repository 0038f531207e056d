import type { z } from '@hono/zod-openapi'
import type { RouteName } from '../access.ts'
import { AuthorityError } from '../error.ts'
import type { Answer, AnswerSpec } from '../route.ts'
import type { LiveSession } from './session.ts'

/** One call by a person: everything in it was checked. */
export interface PeopleCall<Body, Query> {
  /** The path's one parameter, still a text; empty when it has none. */
  readonly param: string
  readonly body: Body
  readonly query: Query
  /** Absent only on a route that needs none. */
  readonly session: LiveSession | undefined
  /** The value of a cookie, as sent. */
  readonly cookie: (name: string) => string | undefined
}

/** One route for people. Its authorisation rule is in `PEOPLE_ACCESS`. */
export interface PeopleRoute<Body = unknown, Query = unknown> {
  readonly name: RouteName
  readonly summary: string
  readonly body?: z.ZodType<Body>
  readonly query?: z.ZodType<Query>
  readonly answers: Readonly<Record<number, AnswerSpec>>
  run(call: PeopleCall<Body, Query>): Promise<Answer>
}

/** Keeps the types of body and query between a route's schemas and its code. */
export function definePeopleRoute<Body = undefined, Query = undefined>(
  route: PeopleRoute<Body, Query>,
): PeopleRoute<Body, Query> {
  return route
}

/**
 * Returns whose call it is.
 *
 * @throws AuthorityError `session_invalid` on a route that needs no session by mistake
 */
export function requireSession({ session }: Pick<PeopleCall<unknown, unknown>, 'session'>): LiveSession {
  if (session) return session
  throw new AuthorityError('session_invalid', 'Nobody is signed in')
}
