import { crc32, deflateSync, gzipSync, inflateRawSync, inflateSync } from 'node:zlib'
import type { GzipBackend } from './gzip-backend.ts'

const HEADER_BYTES = 10
const TRAILER_BYTES = 8

/** The backend of Node.js, on `node:zlib`. */
export const gzip: GzipBackend = {
  compress: (bytes) => toPlainArray(gzipSync(bytes)),
  decompress(member, maxBytes) {
    const content = inflate(inflateRawSync, member.subarray(HEADER_BYTES, -TRAILER_BYTES), maxBytes)
    if (content === undefined) return undefined
    const trailer = new DataView(
      member.buffer,
      member.byteOffset + member.length - TRAILER_BYTES,
      TRAILER_BYTES,
    )
    const isIntact =
      trailer.getUint32(0, true) === crc32(content) && trailer.getUint32(4, true) === content.length
    return isIntact ? content : undefined
  },
  compressZlib: (bytes) => toPlainArray(deflateSync(bytes)),
  decompressZlib: (stream, maxBytes) => inflate(inflateSync, stream, maxBytes),
}

function inflate(
  read: typeof inflateSync,
  deflated: Uint8Array,
  maxOutputLength: number,
): Uint8Array | undefined {
  try {
    const result: unknown = read(deflated, { maxOutputLength, info: true })
    // The engine stops at the end of the first stream and says nothing about what follows.
    return isInflated(result) && result.engine.bytesWritten === deflated.length
      ? toPlainArray(result.buffer)
      : undefined
  } catch {
    return undefined
  }
}

/** The shape that `info: true` gives the result, which the published types leave out. */
function isInflated(value: unknown): value is { buffer: Uint8Array; engine: { bytesWritten: number } } {
  if (typeof value !== 'object' || value === null || !('buffer' in value) || !('engine' in value))
    return false
  const { buffer, engine } = value
  return (
    buffer instanceof Uint8Array && typeof engine === 'object' && engine !== null && 'bytesWritten' in engine
  )
}

// A Buffer's `slice` is a view, not a copy, which readers of a Uint8Array do not expect.
function toPlainArray(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
