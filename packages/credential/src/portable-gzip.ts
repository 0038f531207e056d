import { concatBytes } from '@behalf/core'
import { deflate, Inflate, gzip as pakoGzip } from 'pako'
import type { GzipBackend } from './gzip-backend.ts'

// Above 15, the size of the window, this asks for the wrapper of gzip and nothing else.
const GZIP_ONLY = 31
const ZLIB_ONLY = 15
const CHUNK_BYTES = 65_536

/** The backend of runtimes without `node:zlib`: slower, with the same verdicts. */
export const gzip: GzipBackend = {
  compress: (bytes) => pakoGzip(bytes),
  decompress: (member, maxBytes) => decompress(GZIP_ONLY, member, maxBytes),
  compressZlib: (bytes) => deflate(bytes),
  decompressZlib: (stream, maxBytes) => decompress(ZLIB_ONLY, stream, maxBytes),
}

function decompress(windowBits: number, member: Uint8Array, maxBytes: number): Uint8Array | undefined {
  const chunks: Uint8Array[] = []
  let length = 0
  let readBytes = (): number => 0
  const inflator = new Inflate({ windowBits, chunkSize: CHUNK_BYTES })
  inflator.onStart = (stream) => {
    readBytes = () => stream.total_in
  }
  inflator.onData = (chunk) => {
    length += chunk.length
    if (length > maxBytes) throw new RangeError('The content is too long')
    chunks.push(chunk)
  }
  // It reads further members, too, counts each from 0, and stops before zeros.
  return isRead(inflator, member) && readBytes() === member.length ? concatBytes(...chunks) : undefined
}

function isRead(inflator: Inflate, member: Uint8Array): boolean {
  try {
    return inflator.push(member, true)
  } catch {
    return false
  }
}
