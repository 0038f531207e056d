import { BehalfError, type JsonValue, parseJson } from '@behalf/core'
import type { z } from '@hono/zod-openapi'
import { AuthorityError } from './error.ts'

/** The greatest body that is read: a chain, a child and room to spare. */
export const MAX_BODY_BYTES = 65_536

const UUID = /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/u
const DIGEST = /^sha-256:[A-Za-z0-9_-]{43}$/u

/**
 * Returns what the verified bytes say, in the types of the schema.
 *
 * @param body - exactly the bytes whose digest was signed
 * @param contentType - as sent
 * @throws AuthorityError `input_invalid` with the member that is wrong, `body` for the whole
 */
export function readBody<Body>(
  schema: z.ZodType<Body>,
  sent: {
    readonly body: Uint8Array
    readonly contentType: string | undefined
    /** Default: as for every route. */
    readonly maxBodyBytes?: number
  },
): Body {
  const { body, contentType, maxBodyBytes = MAX_BODY_BYTES } = sent
  if (body.length === 0) return check(schema, {}, 'body')
  if (!/^application\/json(?:\s*;\s*charset=utf-8)?$/iu.test(contentType ?? '')) {
    throw new AuthorityError('input_invalid', 'The body must be application/json', { field: 'content-type' })
  }
  return check(schema, parseBody(body, maxBodyBytes), 'body')
}

/**
 * Returns what the query says, in the types of the schema.
 *
 * @throws AuthorityError `input_invalid` with the name that is wrong; `query` for a name that is repeated or unknown
 */
export function readQuery<Query>(schema: z.ZodType<Query>, search: URLSearchParams): Query {
  const names = [...search.keys()]
  if (new Set(names).size < names.length) {
    throw new AuthorityError('input_invalid', 'A name in the query is repeated', { field: 'query' })
  }
  return check(schema, Object.fromEntries(search), 'query')
}

/**
 * Returns an id out of a path.
 *
 * @throws AuthorityError `not_found` for anything that no id looks like
 */
export function readId(text: string): string {
  if (UUID.test(text)) return text
  throw new AuthorityError('not_found', 'No id looks like this')
}

/**
 * Returns the digest of a policy out of a path.
 *
 * @throws AuthorityError `not_found` for anything that no digest looks like
 */
export function readDigest(text: string): string {
  if (DIGEST.test(text)) return text
  throw new AuthorityError('not_found', 'No digest looks like this')
}

/**
 * Returns the number of a status list out of a path.
 *
 * @throws AuthorityError `not_found` for anything else
 */
export function readListNumber(text: string): number {
  if (/^[1-9][0-9]{0,8}$/u.test(text)) return Number(text)
  throw new AuthorityError('not_found', 'No list has such a number')
}

function parseBody(body: Uint8Array, maxBytes: number): JsonValue {
  try {
    return parseJson(body, { maxBytes })
  } catch (cause) {
    if (!(cause instanceof BehalfError)) throw cause
    throw new AuthorityError('input_invalid', cause.message, { field: 'body', cause })
  }
}

function check<Value>(schema: z.ZodType<Value>, input: unknown, whole: string): Value {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const path = firstPath(result.error.issues)
  // The names in the path are the schema's: an unknown member is told as the object it was found in.
  const field = path.length === 0 ? whole : path.join('.')
  throw new AuthorityError('input_invalid', `${field} is not as documented`, { field })
}

/** Of the alternatives of a union the one with the least to object to was meant. */
function firstPath(issues: readonly z.core.$ZodIssue[]): readonly PropertyKey[] {
  const [issue] = issues
  if (issue?.code !== 'invalid_union') return issue?.path ?? []
  const [first = [], ...others] = issue.errors
  const meant = others.reduce((best, next) => (next.length < best.length ? next : best), first)
  return [...issue.path, ...firstPath(meant)]
}
