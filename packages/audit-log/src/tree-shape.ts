/** Entries from `start` up to, not including, `end`. */
export interface LeafRange {
  readonly start: number
  readonly end: number
}

/** One node over a complete subtree: 2^level entries from index·2^level on. A leaf is at level 0. */
export interface NodePosition {
  readonly level: number
  readonly index: number
}

/** Whether a number may be a size or an index: sizes beyond 2^53 - 1 are refused rather than rounded. */
export function isTreeNumber(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

/** The greatest power of two smaller than a size above 1: where its tree is split. @see RFC 9162 section 2.1.1 */
export function splitOf(size: number): number {
  let split = 1
  while (split * 2 < size) split *= 2
  return split
}

/**
 * Whether a range is a subtree of every tree that reaches its end: it begins at a multiple of its size rounded up to
 * a power of two.
 *
 * @see draft-ietf-plants-merkle-tree-certs section 4.1
 */
export function isSubtree({ start, end }: LeafRange): boolean {
  if (!isTreeNumber(start) || !isTreeNumber(end) || start >= end) return false
  let width = 1
  while (width < end - start) width *= 2
  return start % width === 0
}

/** Whether a number is odd, beyond 32 bits too. */
export function isOdd(value: number): boolean {
  return value % 2 === 1
}

/** A number without its last bit, beyond 32 bits too. */
export function half(value: number): number {
  return Math.floor(value / 2)
}
