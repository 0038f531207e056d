import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createEd25519Signer, decodeBase64url, encodeUtf8, verifyEd25519 } from '@behalf/core'
import {
  createSignatureBase,
  type HttpMessage,
  isInnerList,
  parseDictionary,
  type SfInnerList,
  verifyContentDigest,
} from '@behalf/http-signature'
import { expect, test } from 'vitest'
import { describeNeeding, vectorsFolder } from '../support/needs.ts'

interface VectorMessage {
  readonly method?: string
  readonly target?: string
  readonly scheme?: string
  readonly status?: number
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
}

interface VectorCase {
  readonly name: string
  readonly alg: string
  readonly message: string
  readonly signature_base: string
  readonly signature_input: string
  readonly signature: string
  readonly valid: boolean
}

interface Vectors {
  readonly keys: { readonly 'test-key-ed25519': { readonly d: string; readonly x: string } }
  readonly messages: Readonly<Record<string, VectorMessage>>
  readonly cases: readonly VectorCase[]
}

describeNeeding('vectors', 'RFC 9421 Appendix B', () => {
  test('there are 13 cases, 7 of them signed with Ed25519', () => {
    const { cases } = readVectors()
    expect(cases.length).toBe(13)
    expect(cases.filter(({ alg }) => alg === 'ed25519').length).toBe(7)
  })

  test('every signature base is built byte for byte; a message changed in meaning yields another one', () => {
    const { cases, messages } = readVectors()
    for (const vector of cases) {
      const base = createSignatureBase(toMessage(messages[vector.message]), readInput(vector))
      expect([vector.name, base === vector.signature_base]).toEqual([vector.name, vector.valid])
      if (vector.valid) expect(base).toBe(vector.signature_base)
    }
  })

  test('every Ed25519 signature verifies over its base, and over no other', () => {
    const { cases, messages, keys } = readVectors()
    const publicKey = decodeBase64url(keys['test-key-ed25519'].x)
    for (const vector of cases.filter(({ alg }) => alg === 'ed25519')) {
      const base = createSignatureBase(toMessage(messages[vector.message]), readInput(vector))
      const verdict = verifyEd25519(publicKey, encodeUtf8(base), readSignatureBytes(vector))
      expect([vector.name, verdict]).toEqual([vector.name, vector.valid])
    }
  })

  test('signing the base of B.2.6 yields the published signature', async () => {
    const { cases, messages, keys } = readVectors()
    const vector = cases.find(({ name }) => name.startsWith('B.2.6'))
    if (vector === undefined) throw new Error('B.2.6 is not among the vectors')
    const signer = createEd25519Signer(decodeBase64url(keys['test-key-ed25519'].d))
    const base = createSignatureBase(toMessage(messages[vector.message]), readInput(vector))
    expect(await signer.sign(encodeUtf8(base))).toEqual(readSignatureBytes(vector))
    expect(signer.publicKey).toEqual(decodeBase64url(keys['test-key-ed25519'].x))
  })

  test('the digests in the messages match their bodies', () => {
    const { messages } = readVectors()
    for (const name of ['test-request', 'test-response']) {
      const message = messages[name]
      if (message === undefined) throw new Error(`no message ${name}`)
      expect(() => verifyContentDigest(message.headers, encodeUtf8(message.body))).not.toThrow()
      expect(() => verifyContentDigest(message.headers, encodeUtf8(`${message.body} `))).toThrow('digested')
    }
  })
})

function readVectors(): Vectors {
  return JSON.parse(readFileSync(join(vectorsFolder(), 'rfc9421', 'rfc9421_appendix_b.json'), 'utf8'))
}

function toMessage(message: VectorMessage | undefined): HttpMessage {
  if (message === undefined) throw new Error('a case names a message that is not there')
  const { status, method, target, scheme, headers } = message
  if (status !== undefined) return { kind: 'response', status, fields: headers }
  const host = headers.find(([name]) => name === 'Host')?.[1]
  if (method === undefined || target === undefined || scheme === undefined || host === undefined) {
    throw new Error('a request lacks its control data')
  }
  return { kind: 'request', method, origin: `${scheme}://${host}`, target, fields: headers }
}

function readInput(vector: VectorCase): { components: SfInnerList['items']; params: SfInnerList['params'] } {
  const [member] = parseDictionary(vector.signature_input).members.values()
  if (member === undefined || !isInnerList(member)) throw new Error('not a Signature-Input')
  return { components: member.items, params: member.params }
}

function readSignatureBytes(vector: VectorCase): Uint8Array {
  const [member] = parseDictionary(vector.signature).members.values()
  if (member === undefined || isInnerList(member) || member.value.type !== 'byte-sequence') {
    throw new Error('not a Signature')
  }
  return member.value.value
}
