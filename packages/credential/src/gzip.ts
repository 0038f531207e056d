import { gzip } from '#gzip'
import type { GzipBackend } from './gzip-backend.ts'

const HEADER_BYTES = 10
const TRAILER_BYTES = 8
const MAGIC = [0x1f, 0x8b, 8, 0] as const

/**
 * Returns `bytes` compressed as one gzip member without optional fields.
 * @see RFC 1952 section 2.3
 */
export function compressGzip(bytes: Uint8Array): Uint8Array {
  return gzip.compress(bytes)
}

/**
 * Returns the content of one gzip member that is all of `bytes`, or undefined for anything else: another member or
 * bytes after it, optional header fields, a checksum or length that is wrong, or content above `maxBytes`, of which no
 * more is ever held.
 * @param maxBytes of the content, at least 1
 * @param backend the runtime's unless said otherwise
 * @see RFC 1952 section 2.3
 */
export function decompressGzip(
  bytes: Uint8Array,
  maxBytes: number,
  backend: GzipBackend = gzip,
): Uint8Array | undefined {
  if (bytes.length < HEADER_BYTES + TRAILER_BYTES) return undefined
  if (!MAGIC.every((byte, index) => bytes[index] === byte)) return undefined
  return backend.decompress(bytes, maxBytes)
}

/**
 * Returns `bytes` compressed as one ZLIB stream.
 * @see RFC 1950 section 2.2
 */
export function compressZlib(bytes: Uint8Array): Uint8Array {
  return gzip.compressZlib(bytes)
}

/**
 * Returns the content of one ZLIB stream that is all of `bytes`, or undefined for anything else: bytes after it, a
 * preset dictionary, a wrong checksum, or content above `maxBytes`, of which no more is ever held.
 * @param maxBytes of the content, at least 1
 * @param backend the runtime's unless said otherwise
 * @see RFC 1950 section 2.2
 */
export function decompressZlib(
  bytes: Uint8Array,
  maxBytes: number,
  backend: GzipBackend = gzip,
): Uint8Array | undefined {
  return backend.decompressZlib(bytes, maxBytes)
}
