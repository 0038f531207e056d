import { createEd25519Signer, encodeBase64, encodeUtf8, type Signer } from '@behalf/core'
import {
  createContentDigest,
  createSignatureBase,
  DELEGATION_TAG,
  type FieldLines,
  type HttpRequestMessage,
  HttpSignatureError,
  isInnerList,
  parseDictionary,
  serializeSignatureKey,
} from '@behalf/http-signature'
import { expect } from 'vitest'

// Words with one space between them: where a part is missing, a space stands at the end or before a sign.
const SENTENCE = /^\S+(?: [^\s,.:;]\S*)+$/u

export const signer: Signer = createEd25519Signer(new Uint8Array(32).fill(7))
export const otherSigner: Signer = createEd25519Signer(new Uint8Array(32).fill(8))
export const body: Uint8Array = encodeUtf8('{"x":1}')

export const CREATED = 1_700_000_000
export const EXPIRES = 1_700_000_060
export const NONCE = 'AAECAwQFBgcICQoLDA0ODw'
export const KEYID = 'did:key:z6MkExample#z6MkExample'
export const COMPONENTS: readonly string[] = [
  '@method',
  '@target-uri',
  'content-type',
  'content-digest',
  'signature-key',
]
export const PARAMETERS: Readonly<Record<string, string>> = {
  created: `=${CREATED}`,
  expires: `=${EXPIRES}`,
  nonce: `="${NONCE}"`,
  keyid: `="${KEYID}"`,
  alg: '="ed25519"',
  tag: `="${DELEGATION_TAG}"`,
}

/** The request that every case changes in one place; unsigned. */
export const request: HttpRequestMessage = {
  kind: 'request',
  method: 'POST',
  origin: 'https://api.test',
  target: '/v1/items?b=2&a=1',
  fields: [
    ['Host', 'api.test'],
    ['Content-Type', 'application/json'],
    ['Content-Digest', createContentDigest(body)],
    ['Signature-Key', serializeSignatureKey('sig', { scheme: 'jwt', jwt: 'e30.e30.AA', cache: false })],
  ],
}

/** The text of a covered-component list. */
export function list(components: readonly string[]): string {
  return `(${components.map((name) => `"${name}"`).join(' ')})`
}

/** The text of the parameters, some of them replaced; `undefined` leaves one out. */
export function parameters(changes: Readonly<Record<string, string | undefined>> = {}): string {
  const entries = Object.entries({ ...PARAMETERS, ...changes })
  return entries.map(([name, value]) => (value === undefined ? '' : `;${name}${value}`)).join('')
}

/** A request with more fields. */
export function withFields(message: HttpRequestMessage, ...fields: FieldLines): HttpRequestMessage {
  return { ...message, fields: [...message.fields, ...fields] }
}

/** A request without some of its fields. */
export function withoutFields(message: HttpRequestMessage, ...names: readonly string[]): HttpRequestMessage {
  return { ...message, fields: message.fields.filter(([name]) => !names.includes(name.toLowerCase())) }
}

/** The request with a genuine signature under exactly this text of a `Signature-Input` member. */
export async function signAs(
  input: string,
  message: HttpRequestMessage = request,
  label = 'sig',
): Promise<HttpRequestMessage> {
  const signature = encodeBase64(await signer.sign(encodeUtf8(baseOf(input, message))))
  return withFields(
    message,
    ['Signature-Input', `${label}=${input}`],
    ['Signature', `${label}=:${signature}:`],
  )
}

/** The fully signed request, some parameters or the component list replaced. */
export async function signed(
  changes: Readonly<Record<string, string | undefined>> = {},
  components: string = list(COMPONENTS),
): Promise<HttpRequestMessage> {
  return signAs(components + parameters(changes))
}

/** The code of the refusal, `ok` without one; any other error is a failure of the test. */
export function codeOf(action: () => unknown): string {
  return refusalOf(action)?.code ?? 'ok'
}

/** Asserts that `action` throws a TypeError that says why in words: the mistake is the caller's. */
export function expectMistake(action: () => unknown): void {
  expect(action).toThrow(TypeError)
  expect(action).toThrow(SENTENCE)
}

/** The refusal, which says why in words; `undefined` without one; any other error is a failure of the test. */
export function refusalOf(action: () => unknown): HttpSignatureError | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    if (!(error instanceof HttpSignatureError)) throw error
    expect(error.message).toMatch(SENTENCE)
    return error
  }
}

/** What such an input signs. A message for which no base exists is signed over nothing: it is refused before. */
function baseOf(input: string, message: HttpRequestMessage): string {
  try {
    const [member] = parseDictionary(`x=${input}`).members.values()
    if (member === undefined || !isInnerList(member)) return ''
    return createSignatureBase(message, { components: member.items, params: member.params })
  } catch {
    return ''
  }
}
