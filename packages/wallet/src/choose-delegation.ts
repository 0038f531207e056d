import { BehalfError } from '@behalf/core'
import { authorize, type HttpAccess } from '@behalf/credential'
import { WalletError } from './error.ts'
import { type HeldDelegation, isExpired } from './held-delegation.ts'

/**
 * The delegation to present with a request: the named one, even if it ended; else the newest unexpired one that
 * authorises the request; else the newest unexpired one that names the origin, so that the API's own refusal is seen.
 *
 * @param held - newest first
 * @param id - the caller's choice
 * @throws {WalletError} credential_missing: there is none
 */
export function chooseDelegation(
  held: readonly HeldDelegation[],
  access: HttpAccess,
  id?: string,
): HeldDelegation {
  if (id !== undefined) return findDelegation(held, id)
  const unexpired = held.filter((delegation) => !isExpired(delegation, access.now))
  const chosen =
    unexpired.find((delegation) => isAuthorized(delegation, access)) ??
    unexpired.find((delegation) => namesOrigin(delegation, access.origin))
  if (chosen !== undefined) return chosen
  throw new WalletError(
    'credential_missing',
    `no unexpired delegation names ${access.origin}: ask for one with requestDelegation, or receive one from another agent`,
  )
}

/**
 * The delegation of that id.
 *
 * @throws {WalletError} credential_missing
 */
export function findDelegation(held: readonly HeldDelegation[], id: string): HeldDelegation {
  const found = held.find((delegation) => delegation.id === id)
  if (found !== undefined) return found
  throw new WalletError('credential_missing', 'the wallet holds no delegation of this id')
}

function isAuthorized({ leaf }: HeldDelegation, access: HttpAccess): boolean {
  try {
    authorize(leaf.capabilities, access)
    return true
  } catch (error) {
    if (error instanceof BehalfError) return false
    throw error
  }
}

/** Whether some capability of the leaf is for this origin. */
export function namesOrigin({ leaf }: HeldDelegation, origin: string): boolean {
  return leaf.capabilities.some(
    (capability) =>
      capability.type !== 'unknown' &&
      capability.locations.some((location) => location === origin || location.startsWith(`${origin}/`)),
  )
}
