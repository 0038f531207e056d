import { encodeUtf8Into, sha256Base64url } from '@behalf/core'
import { MAX_CHAIN_BYTES } from './delegation.ts'

const LENGTH_BYTES = 4
// A UTF-16 unit becomes at most three bytes of UTF-8.
const MAX_BYTES_PER_UNIT = 3
// A chain is named with every request, and getting so many new bytes takes a third as long as hashing them.
const workspace = new Uint8Array(MAX_BYTES_PER_UNIT * MAX_CHAIN_BYTES + 64)

/**
 * Returns the name of a chain: the base64url SHA-256 over the bytes of its links, root first, each with its length in
 * front as four bytes, most significant first.
 * @param links compact, root first
 * @throws CoreError `encoding_malformed` for a lone surrogate
 */
export function digestDelegationChain(links: readonly string[]): string {
  const bytes = reserveBytes(links)
  const view = new DataView(bytes.buffer)
  let end = 0
  for (const link of links) {
    const length = encodeUtf8Into(link, bytes.subarray(end + LENGTH_BYTES))
    view.setUint32(end, length)
    end += LENGTH_BYTES + length
  }
  return sha256Base64url(bytes.subarray(0, end))
}

/** Bytes that are enough for the links and their lengths, whatever was in them before. */
function reserveBytes(links: readonly string[]): Uint8Array {
  let length = 0
  for (const link of links) length += LENGTH_BYTES + MAX_BYTES_PER_UNIT * link.length
  return length <= workspace.length ? workspace : new Uint8Array(length)
}
