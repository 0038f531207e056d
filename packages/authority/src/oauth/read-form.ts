import { CoreError, decodeUtf8 } from '@behalf/core'
import { AuthorityError } from '../error.ts'

/** The parameters of one call that have a value, each once but for those that may be repeated. */
export interface Form {
  /** The value; undefined when it is absent or empty. */
  one(name: string): string | undefined
  /** All values, none of them empty. */
  all(name: string): readonly string[]
}

const FORM_TYPE = /^application\/x-www-form-urlencoded(?:\s*;\s*charset=utf-8)?$/iu
/** What RFC 8693 lets a call say several times. */
const REPEATABLE: ReadonlySet<string> = new Set(['audience', 'resource'])

/**
 * Returns the parameters in a body. Those without a value are absent, and unknown ones are ignored, as OAuth wants.
 *
 * @param contentType - as sent
 * @throws AuthorityError `invalid_request` for another type, bytes that are not UTF-8, and a parameter that is repeated
 * @see RFC 6749 section 3.2
 */
export function readForm(body: Uint8Array, contentType: string | undefined): Form {
  if (!FORM_TYPE.test(contentType ?? '')) {
    throw new AuthorityError('invalid_request', 'The body must be application/x-www-form-urlencoded', {
      field: 'content-type',
    })
  }
  const values = new Map<string, string[]>()
  for (const [name, value] of new URLSearchParams(decodeText(body))) {
    const known = values.get(name)
    if (known && !REPEATABLE.has(name)) {
      throw new AuthorityError('invalid_request', 'A parameter is repeated', { field: 'body' })
    }
    if (known) known.push(value)
    else values.set(name, [value])
  }
  const all = (name: string): readonly string[] => (values.get(name) ?? []).filter((value) => value !== '')
  return { all, one: (name) => all(name)[0] }
}

function decodeText(body: Uint8Array): string {
  try {
    return decodeUtf8(body)
  } catch (cause) {
    if (!(cause instanceof CoreError)) throw cause
    throw new AuthorityError('invalid_request', 'The body is not UTF-8', { field: 'body', cause })
  }
}
