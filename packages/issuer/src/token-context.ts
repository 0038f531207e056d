import type { Signer } from '@behalf/core'
import type { TokenKeys } from '@behalf/credential'
import type { IssuerContext } from './issuer-context.ts'

/** The keys that sign tokens, apart from the issuer's: they are replaced while tokens are in use. */
export interface TokenSigners {
  /** The key that signs now. */
  current(): Promise<Signer>
  /** Finds every key whose tokens may still be in use, by its thumbprint. */
  keys(): Promise<TokenKeys>
}

/** What every operation on tokens works with. */
export interface TokenContext
  extends Pick<IssuerContext, 'did' | 'kid' | 'origin' | 'signer' | 'store' | 'clock' | 'random'> {
  readonly tokenSigners: TokenSigners
  /** How long a token lives at most. */
  readonly tokenSeconds: number
}
