import { createEd25519Signer, encodeBase64url, encodeUtf8, systemRandomBytes } from '@behalf/core'
import { encodeDidKey, encodeDidKeyUrl } from '@behalf/did'
import { createContentDigest, KEY_TAG, serializeSignatureKey, signMessage } from '@behalf/http-signature'

/** What an API learns of a report. */
export interface ReportReceipt {
  readonly index: number
  readonly checkpoint: string
}

const PATH = '/audit/records'

/**
 * An API puts a decision on record.
 *
 * @param api seed of its key
 * @throws Error with the answer, when it is none of acknowledgement
 */
export async function sendReport(
  origin: string,
  { api, requestId }: { readonly api: Uint8Array; readonly requestId: string },
): Promise<ReportReceipt> {
  const record = {
    time: new Date().toISOString(),
    request_id: requestId,
    decision: 'accepted',
    code: 'ok',
    principal: { issuer: 'did:key:zIssuer', id: 'acct-42' },
    evidence: { credentials: ['a.b.c'], signature_base: `"@method": GET ${requestId}`, signature: 'AAAA' },
  }
  const body = new Uint8Array(encodeUtf8(JSON.stringify({ records: [record] })))
  const headers = await signHeaders(origin, body, api)
  const response = await fetch(origin + PATH, { method: 'POST', headers, body })
  const text = await response.text()
  if (!response.ok) throw new Error(`${response.status} ${text}`)
  const { records, checkpoint } = JSON.parse(text)
  return { index: records[0].index, checkpoint }
}

async function signHeaders(
  origin: string,
  body: Uint8Array,
  seed: Uint8Array,
): Promise<Record<string, string>> {
  const signer = createEd25519Signer(seed)
  const fields = {
    'content-type': 'application/json',
    'content-digest': createContentDigest(body),
    'signature-key': serializeSignatureKey('sig', { scheme: 'hwk', publicKey: signer.publicKey }),
  }
  const created = Math.floor(Date.now() / 1000)
  const { signatureInput, signature } = await signMessage(
    { kind: 'request', method: 'POST', origin, target: PATH, fields: Object.entries(fields) },
    {
      signer,
      label: 'sig',
      components: ['@method', '@target-uri', ...Object.keys(fields)],
      created,
      expires: created + 60,
      nonce: encodeBase64url(systemRandomBytes(16)),
      keyid: encodeDidKeyUrl(encodeDidKey(signer.publicKey)),
      tag: KEY_TAG,
    },
  )
  return { ...fields, 'signature-input': signatureInput, signature }
}
