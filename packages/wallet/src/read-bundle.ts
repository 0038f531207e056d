import { isJsonObject } from '@behalf/core'
import { WalletError } from './error.ts'
import type { DelegationBundle, DelegationRecord } from './held-delegation.ts'

const MEMBERS: readonly string[] = ['chain', 'evidence']

/**
 * What another agent handed over, as values from JSON.
 *
 * @returns compact JWS, root first, and the evidence; the form of neither is checked
 * @throws {WalletError} credential_malformed: neither `{ chain: [text…], evidence?: {…} }` and nothing more, nor that
 *   list alone
 */
export function readBundle(bundle: DelegationBundle | readonly string[]): DelegationRecord {
  const { chain, evidence } = readMembers(bundle)
  const isChain = Array.isArray(chain) && chain.every((link): link is string => typeof link === 'string')
  if (!isChain || (evidence !== undefined && !isJsonObject(evidence))) {
    throw new WalletError(
      'credential_malformed',
      'a bundle is { chain: [text, …], evidence?: {…} }, root first',
    )
  }
  return { chain, ...(evidence === undefined ? {} : { evidence }) }
}

function readMembers(bundle: unknown): { readonly chain?: unknown; readonly evidence?: unknown } {
  if (Array.isArray(bundle)) return { chain: bundle }
  if (typeof bundle !== 'object' || bundle === null) return {}
  return Object.keys(bundle).every((name) => MEMBERS.includes(name)) ? bundle : {}
}
