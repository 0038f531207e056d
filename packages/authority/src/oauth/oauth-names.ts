/** The grant of a token exchange. @see RFC 8693 section 2.1 */
export const TOKEN_EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'
/** The type of an access token. @see RFC 8693 section 3 */
export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token'
/** The type of a chain: its links as a list of strings, root first, as `Delegation-Chain` spells them. */
export const CHAIN_TYPE = 'urn:behalf:token-type:delegation-chain'
