import { encodeBase64url, encodeUtf8 } from '@behalf/core'
import {
  createContentDigest,
  DELEGATION_TAG,
  type FieldLines,
  serializeSignatureKey,
  signMessage,
} from '@behalf/http-signature'
import type { IncomingRequest } from '../../src/index.ts'
import { agentC, type Party } from './agents.ts'
import { NOW } from './chain.ts'

let nonces = 0

/** A nonce that no other request of this process has. */
export function freshNonce(): string {
  nonces += 1
  const bytes = new Uint8Array(16)
  new DataView(bytes.buffer).setUint32(0, nonces)
  return encodeBase64url(bytes)
}

/** What a test changes in the baseline request before it is signed. */
export interface RequestChanges {
  readonly method?: string
  readonly origin?: string
  readonly target?: string
  readonly body?: string
  readonly signer?: Party
  readonly keyid?: string
  readonly components?: readonly string[]
  readonly created?: number
  readonly expires?: number
  readonly nonce?: string
  readonly tag?: string
  readonly signatureKey?: string
  /** Lines added before signing. */
  readonly headers?: FieldLines
  /** Names of the baseline left out before signing. */
  readonly without?: readonly string[]
}

/**
 * The baseline request: POST https://api.test/v1/items?b=2&a=1 with a JSON body, a chain of three, signed by agent C.
 *
 * @param links of the chain, root first
 */
export async function makeRequest(
  links: readonly string[],
  changes: RequestChanges = {},
): Promise<IncomingRequest & { readonly body: Uint8Array }> {
  const { method = 'POST', origin = 'https://api.test', target = '/v1/items?b=2&a=1' } = changes
  const body = encodeUtf8(changes.body ?? '{"x":1}')
  const fields = createFields(links, { ...changes, origin }, body)
  const { signer = agentC, tag = DELEGATION_TAG } = changes
  const created = changes.created ?? NOW / 1000
  const { signatureInput, signature } = await signMessage(
    { kind: 'request', method, origin, target, fields },
    {
      signer: signer.signer,
      label: 'sig',
      components: changes.components ?? coverable(fields),
      created,
      expires: changes.expires ?? created + 60,
      nonce: changes.nonce ?? freshNonce(),
      keyid: changes.keyid ?? signer.kid,
      alg: 'ed25519',
      tag,
    },
  )
  const headers: FieldLines = [...fields, ['Signature-Input', signatureInput], ['Signature', signature]]
  return { method, target, headers, body }
}

function createFields(links: readonly string[], changes: RequestChanges, body: Uint8Array): FieldLines {
  const ancestors = links.slice(0, -1)
  const jwt = links.at(-1) ?? ''
  const key = changes.signatureKey ?? serializeSignatureKey('sig', { scheme: 'jwt', jwt, cache: false })
  const lines: [name: string, value: string][] = [
    ['Host', new URL(changes.origin ?? '').host],
    ['Content-Length', String(body.length)],
    ['Signature-Key', key],
  ]
  if (body.length > 0)
    lines.push(['Content-Type', 'application/json'], ['Content-Digest', createContentDigest(body)])
  if (ancestors.length > 0) lines.push(['Delegation-Chain', ancestors.map((link) => `"${link}"`).join(', ')])
  const left = changes.without?.map((name) => name.toLowerCase()) ?? []
  return [...lines.filter(([name]) => !left.includes(name.toLowerCase())), ...(changes.headers ?? [])]
}

function coverable(fields: FieldLines): readonly string[] {
  const names = fields.map(([name]) => name.toLowerCase())
  const sent = [
    'content-type',
    'content-digest',
    'signature-key',
    'agent-context',
    'approval-evidence',
  ].filter((name) => names.includes(name))
  return ['@method', '@target-uri', ...sent]
}

/** The request with lines added after signing, as somebody on the way would. */
export function addLines(request: IncomingRequest, ...lines: FieldLines): IncomingRequest {
  return { ...request, headers: [...request.headers, ...lines] }
}

/** The request with the value of one header replaced after signing. */
export function replaceLine(request: IncomingRequest, name: string, value: string): IncomingRequest {
  const headers = request.headers.map(
    (line) => (line[0].toLowerCase() === name ? [line[0], value] : line) as [string, string],
  )
  return { ...request, headers }
}

/** The request with one header removed after signing. */
export function dropLine(request: IncomingRequest, name: string): IncomingRequest {
  return { ...request, headers: request.headers.filter(([key]) => key.toLowerCase() !== name) }
}
