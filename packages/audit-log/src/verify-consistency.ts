import { equalBytes } from '@behalf/core'
import { AuditLogError } from './error.ts'
import { EMPTY_ROOT, HASH_LENGTH, hashChildren } from './merkle-hash.ts'
import { half, isOdd, isSubtree, isTreeNumber, type LeafRange } from './tree-shape.ts'

/** A claim that a tree only grew. */
export interface ConsistencyClaim {
  /** Entries in the older tree. */
  readonly size1: number
  /** 32 bytes. */
  readonly root1: Uint8Array
  /** Entries in the newer tree. */
  readonly size2: number
  readonly root2: Uint8Array
  /** Hashes of 32 bytes, from the split of the older tree upwards. */
  readonly proof: readonly Uint8Array[]
}

/** A claim that a tree has this subtree. */
export interface SubtreeConsistencyClaim extends LeafRange {
  /** Entries in the tree. */
  readonly size: number
  /** Of the subtree, 32 bytes. */
  readonly root1: Uint8Array
  /** Of the tree. */
  readonly root2: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/**
 * The newer tree begins with every entry of the older one. Of a tree without entries there is nothing to prove: only
 * another tree without entries is consistent with it.
 *
 * @throws AuditLogError `audit_proof_invalid`
 * @see RFC 9162 section 2.1.4.2
 */
export function verifyConsistency({ size1, size2, root1, root2, proof }: ConsistencyClaim): void {
  if (size1 === 0 && size2 !== 0) throw refuse('a tree without entries proves nothing')
  if (size1 === 0 && !equalBytes(root1, root2)) throw refuse('two trees without entries have different roots')
  verifySubtreeConsistency({ start: 0, end: size1, size: size2, root1, root2, proof })
}

/**
 * The entries of the subtree are entries of the tree. A subtree without entries is part of every tree.
 *
 * @throws AuditLogError `audit_proof_invalid`
 * @see draft-ietf-plants-merkle-tree-certs section 4.4.3
 */
export function verifySubtreeConsistency(claim: SubtreeConsistencyClaim): void {
  const { start, end, size, root1, root2, proof } = claim
  if (!isTreeNumber(size) || end > size) throw refuse('the subtree is not in the tree')
  if (start === end && isTreeNumber(start)) {
    verifyEmpty(claim)
    return
  }
  if (!isSubtree(claim)) throw refuse('the range is not a subtree')
  if (!proof.every((hash) => hash.length === HASH_LENGTH)) throw refuse('a hash is not 32 bytes long')
  const reached = climb(claim)
  if (reached === undefined || !equalBytes(reached.root1, root1) || !equalBytes(reached.root2, root2)) {
    throw refuse('the proof does not lead to both roots')
  }
}

function verifyEmpty({ root1, proof }: SubtreeConsistencyClaim): void {
  if (proof.length > 0 || !equalBytes(root1, EMPTY_ROOT))
    throw refuse('a subtree without entries has another root')
}

interface Roots {
  readonly root1: Uint8Array
  readonly root2: Uint8Array
}

/** The roots that a proof leads to, or undefined when it is too short or too long. */
function climb(claim: SubtreeConsistencyClaim): Roots | undefined {
  let { first, last, top } = findSplit(claim)
  // A subtree that is one node of the tree is not repeated in the proof.
  const [begin, ...rest] = first === last ? [claim.root1, ...claim.proof] : claim.proof
  if (begin === undefined) return undefined
  let [root1, root2] = [begin, begin]
  for (const sibling of rest) {
    if (top === 0) return undefined
    if (isOdd(last) || last === top) {
      if (first < last) root1 = hashChildren(sibling, root1)
      root2 = hashChildren(sibling, root2)
      while (!isOdd(last) && last !== 0) [first, last, top] = [half(first), half(last), half(top)]
    } else {
      root2 = hashChildren(root2, sibling)
    }
    ;[first, last, top] = [half(first), half(last), half(top)]
  }
  return top === 0 ? { root1, root2 } : undefined
}

/** The lowest level at which the end of the subtree is one node of the tree, as positions in that level. */
function findSplit({ start, end, size }: SubtreeConsistencyClaim): {
  readonly first: number
  readonly last: number
  readonly top: number
} {
  let [first, last, top] = [start, end - 1, size - 1]
  const isEnd = last === top
  while (first !== last && (isEnd || isOdd(last))) [first, last, top] = [half(first), half(last), half(top)]
  return { first, last, top }
}

function refuse(message: string): AuditLogError {
  return new AuditLogError('audit_proof_invalid', `Consistency: ${message}`)
}
