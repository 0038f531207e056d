import { VerifierError } from './error.ts'
import type { AuthorizedAccess, AuthorizedRequest, Principal } from './verified-request.ts'

/**
 * Finds the account of a principal, and may refuse it.
 *
 * @returns undefined when this principal may do nothing here now
 */
export type MapPrincipal<Account, Request extends AuthorizedAccess = AuthorizedRequest> = (
  principal: Principal,
  request: Request,
) => Account | undefined | Promise<Account | undefined>

/**
 * The API's own account of the principal.
 *
 * @param mapPrincipal without it there are no accounts, and `Account` is `undefined`
 * @throws VerifierError forbidden
 */
export async function mapAccount<Account, Request extends AuthorizedAccess>(
  request: Request,
  mapPrincipal: MapPrincipal<Account, Request> | undefined,
): Promise<Account> {
  // Without the callback, `Account` is `undefined`: nothing else lets a caller name another type.
  if (mapPrincipal === undefined) return undefined as Account
  const account = await askPrincipal(mapPrincipal, request)
  if (account === undefined)
    throw new VerifierError('forbidden', 'the principal has no account that may do this')
  return account
}

async function askPrincipal<Account, Request extends AuthorizedAccess>(
  mapPrincipal: MapPrincipal<Account, Request>,
  request: Request,
): Promise<Account | undefined> {
  try {
    return await mapPrincipal(request.principal, request)
  } catch (cause) {
    throw new VerifierError('forbidden', 'mapPrincipal failed', { cause, fault: true })
  }
}
