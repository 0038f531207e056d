import { concatBytes, createEd25519Signer, encodeUtf8, type Signer, sha256 } from '@behalf/core'

/** The keys that sign notices. Whatever prints or stores this object gets none of them. */
export interface NoticeKeys {
  /** The key that signs what goes to one webhook, by its id. */
  webhook(id: string): Signer
}

const SEED_BYTES = 32

/**
 * Returns the keys of notices, made out of a secret: kept nowhere, the same at every start. The seed of an issuer will
 * do: there is no way back to it. Each webhook has a key of its own, so that who gets a message cannot pass it on to
 * another receiver as one of its own.
 *
 * @param seed - 32 bytes, secret
 */
export function createNoticeKeys(seed: Uint8Array): NoticeKeys {
  const secret = deriveSeed(seed, 'behalf: keys of notices, version 1')
  return {
    webhook: (id) => createEd25519Signer(deriveSeed(secret, `webhook ${id}`)),
  }
}

/** The seed has a fixed length and comes first, so no two of (seed, purpose) are hashed as the same bytes. */
function deriveSeed(seed: Uint8Array, purpose: string): Uint8Array {
  if (seed.length !== SEED_BYTES) throw new TypeError(`The seed must have ${SEED_BYTES} bytes`)
  return sha256(concatBytes(seed, encodeUtf8(purpose)))
}
