import { encodeBase64url, encodeUtf8, systemRandomBytes } from '@behalf/core'
import { digestDelegationChain } from '@behalf/credential'
import {
  createContentDigest,
  DELEGATION_TAG,
  type FieldLines,
  type HttpRequestMessage,
  readSignature,
  serializeSignatureKey,
  signMessage,
} from '@behalf/http-signature'
import type { IncomingRequest } from '@behalf/verifier'
import { ORIGIN, type Party } from './bench-world.ts'

const TARGET = '/v1/items?b=2&a=1'
const COMPONENTS = ['@method', '@target-uri', 'content-type', 'content-digest', 'signature-key']
const body = encodeUtf8('{"x":1}')
const COMMON_FIELDS: FieldLines = [
  ['host', new URL(ORIGIN).host],
  ['accept', '*/*'],
  ['accept-language', '*'],
  ['user-agent', 'node'],
  ['accept-encoding', 'br, gzip, deflate'],
  ['content-length', String(body.length)],
  ['content-type', 'application/json'],
  ['content-digest', createContentDigest(body)],
]

/** A request as a verifier gets it, whose body is there already. */
export type SignedRequest = IncomingRequest & { readonly body: Uint8Array }

/**
 * A POST with a small JSON body, signed now with a new nonce. Every text in it is a new flat string, as those are
 * that Node's HTTP parser makes.
 *
 * @param presentation header lines that say what the agent may do, or who it is
 */
export async function signRequest(agent: Party, presentation: FieldLines): Promise<SignedRequest> {
  const message = { kind: 'request', method: 'POST', origin: ORIGIN, target: TARGET } as const
  const fields = [...COMMON_FIELDS, ...presentation]
  const created = Math.floor(Date.now() / 1000)
  const { signatureInput, signature } = await signMessage(
    { ...message, fields } satisfies HttpRequestMessage,
    {
      signer: agent.signer,
      label: 'sig',
      components: COMPONENTS,
      created,
      expires: created + 60,
      nonce: encodeBase64url(systemRandomBytes(16)),
      keyid: agent.kid,
      alg: 'ed25519',
      tag: DELEGATION_TAG,
    },
  )
  const headers: FieldLines = [...fields, ['signature-input', signatureInput], ['signature', signature]]
  return {
    method: message.method,
    target: offTheWire(TARGET),
    headers: headers.map(([name, value]) => [offTheWire(name), offTheWire(value)] as const),
    body: new Uint8Array(body),
  }
}

/** The bytes that the signature of such a request signs. */
export function signatureBaseOf({
  method,
  target,
  headers: fields,
  body: content,
}: SignedRequest): Uint8Array {
  const message = { kind: 'request', method, origin: ORIGIN, target, fields } as const
  return encodeUtf8(readSignature(message, { tag: DELEGATION_TAG, hasBody: content.length > 0 }).base)
}

/** The header lines of a chain that is shown. */
export function showChain(links: readonly string[]): FieldLines {
  const ancestors = links.slice(0, -1)
  const key = serializeSignatureKey('sig', { scheme: 'jwt', jwt: links.at(-1) ?? '', cache: false })
  if (ancestors.length === 0) return [['signature-key', key]]
  return [
    ['signature-key', key],
    ['delegation-chain', ancestors.map((link) => `"${link}"`).join(', ')],
  ]
}

/** The header lines of a chain that is named. */
export function nameChain(links: readonly string[]): FieldLines {
  const cid = digestDelegationChain(links)
  return [['signature-key', serializeSignatureKey('sig', { scheme: 'cached', cid })]]
}

/** The header line of an agent that shows its key and no delegation. */
export function showKey({ signer }: Party): FieldLines {
  const key = { scheme: 'hwk', publicKey: signer.publicKey } as const
  return [['signature-key', serializeSignatureKey('sig', key)]]
}

function offTheWire(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}
