import { WalletError } from './error.ts'
import type { DelegationBundle } from './held-delegation.ts'

/**
 * The links in what another agent handed over, as values from JSON.
 *
 * @returns compact JWS, root first; their form is not checked
 * @throws {WalletError} credential_malformed: neither `{ chain: [text…] }` and nothing more, nor that list alone
 */
export function readBundle(bundle: DelegationBundle | readonly string[]): readonly string[] {
  const chain: unknown = isChain(bundle) ? bundle : readChain(bundle)
  if (Array.isArray(chain) && chain.every((link): link is string => typeof link === 'string')) return chain
  throw new WalletError('credential_malformed', 'a bundle is { chain: [text, …] }, root first')
}

function isChain(bundle: DelegationBundle | readonly string[]): bundle is readonly string[] {
  return Array.isArray(bundle)
}

function readChain(bundle: DelegationBundle): unknown {
  if (typeof bundle !== 'object' || bundle === null) return undefined
  return Object.keys(bundle).length === 1 ? bundle.chain : undefined
}
