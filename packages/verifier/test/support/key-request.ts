import { KEY_TAG, serializeSignatureKey } from '@behalf/http-signature'
import type { IncomingRequest } from '../../src/index.ts'
import { agentC } from './agents.ts'
import { makeRequest, type RequestChanges } from './b0.ts'

/** A request signed by a bare key, agent C's unless told otherwise. */
export async function makeKeyRequest(
  changes: RequestChanges = {},
): Promise<IncomingRequest & { readonly body: Uint8Array }> {
  const { signer = agentC } = changes
  const signatureKey = serializeSignatureKey('sig', { scheme: 'hwk', publicKey: signer.signer.publicKey })
  return makeRequest([], { signatureKey, tag: KEY_TAG, ...changes })
}
