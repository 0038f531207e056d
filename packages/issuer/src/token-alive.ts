import {
  type AccessTokenClaims,
  CredentialError,
  parseCompactJws,
  verifyAccessToken,
} from '@behalf/credential'
import { IssuerError } from './error.ts'
import { checkIssuerKeyAlive } from './issuer-context.ts'
import type { IssuerTransaction } from './issuer-store.ts'
import type { TokenContext } from './token-context.ts'

const MAX_TOKEN_BYTES = 12_000

/**
 * Returns what a token says that was exchanged here, for whomever, and that has not ended.
 *
 * @throws CredentialError `invalid_token`
 */
export async function verifyOwnToken(context: TokenContext, token: string): Promise<AccessTokenClaims> {
  const keys = await context.tokenSigners.keys()
  const audience = readAudience(token)
  return verifyAccessToken(token, { issuer: context.origin, audience, keys, now: context.clock() })
}

/**
 * The token and everything that it stands on is neither revoked, suspended nor unknown, as far as this transaction sees.
 *
 * @throws IssuerError `invalid_grant` for the token, `credential_revoked`, `credential_suspended` and `key_revoked` for
 *   what is below it
 */
export async function checkTokenAlive(
  context: TokenContext,
  tx: IssuerTransaction,
  claims: AccessTokenClaims,
): Promise<void> {
  const known = await tx.findToken(claims.id)
  if (known === undefined || known.revoked) throw new IssuerError('invalid_grant', 'The token was revoked')
  await checkIssuerKeyAlive(context, tx)
  for (const [link, id] of claims.delegations.entries()) {
    const delegation = await tx.findDelegation(id)
    if (delegation === undefined || delegation.revoked) {
      throw new IssuerError('credential_revoked', `Link ${link} was revoked`, { link })
    }
    if (delegation.suspended) {
      throw new IssuerError('credential_suspended', `Link ${link} is suspended`, { link })
    }
    if (await tx.findRevokedKey(delegation.subject)) {
      throw new IssuerError('key_revoked', `The key of link ${link} was revoked`, { link })
    }
  }
}

/** For whom it says it is: here it may be for anybody, and the signature covers who. */
function readAudience(token: string): string {
  try {
    const { aud } = parseCompactJws(token, { maxBytes: MAX_TOKEN_BYTES }).payload
    return typeof aud === 'string' ? aud : ''
  } catch (cause) {
    if (!(cause instanceof CredentialError)) throw cause
    throw new CredentialError('invalid_token', 'The token is not valid', { cause })
  }
}
