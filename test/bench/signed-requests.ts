import { encodeBase64url, encodeUtf8, systemRandomBytes } from '@behalf/core'
import {
  createContentDigest,
  DELEGATION_TAG,
  type FieldLines,
  type HttpRequestMessage,
  serializeSignatureKey,
  signMessage,
} from '@behalf/http-signature'
import type { IncomingRequest } from '@behalf/verifier'
import { type HeldChain, ORIGIN } from './bench-world.ts'

const TARGET = '/v1/items?b=2&a=1'
const COMPONENTS = ['@method', '@target-uri', 'content-type', 'content-digest', 'signature-key']
const body = encodeUtf8('{"x":1}')

/**
 * A POST with a small JSON body and the whole chain in its headers, signed now with a new nonce. Every text in it is
 * a new flat string, as those are that Node's HTTP parser makes.
 */
export async function signRequest({ links, agent }: HeldChain): Promise<IncomingRequest> {
  const message = { kind: 'request', method: 'POST', origin: ORIGIN, target: TARGET } as const
  const fields = createFields(links)
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

function createFields(links: readonly string[]): FieldLines {
  const ancestors = links.slice(0, -1)
  const jwt = links.at(-1) ?? ''
  return [
    ['host', new URL(ORIGIN).host],
    ['accept', '*/*'],
    ['accept-language', '*'],
    ['user-agent', 'node'],
    ['accept-encoding', 'br, gzip, deflate'],
    ['content-length', String(body.length)],
    ['content-type', 'application/json'],
    ['content-digest', createContentDigest(body)],
    ['signature-key', serializeSignatureKey('sig', { scheme: 'jwt', jwt, cache: false })],
    ...(ancestors.length === 0
      ? []
      : ([['delegation-chain', ancestors.map((link) => `"${link}"`).join(', ')]] as const)),
  ]
}

function offTheWire(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}
