import { type AccessTokenClaims, CredentialError } from '@behalf/credential'
import { IssuerError } from './error.ts'
import { record } from './issuer-event.ts'
import type { Caller } from './revoke.ts'
import { checkTokenAlive, verifyOwnToken } from './token-alive.ts'
import type { TokenContext } from './token-context.ts'

/**
 * Returns what a token says that holds now; undefined for one that does not, for whatever reason.
 *
 * @see RFC 7662 section 2.2
 */
export async function introspectToken(
  context: TokenContext,
  token: string,
): Promise<AccessTokenClaims | undefined> {
  try {
    const claims = await verifyOwnToken(context, token)
    await context.store.transaction((tx) => checkTokenAlive(context, tx, claims))
    return claims
  } catch (error) {
    if (error instanceof CredentialError || error instanceof IssuerError) return undefined
    throw error
  }
}

/**
 * A token is revoked: its bit in its status list is set from now on. What is no token of ours, or has ended, needs no
 * revocation and changes nothing.
 *
 * @param options.caller - an operator, or an agent that the token names as acting
 * @throws IssuerError `forbidden` for a token that is none of the caller's business
 * @see RFC 7009 section 2
 */
export async function revokeToken(
  context: TokenContext,
  options: { readonly token: string; readonly caller: Caller },
): Promise<void> {
  const { token, caller } = options
  const claims = await readToken(context, token)
  if (claims === undefined) return
  if (!caller.operator && !claims.actors.includes(caller.did)) {
    throw new IssuerError('forbidden', 'This token is another agent’s')
  }
  await context.store.transaction(async (tx) => {
    const known = await tx.findToken(claims.id)
    if (known === undefined || known.revoked) return
    await tx.markTokenRevoked(claims.id, { at: context.clock(), by: caller.did })
    const data = {
      jti: claims.id,
      delegation: claims.delegations.at(-1),
      subject: claims.agent,
      by: caller.did,
    }
    await record(context, tx, { type: 'token_revoked', data })
  })
}

async function readToken(context: TokenContext, token: string): Promise<AccessTokenClaims | undefined> {
  try {
    return await verifyOwnToken(context, token)
  } catch (error) {
    if (error instanceof CredentialError) return undefined
    throw error
  }
}
