import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeUtf8 } from '@behalf/core'
import { createContentDigest, type FieldLines, verifyContentDigest } from '@behalf/http-signature'
import { expect, test } from 'vitest'
import { describeNeeding, vectorsFolder } from '../support/needs.ts'

interface DigestVector {
  readonly name: string
  readonly content: string
  readonly 'content-digest'?: Readonly<Record<string, string>>
  readonly 'repr-digest-sent'?: Readonly<Record<string, string>>
  readonly valid?: boolean
}

describeNeeding('vectors', 'RFC 9530 digests', () => {
  test('every digest of the seven rows has its published verdict, alone and together', () => {
    const vectors = readVectors()
    expect(vectors.length).toBe(7)
    for (const vector of vectors) {
      const digests = Object.entries(digestsOf(vector))
      for (const digest of digests) expect([vector.name, verdict([digest], vector)]).toEqual(expected(vector))
      expect([vector.name, verdict(digests, vector)]).toEqual(expected(vector))
    }
  })

  test('a body that differs in one byte has none of the digests', () => {
    for (const vector of readVectors()) {
      const changed = { ...vector, content: `${vector.content}x` }
      const verdicts = Object.entries(digestsOf(vector)).map((digest) => verdict([digest], changed))
      expect([vector.name, new Set(verdicts)]).toEqual([vector.name, new Set(['digest_mismatch'])])
    }
  })

  test('the digest we send is the published one', () => {
    for (const vector of readVectors()) {
      const published = digestsOf(vector)['sha-256']
      if (published === undefined || vector.valid === false) continue
      expect(createContentDigest(encodeUtf8(vector.content))).toBe(`sha-256=:${published}:`)
    }
  })
})

function expected(vector: DigestVector): [name: string, verdict: string] {
  return [vector.name, vector.valid === false ? 'digest_mismatch' : 'ok']
}

function verdict(digests: readonly (readonly [string, string])[], vector: DigestVector): string {
  const value = digests.map(([algorithm, digest]) => `${algorithm}=:${digest}:`).join(', ')
  const fields: FieldLines = [['Content-Digest', value]]
  try {
    verifyContentDigest(fields, encodeUtf8(vector.content))
    return 'ok'
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'no code'
  }
}

function digestsOf(vector: DigestVector): Readonly<Record<string, string>> {
  return vector['content-digest'] ?? vector['repr-digest-sent'] ?? {}
}

function readVectors(): DigestVector[] {
  return JSON.parse(readFileSync(join(vectorsFolder(), 'rfc9421', 'rfc9530_digests.json'), 'utf8'))
}
