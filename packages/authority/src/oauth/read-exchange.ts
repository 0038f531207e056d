import { BehalfError, parseJson } from '@behalf/core'
import { type Capability, parseCapabilities } from '@behalf/credential'
import { parseStringList } from '@behalf/http-signature'
import type { ExchangeTokenOptions } from '@behalf/issuer'
import { AuthorityError } from '../error.ts'
import { decodeJwtType } from './decode-jwt-type.ts'
import { ACCESS_TOKEN_TYPE, CHAIN_TYPE, TOKEN_EXCHANGE_GRANT } from './oauth-names.ts'
import type { Form } from './read-form.ts'

const REQUESTED_TYPES: ReadonlySet<string | undefined> = new Set([
  undefined,
  ACCESS_TOKEN_TYPE,
  'urn:ietf:params:oauth:token-type:jwt',
])

/** What is asked of an exchange, but for who asks. */
export type ReadExchange = Omit<ExchangeTokenOptions, 'caller'>

/**
 * Returns what a form asks for: a token for a chain, or, where a token was used to call whoever asks, one for the chain
 * that goes on from it (`actor_token`). Nothing in it is verified.
 *
 * @throws AuthorityError `invalid_request`; `invalid_scope` for a `scope`, as there are none here, and for
 *   `authorization_details` that are not capabilities; `invalid_target` for several resources
 * @see RFC 8693 section 2.1, RFC 8707 section 2, RFC 9396 section 3
 */
export function readExchange(form: Form): ReadExchange {
  if (form.one('grant_type') !== TOKEN_EXCHANGE_GRANT) {
    throw invalid('grant_type', `must be ${TOKEN_EXCHANGE_GRANT}`)
  }
  if (!REQUESTED_TYPES.has(form.one('requested_token_type'))) {
    throw invalid('requested_token_type', `can only be ${ACCESS_TOKEN_TYPE}`)
  }
  if (form.one('scope') !== undefined) {
    throw new AuthorityError(
      'invalid_scope',
      'There are no scopes here: say what is needed in authorization_details',
      { field: 'scope' },
    )
  }
  const tokens = readTokens(form)
  return { ...tokens, resource: readResource(form), capabilities: readDetails(form) }
}

function readTokens(form: Form): Pick<ExchangeTokenOptions, 'chain' | 'subjectToken'> {
  const subject = requireOne(form, 'subject_token')
  const type = requireOne(form, 'subject_token_type')
  if (type === CHAIN_TYPE) {
    if (form.one('actor_token') !== undefined) throw invalid('actor_token', 'goes with an access token alone')
    return { chain: readChain('subject_token', subject) }
  }
  if (type !== ACCESS_TOKEN_TYPE) throw invalid('subject_token_type', `must be ${CHAIN_TYPE}`)
  if (decodeJwtType(subject) !== 'at+jwt') throw invalid('subject_token', 'is no access token')
  // A token alone is not made into another one: what it stands on must go on to whoever asks.
  const actor = requireOne(form, 'actor_token')
  if (requireOne(form, 'actor_token_type') !== CHAIN_TYPE) {
    throw invalid('actor_token_type', `must be ${CHAIN_TYPE}`)
  }
  return { chain: readChain('actor_token', actor), subjectToken: subject }
}

/**
 * Returns the links in a parameter, spelled as `Delegation-Chain` spells them.
 *
 * @param field - the name of the parameter
 * @throws AuthorityError `invalid_request`
 */
export function readChain(field: string, text: string): readonly string[] {
  try {
    return parseStringList([[field, text]], field)
  } catch (cause) {
    if (!(cause instanceof BehalfError)) throw cause
    throw new AuthorityError('invalid_request', `${field} is not a list of quoted delegations, root first`, {
      field,
      cause,
    })
  }
}

function readResource(form: Form): string | undefined {
  const named = new Set([...form.all('resource'), ...form.all('audience')])
  if (named.size <= 1) return [...named][0]
  throw new AuthorityError('invalid_target', 'A token is for one resource', { field: 'resource' })
}

function readDetails(form: Form): readonly Capability[] | undefined {
  const text = form.one('authorization_details')
  if (text === undefined) return undefined
  try {
    return parseCapabilities(parseJson(text))
  } catch (cause) {
    if (!(cause instanceof BehalfError)) throw cause
    throw new AuthorityError('invalid_scope', 'authorization_details are not a list of capabilities', {
      field: 'authorization_details',
      cause,
    })
  }
}

function requireOne(form: Form, name: string): string {
  const value = form.one(name)
  if (value === undefined) throw invalid(name, 'is missing')
  return value
}

function invalid(field: string, what: string): AuthorityError {
  return new AuthorityError('invalid_request', `${field} ${what}`, { field })
}
