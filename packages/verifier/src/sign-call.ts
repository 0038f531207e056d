import { type Clock, encodeBase64url, type RandomBytes, type Signer } from '@behalf/core'
import { encodeDidKey, encodeDidKeyUrl } from '@behalf/did'
import { createContentDigest, KEY_TAG, serializeSignatureKey, signMessage } from '@behalf/http-signature'

/** Whom to call, and who calls. */
export interface SignCallOptions {
  /** Origin of the authority. */
  readonly authority: string
  /** Path of the route. */
  readonly target: string
  /** Of the key that an operator of the authority registered. */
  readonly signer: Signer
  readonly clock: Clock
  readonly random: RandomBytes
}

const LABEL = 'sig'
const LIFETIME_SECONDS = 60
const NONCE_BYTES = 16

/**
 * Returns the header fields with which a POST of this JSON is one of the API.
 *
 * @see RFC 9421
 */
export async function signCall(
  body: Uint8Array,
  { authority, target, signer, clock, random }: SignCallOptions,
): Promise<Record<string, string>> {
  const fields = {
    'content-type': 'application/json',
    'content-digest': createContentDigest(body),
    'signature-key': serializeSignatureKey(LABEL, { scheme: 'hwk', publicKey: signer.publicKey }),
  }
  const created = Math.floor(clock() / 1000)
  const { signatureInput, signature } = await signMessage(
    { kind: 'request', method: 'POST', origin: authority, target, fields: Object.entries(fields) },
    {
      signer,
      label: LABEL,
      components: ['@method', '@target-uri', ...Object.keys(fields)],
      created,
      expires: created + LIFETIME_SECONDS,
      nonce: encodeBase64url(random(NONCE_BYTES)),
      keyid: encodeDidKeyUrl(encodeDidKey(signer.publicKey)),
      tag: KEY_TAG,
    },
  )
  return { ...fields, 'signature-input': signatureInput, signature }
}
