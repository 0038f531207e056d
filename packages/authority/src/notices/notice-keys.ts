import {
  concatBytes,
  createEd25519Signer,
  createP256Key,
  encodeBase64url,
  encodeUtf8,
  type P256Key,
  type Signer,
  sha256,
} from '@behalf/core'
import { vapidHeaders } from '@block65/webcrypto-web-push'

/** The keys that sign notices. Whatever prints or stores this object gets none of them. */
export interface NoticeKeys {
  /** The key that signs what goes to one webhook, by its id. */
  webhook(id: string): Signer
  /** The key by which push services know this authority, as browsers want it: 65 bytes in base64url. */
  pushKey(): Promise<string>
  /**
   * The headers by which a push service knows who sends.
   *
   * @param contact - an https or mailto URL, where whoever runs it may complain
   * @see RFC 8292
   */
  signPush(endpoint: string, contact: string): Promise<Readonly<Record<string, string>>>
}

const SEED_BYTES = 32
// Of the subscription only the endpoint is signed for.
const NO_KEYS = { expirationTime: null, keys: { p256dh: '', auth: '' } }

/**
 * Returns the keys of notices, made out of a secret: kept nowhere, the same at every start. The seed of an issuer will
 * do: there is no way back to it. Each webhook has a key of its own, so that who gets a message cannot pass it on to
 * another receiver as one of its own.
 *
 * @param seed - 32 bytes, secret
 */
export function createNoticeKeys(seed: Uint8Array): NoticeKeys {
  const secret = deriveSeed(seed, 'behalf: keys of notices, version 1')
  const push = (): Promise<P256Key> => createP256Key(deriveSeed(secret, 'push'))
  return {
    webhook: (id) => createEd25519Signer(deriveSeed(secret, `webhook ${id}`)),
    pushKey: async () => encodeBase64url((await push()).publicKey),
    signPush: async (endpoint, contact) => {
      const { privateKey, publicKey } = await push()
      const keys = { subject: contact, publicKey: encodeBase64url(publicKey), privateKey }
      return (await vapidHeaders({ endpoint, ...NO_KEYS }, keys)).headers
    },
  }
}

/** The seed has a fixed length and comes first, so no two of (seed, purpose) are hashed as the same bytes. */
function deriveSeed(seed: Uint8Array, purpose: string): Uint8Array {
  if (seed.length !== SEED_BYTES) throw new TypeError(`The seed must have ${SEED_BYTES} bytes`)
  return sha256(concatBytes(seed, encodeUtf8(purpose)))
}
