import {
  createEd25519Signer,
  encodeBase64url,
  encodeEd25519Jwk,
  encodeUtf8,
  type Signer,
  verifyEd25519,
} from '@behalf/core'
import {
  createContentDigest,
  createSignatureBase,
  type FieldLines,
  type HttpRequestMessage,
  isInnerList,
  KEY_TAG,
  parseAcceptSignature,
  parseDictionary,
  parseSignatureError,
  parseSignatureKey,
  readSignature,
  type SfMember,
  type SignatureKey,
  serializeAcceptSignature,
  serializeSignatureError,
  serializeSignatureKey,
  signMessage,
  verifyContentDigest,
} from '@behalf/http-signature'
import * as httpsig from '@hellocoop/httpsig'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

// The peer reads the machine's clock, so the clock is stopped at the time of our signatures.
const CREATED = 1_700_000_000
const seed = new Uint8Array(32).fill(7)
const signer: Signer = createEd25519Signer(seed)
const privateJwk = { ...encodeEd25519Jwk(signer.publicKey), d: encodeBase64url(seed) }
const body = '{"x":1}'
const url = 'https://api.test/v1/items?b=2&a=1'

beforeEach(() => {
  vi.useFakeTimers({ now: CREATED * 1000, toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

describe('our requests verify with @hellocoop/httpsig', () => {
  const required = ['@method', '@target-uri', 'signature-key']

  // The peer spells @query without its question mark, against RFC 9421 section 2.2.7, so @query is not among these.
  test.each([
    ['the least we sign', required, undefined],
    ['with a body', [...required, 'content-type', 'content-digest'], body],
    [
      'with everything both know',
      [...required, '@authority', '@path', '@scheme', '@request-target'],
      undefined,
    ],
  ])('scheme hwk, %s', async (_, components, text) => {
    const result = await verifyByPeer(
      await signedRequest({ scheme: 'hwk', publicKey: signer.publicKey }, components, text),
      text,
    )
    expect(result).toMatchObject({ verified: true, label: 'sig', keyType: 'hwk', created: CREATED })
    expect(result.publicKey).toEqual(encodeEd25519Jwk(signer.publicKey))
  })

  test('scheme jwt: the key is the one the credential confirms', async () => {
    const request = await signedRequest({ scheme: 'jwt', jwt: confirmingJwt(), cache: false }, required)
    expect(await verifyByPeer(request)).toMatchObject({ verified: true, keyType: 'jwt' })
  })

  test('and do not verify after a change', async () => {
    const request = await signedRequest(
      { scheme: 'hwk', publicKey: signer.publicKey },
      [...required, 'content-digest'],
      body,
    )
    expect((await verifyByPeer({ ...request, method: 'PUT' }, body)).verified).toBe(false)
    expect((await verifyByPeer({ ...request, target: '/v1/items?b=2' }, body)).verified).toBe(false)
    expect((await verifyByPeer(request, `${body} `)).verified).toBe(false)
  })
})

describe('requests of @hellocoop/httpsig verify with us', () => {
  const components = ['@method', '@target-uri', '@authority', '@path', '@scheme', 'signature-key']

  test.each([
    ['GET', undefined],
    ['POST', body],
  ])('scheme hwk, %s', async (method, text) => {
    const request = await signedByPeer({ type: 'hwk' }, method, components, text)
    const key = parseSignatureKey(request.fields, 'sig')
    if (key.scheme !== 'hwk') throw new Error('another scheme')
    expect(key.publicKey).toEqual(signer.publicKey)
    expect(verifyPeerSignature(request, key.publicKey)).toBe(true)
    expect(verifyPeerSignature({ ...request, target: '/other' }, key.publicKey)).toBe(false)
    expect(() => verifyContentDigest(request.fields, encodeUtf8(text ?? ''))).not.toThrow()
  })

  test('scheme jwt', async () => {
    const jwt = confirmingJwt()
    const request = await signedByPeer({ type: 'jwt', jwt }, 'GET', components)
    expect(parseSignatureKey(request.fields, 'sig')).toEqual({ scheme: 'jwt', jwt, cache: false })
    expect(verifyPeerSignature(request, signer.publicKey)).toBe(true)
  })

  test('but our profile wants more than they sign: a tag, an end, a nonce', async () => {
    const request = await signedByPeer({ type: 'hwk' }, 'GET', components)
    expect(() => readSignature(request, { tag: KEY_TAG, hasBody: false })).toThrow('without tag')
  })
})

describe('the fields beside the signature mean the same to both', () => {
  test('Signature-Error', () => {
    const ours = serializeSignatureError('invalid_input', { requiredInput: ['@method', 'signature-key'] })
    const theirs = httpsig.generateSignatureErrorHeader({
      error: 'invalid_input',
      required_input: ['@method', 'signature-key'],
    })
    expect(ours).toBe(theirs)
    expect(httpsig.parseSignatureError(ours)).toEqual({
      error: 'invalid_input',
      required_input: ['@method', 'signature-key'],
    })
    expect(parseSignatureError(theirs).requiredInput).toEqual(['@method', 'signature-key'])
  })

  test('Accept-Signature', () => {
    const components = ['@method', '@target-uri', 'signature-key']
    const ours = serializeAcceptSignature({ label: 'sig', components, tag: KEY_TAG })
    expect(httpsig.parseAcceptSignature(ours)).toEqual({ label: 'sig', components, tag: KEY_TAG })
    const theirs = httpsig.generateAcceptSignatureHeader({ label: 'sig', components, tag: KEY_TAG })
    expect(parseAcceptSignature(theirs)[0]).toMatchObject({ label: 'sig', components })
  })
})

async function signedRequest(
  key: SignatureKey,
  components: readonly string[],
  text?: string,
): Promise<HttpRequestMessage> {
  const fields: [string, string][] = [['Signature-Key', serializeSignatureKey('sig', key)]]
  if (text !== undefined) {
    fields.push(
      ['Content-Type', 'application/json'],
      ['Content-Digest', createContentDigest(encodeUtf8(text))],
    )
  }
  const request: HttpRequestMessage = {
    kind: 'request',
    method: text === undefined ? 'GET' : 'POST',
    origin: 'https://api.test',
    target: '/v1/items?b=2&a=1',
    fields,
  }
  const { signatureInput, signature } = await signMessage(request, {
    signer,
    label: 'sig',
    components,
    created: CREATED,
    expires: CREATED + 60,
    nonce: 'AAECAwQFBgcICQoLDA0ODw',
    keyid: 'did:key:z6MkExample#z6MkExample',
    tag: KEY_TAG,
  })
  return { ...request, fields: [...fields, ['Signature-Input', signatureInput], ['Signature', signature]] }
}

async function verifyByPeer(request: HttpRequestMessage, text?: string): Promise<httpsig.VerificationResult> {
  const [path = '', query] = request.target.split('?')
  return httpsig.verify({
    method: request.method,
    authority: 'api.test',
    path,
    ...(query === undefined ? {} : { query }),
    headers: Object.fromEntries(request.fields),
    ...(text === undefined ? {} : { body: text }),
  })
}

async function signedByPeer(
  signatureKey: httpsig.SignatureKeyType,
  method: string,
  components: readonly string[],
  text?: string,
): Promise<HttpRequestMessage> {
  const sent = await httpsig.fetch(url, {
    method,
    signingKey: privateJwk,
    signatureKey,
    components: [...components],
    dryRun: true,
    ...(text === undefined ? {} : { body: text }),
  })
  if (!('headers' in sent)) throw new Error('no headers')
  const fields: FieldLines = [...sent.headers]
  return { kind: 'request', method, origin: 'https://api.test', target: '/v1/items?b=2&a=1', fields }
}

/** Their requests carry `created` alone, so they are held against RFC 9421 and not against our profile. */
function verifyPeerSignature(request: HttpRequestMessage, publicKey: Uint8Array): boolean {
  const input = memberOf(request.fields, 'signature-input')
  const signature = memberOf(request.fields, 'signature')
  if (!isInnerList(input) || isInnerList(signature) || signature.value.type !== 'byte-sequence') {
    throw new Error('not a signature')
  }
  const base = createSignatureBase(request, { components: input.items, params: input.params })
  return verifyEd25519(publicKey, encodeUtf8(base), signature.value.value)
}

function memberOf(fields: FieldLines, name: string): SfMember {
  const value = fields.find(([key]) => key === name)?.[1]
  const member = parseDictionary(value ?? '').members.get('sig')
  if (member === undefined) throw new Error(`no ${name}`)
  return member
}

/** A credential that confirms our key. Neither side checks its issuer's signature here. */
function confirmingJwt(): string {
  const encode = (value: object): string => encodeBase64url(encodeUtf8(JSON.stringify(value)))
  const payload = { exp: CREATED + 600, iat: CREATED, cnf: { jwk: encodeEd25519Jwk(signer.publicKey) } }
  return `${encode({ alg: 'EdDSA', typ: 'vc+jwt' })}.${encode(payload)}.${encodeBase64url(new Uint8Array(64))}`
}
