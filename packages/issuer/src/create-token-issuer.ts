import { type AccessTokenClaims, MAX_ACCESS_TOKEN_SECONDS } from '@behalf/credential'
import { type ExchangedToken, type ExchangeTokenOptions, exchangeToken } from './exchange-token.ts'
import type { Caller } from './revoke.ts'
import { introspectToken, revokeToken } from './revoke-token.ts'
import type { TokenContext } from './token-context.ts'
import { type SignedTokenList, signTokenList } from './token-list.ts'

/** What an issuer of tokens is made of: the identity and the store of an issuer, and keys of its own. */
export interface CreateTokenIssuerOptions extends Omit<TokenContext, 'tokenSeconds'> {
  /** How long a token lives at most, 1 to 300. Default 60. */
  readonly tokenSeconds?: number
}

/** Exchanges chains for tokens, and says what became of them. */
export interface TokenIssuer {
  /** How long a token lives at most. */
  readonly tokenSeconds: number
  exchange(options: ExchangeTokenOptions): Promise<ExchangedToken>
  /** What a token says that holds now; undefined for one that does not. */
  introspect(token: string): Promise<AccessTokenClaims | undefined>
  revoke(options: { readonly token: string; readonly caller: Caller }): Promise<void>
  /** A token status list, signed; undefined when there is none of that number. */
  tokenList(number: number): Promise<string | undefined>
}

const DEFAULT_TOKEN_SECONDS = 60
// Of older lists every token ended long ago; who asks for one gets it, signed anew each time.
const LISTS_HELD = 4

/**
 * Returns an issuer of tokens over the store of an issuer.
 *
 * @throws TypeError for a `tokenSeconds` that is no number from 1 to 300
 */
export function createTokenIssuer(options: CreateTokenIssuerOptions): TokenIssuer {
  const { tokenSeconds = DEFAULT_TOKEN_SECONDS } = options
  if (!(tokenSeconds >= 1 && tokenSeconds <= MAX_ACCESS_TOKEN_SECONDS)) {
    throw new TypeError(`tokenSeconds must lie between 1 and ${MAX_ACCESS_TOKEN_SECONDS}`)
  }
  const context: TokenContext = { ...options, tokenSeconds }
  const lists = new Map<number, SignedTokenList>()
  return {
    tokenSeconds,
    exchange: (input) => exchangeToken(context, input),
    introspect: (token) => introspectToken(context, token),
    revoke: (input) => revokeToken(context, input),
    tokenList: async (number) => {
      const list = await signTokenList(context, number, lists.get(number))
      if (list === undefined) return undefined
      lists.delete(number)
      lists.set(number, list)
      for (const oldest of [...lists.keys()].slice(0, -LISTS_HELD)) lists.delete(oldest)
      return list.jws
    },
  }
}
