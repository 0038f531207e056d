import { BehalfError } from '@behalf/core'
import type { IssuerKeys } from '@behalf/credential'
import { type Did, decodeDidKey, decodeDidKeyUrl } from '@behalf/did'

/**
 * Keys of issuers that are `did:key`: the one key that the identifier spells.
 *
 * @returns undefined when `kid` is not the key of `issuer`, or either is malformed
 */
export const didKeyIssuerKeys: IssuerKeys = (issuer, kid) => {
  try {
    const { did, publicKey } = decodeDidKeyUrl(kid)
    return did === issuer ? publicKey : undefined
  } catch (error) {
    if (error instanceof BehalfError) return undefined
    throw error
  }
}

/** The roots an API trusts, minus those it stopped trusting while it ran. */
export interface TrustedIssuers {
  /** Keys of the issuers that are trusted now. */
  readonly keys: IssuerKeys
  /** Those that are trusted now. */
  readonly dids: ReadonlySet<Did>
  /** Grows whenever trust is withdrawn: what was found out under an earlier epoch counts no more. */
  epoch(): number
  /** From now on the issuer is not trusted any more. */
  distrust(issuer: Did): void
}

/**
 * Binds the configured roots to the source of their keys.
 *
 * @param issuers DIDs, at least one
 * @param issuerKeys where keys come from; without it every issuer must be a `did:key`
 * @param isRevoked whether a key, by its DID URL, is not to be trusted any more. Default: none is
 * @throws TypeError for an empty list or an issuer that is not a DID
 */
export function createTrustedIssuers(
  issuers: readonly Did[],
  issuerKeys?: IssuerKeys,
  isRevoked: (kid: string) => boolean = () => false,
): TrustedIssuers {
  if (issuers.length === 0) throw new TypeError('trustedIssuers: name at least one')
  for (const issuer of issuers) checkIssuer(issuer, issuerKeys)
  const trusted = new Set(issuers)
  const source = issuerKeys ?? didKeyIssuerKeys
  let epoch = 0
  return {
    keys: (issuer, kid) => (trusted.has(issuer) && !isRevoked(kid) ? source(issuer, kid) : undefined),
    dids: trusted,
    epoch: () => epoch,
    distrust: (issuer) => {
      trusted.delete(issuer)
      epoch += 1
    },
  }
}

function checkIssuer(issuer: Did, issuerKeys: IssuerKeys | undefined): void {
  if (!issuer.startsWith('did:')) throw new TypeError(`${issuer} is not a DID`)
  if (issuerKeys !== undefined) return
  try {
    decodeDidKey(issuer)
  } catch (cause) {
    throw new TypeError(`${issuer} is not a did:key: name issuerKeys`, { cause })
  }
}
