import { isJsonObject, type JsonValue, parseJson } from '@behalf/core'
import type { DelegationBundle } from '@behalf/wallet'
import { CommandError } from './error.ts'

/**
 * The chain of delegations in a bundle, as `behalf delegate` writes it; nothing in it is verified.
 *
 * @throws CoreError `json_malformed`, `json_ambiguous`; CommandError `input_invalid` for other JSON
 */
export function parseBundle(text: string): DelegationBundle {
  const value = parseJson(text)
  const chain = isJsonObject(value) && Object.keys(value).length === 1 ? value.chain : undefined
  if (!Array.isArray(chain) || chain.length === 0 || !chain.every(isText)) {
    throw new CommandError('input_invalid', 'the file is not a bundle of delegations', {
      next: 'let the other agent write one with behalf delegate --out FILE',
    })
  }
  return { chain }
}

function isText(value: JsonValue): value is string {
  return typeof value === 'string'
}
