import { deflateRawSync, gzipSync } from 'node:zlib'
import { concatBytes, encodeUtf8 } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import { compressGzip, decompressGzip } from '../src/gzip.ts'
import { gzip as nodeGzip } from '../src/node-gzip.ts'
import { gzip as portableGzip } from '../src/portable-gzip.ts'

const CONTENT = encodeUtf8('The same words again and again and again.')
const packed = compressGzip(CONTENT)
const backends = [
  ['node:zlib', nodeGzip],
  ['pako', portableGzip],
] as const

/** Returns the bytes with one of them changed. */
function flip(bytes: Uint8Array, index: number): Uint8Array {
  const copy = bytes.slice()
  const position = index < 0 ? bytes.length + index : index
  copy[position] = (copy[position] ?? 0) ^ 1
  return copy
}

describe.each(backends)('decompressGzip on %s', (_, backend) => {
  const decompress = (bytes: Uint8Array, maxBytes: number): Uint8Array | undefined =>
    decompressGzip(bytes, maxBytes, backend)

  test('undoes what each backend compresses', () => {
    for (const [, other] of backends) {
      expect(decompress(other.compress(CONTENT), 1000)).toEqual(new Uint8Array(CONTENT))
      expect(decompress(other.compress(new Uint8Array()), 1)).toEqual(new Uint8Array())
    }
  })

  test('reads what others write', () => {
    expect(decompress(gzipSync(CONTENT, { level: 0 }), 1000)).toEqual(new Uint8Array(CONTENT))
    expect(decompress(gzipSync(CONTENT, { level: 1 }), 1000)).toEqual(new Uint8Array(CONTENT))
  })

  test('works inside a larger buffer', () => {
    const around = concatBytes(Uint8Array.of(1, 2, 3), packed, Uint8Array.of(4, 5))
    expect(decompress(around.subarray(3, -2), 1000)).toEqual(new Uint8Array(CONTENT))
  })

  test('holds no more than it may', () => {
    expect(decompress(packed, CONTENT.length)).toBeDefined()
    expect(decompress(packed, CONTENT.length - 1)).toBeUndefined()
    expect(decompress(compressGzip(new Uint8Array(50_000_000)), 1_048_576)).toBeUndefined()
  })

  test.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['a header alone', packed.subarray(0, 10)],
    ['less than header and trailer', packed.subarray(0, 17)],
    ['another magic number', flip(packed, 0)],
    ['another compression method', flip(packed, 2)],
    ['optional header fields', flip(packed, 3)],
    ['a wrong checksum', flip(packed, -8)],
    ['a wrong length', flip(packed, -4)],
    ['a cut end', packed.subarray(0, -1)],
    ['a cut stream', concatBytes(packed.subarray(0, 20), packed.subarray(-8))],
    ['a byte after it', concatBytes(packed, Uint8Array.of(0))],
    ['a byte before the trailer', concatBytes(packed.subarray(0, -8), Uint8Array.of(0), packed.subarray(-8))],
    ['another member after it', concatBytes(packed, packed)],
    ['an empty member after it', concatBytes(packed, compressGzip(new Uint8Array()))],
    ['a second stream before the trailer', nested()],
    ['no gzip', new Uint8Array(40).fill(7)],
    ['a bare deflate stream', deflateRawSync(CONTENT)],
  ])('refuses %s', (__, bytes) => {
    expect(decompress(bytes, 1000)).toBeUndefined()
  })
})

/** Two deflate streams under one header, and a trailer that is right for the first. */
function nested(): Uint8Array {
  return concatBytes(packed.subarray(0, -8), deflateRawSync(CONTENT), packed.subarray(-8))
}
