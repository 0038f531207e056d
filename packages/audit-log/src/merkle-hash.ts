import { sha256 } from '@behalf/core'

/** Bytes of every hash in the tree. */
export const HASH_LENGTH = 32
const LEAF_PREFIX = 0x00
const NODE_PREFIX = 0x01

/** The root of a tree without entries: SHA-256 of nothing. @see RFC 9162 section 2.1.1 */
export const EMPTY_ROOT: Uint8Array = sha256(new Uint8Array())

/**
 * Returns the hash of an entry. The prefix keeps entries apart from inner nodes, whatever their bytes are.
 *
 * @param entry - any bytes
 * @see RFC 9162 section 2.1.1
 */
export function hashLeaf(entry: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + entry.length)
  input[0] = LEAF_PREFIX
  input.set(entry, 1)
  return sha256(input)
}

/**
 * Returns the hash of the node above two others.
 *
 * @param left - 32 bytes
 * @param right - 32 bytes
 * @see RFC 9162 section 2.1.1
 */
export function hashChildren(left: Uint8Array, right: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + left.length + right.length)
  input[0] = NODE_PREFIX
  input.set(left, 1)
  input.set(right, 1 + left.length)
  return sha256(input)
}
