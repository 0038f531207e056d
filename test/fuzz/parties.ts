import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { type Did, encodeDidKey, encodeDidKeyUrl } from '@behalf/did'

/** Somebody with a key, who signs whatever the harness wants. */
export interface Party {
  readonly did: Did
  readonly kid: string
  readonly publicKey: Uint8Array
  sign(message: string): Buffer
}

const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI_PREFIX_BYTES = 12

/** The party of a number from 1 to 255; the same number is the same key. */
export function createParty(number: number): Party {
  const der = Buffer.concat([PKCS8_PREFIX, Buffer.alloc(32, number)])
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  const publicKey = new Uint8Array(spki.subarray(SPKI_PREFIX_BYTES))
  const did = encodeDidKey(publicKey)
  return {
    did,
    kid: encodeDidKeyUrl(did),
    publicKey,
    sign: (message) => sign(null, Buffer.from(message, 'latin1'), privateKey),
  }
}

/** The two issuers that the verifiers trust. */
export const issuer: Party = createParty(1)
export const otherIssuer: Party = createParty(2)
/** Issues delegations that nobody should believe. */
export const impostor: Party = createParty(3)
/** Its key is revoked. */
export const revokedAgent: Party = createParty(4)
export const agents: readonly Party[] = Array.from({ length: 12 }, (_, index) => createParty(10 + index))
