import { concatBytes, encodeBase64, encodeUtf8, type Signer } from '@behalf/core'

/**
 * Returns the headers of a signed message.
 *
 * @param message.id - the same at each attempt
 * @param message.now - of this attempt, in milliseconds since the epoch
 * @see Standard Webhooks 1.0.0, asymmetric signatures (`v1a`)
 */
export async function signWebhook(
  signer: Signer,
  { id, now, body }: { readonly id: string; readonly now: number; readonly body: Uint8Array },
): Promise<Readonly<Record<string, string>>> {
  const timestamp = String(Math.floor(now / 1000))
  const signature = await signer.sign(concatBytes(encodeUtf8(`${id}.${timestamp}.`), body))
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1a,${encodeBase64(signature)}`,
  }
}

/** Returns the public key as the specification spells it: `whpk_` and base64. */
export function formatWebhookKey({ publicKey }: Pick<Signer, 'publicKey'>): string {
  return `whpk_${encodeBase64(publicKey)}`
}
