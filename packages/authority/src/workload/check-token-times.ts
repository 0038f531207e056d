import type { JsonObject, JsonValue } from '@behalf/core'
import { AuthorityError } from '../error.ts'

// Two clocks that are kept by the same kind of service differ less.
const AHEAD_MS = 5000
// RFC 7519 lets times have fractions; beyond this they are no times.
const GREATEST_SECONDS = 1e11

/**
 * Returns when the claims end, in milliseconds since the epoch: they say when they were made, hold now, and not for too
 * long.
 *
 * @param options.maxSeconds - longest time from `iat` to `exp`
 * @throws AuthorityError `credential_malformed`, `credential_expired`, `credential_not_yet_valid`, `policy_denied` for
 *   those that hold too long
 * @see RFC 7519 section 4.1
 */
export function checkTokenTimes(
  claims: JsonObject,
  { now, maxSeconds }: { readonly now: number; readonly maxSeconds: number },
): number {
  const [issuedAt, expiresAt] = [readTime(claims.iat, 'iat'), readTime(claims.exp, 'exp')]
  const notBefore = claims.nbf === undefined ? issuedAt : readTime(claims.nbf, 'nbf')
  if (expiresAt <= now) throw new AuthorityError('credential_expired', 'The token has expired')
  if (issuedAt > now + AHEAD_MS || notBefore > now + AHEAD_MS) {
    throw new AuthorityError('credential_not_yet_valid', 'The token is not valid yet')
  }
  if (expiresAt - issuedAt > maxSeconds * 1000) {
    throw new AuthorityError('policy_denied', `A token may hold ${maxSeconds} seconds here at most`)
  }
  return expiresAt
}

function readTime(value: JsonValue | undefined, name: string): number {
  if (typeof value === 'number' && value >= 0 && value <= GREATEST_SECONDS) return Math.floor(value * 1000)
  throw new AuthorityError('credential_malformed', `${name} is not there, or no time`)
}
