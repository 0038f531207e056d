import { isJsonObject, type JsonValue, parseJson } from '@behalf/core'
import type { DelegationBundle } from '@behalf/wallet'
import { CommandError } from './error.ts'

/**
 * The chain of delegations in a bundle, and the evidence of its approval, as `behalf delegate` writes it; nothing in it is verified.
 *
 * @throws CoreError `json_malformed`, `json_ambiguous`; CommandError `input_invalid` for other JSON
 */
export function parseBundle(text: string): DelegationBundle {
  const value = parseJson(text)
  const { chain, evidence, ...others } = isJsonObject(value) ? value : {}
  const isChain = Array.isArray(chain) && chain.length > 0 && chain.every(isText)
  const isEvidence = evidence === undefined || isJsonObject(evidence)
  if (!isChain || !isEvidence || Object.keys(others).length > 0) {
    throw new CommandError('input_invalid', 'the file is not a bundle of delegations', {
      next: 'let the other agent write one with behalf delegate --out FILE',
    })
  }
  return { chain, ...(evidence === undefined ? {} : { evidence }) }
}

function isText(value: JsonValue): value is string {
  return typeof value === 'string'
}
