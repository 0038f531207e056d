import { BehalfError } from '@behalf/core'
import { type Did, decodeDidKey } from '@behalf/did'
import { CommandError } from './error.ts'

/**
 * The DID of an agent as a person typed it: the did:key of an Ed25519 key.
 *
 * @throws CommandError `input_invalid`
 */
export function parseAgentDid(text: string): Did {
  try {
    decodeDidKey(text)
    return text
  } catch (error) {
    if (!(error instanceof BehalfError)) {
      throw error
    }
    throw new CommandError('input_invalid', `${JSON.stringify(text)} is not the DID of an agent`, {
      next: 'behalf wallet show says the DID of an agent: did:key:z6Mk…',
      cause: error,
    })
  }
}
