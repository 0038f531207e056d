import { equalBytes } from '@behalf/core'
import { AuditLogError } from './error.ts'
import { HASH_LENGTH, hashChildren } from './merkle-hash.ts'
import { half, isOdd, isSubtree, isTreeNumber, type LeafRange } from './tree-shape.ts'

/** A claim that an entry stands in a tree. */
export interface InclusionClaim {
  /** From 0. */
  readonly index: number
  /** Entries in the tree. */
  readonly size: number
  /** 32 bytes, see `hashLeaf`. */
  readonly leafHash: Uint8Array
  /** Hashes of 32 bytes, from the leaf upwards. */
  readonly proof: readonly Uint8Array[]
  /** 32 bytes, from a checkpoint that was verified. */
  readonly root: Uint8Array
}

/** The same claim about a subtree. */
export interface SubtreeInclusionClaim extends Omit<InclusionClaim, 'size'>, LeafRange {}

/**
 * The entry is at this index of the tree with this root.
 *
 * @throws AuditLogError `audit_proof_invalid`
 * @see RFC 9162 section 2.1.3.2
 */
export function verifyInclusion({ size, ...claim }: InclusionClaim): void {
  verifySubtreeInclusion({ ...claim, start: 0, end: size })
}

/**
 * The entry is at this index of the log, within the subtree that has this root.
 *
 * @throws AuditLogError `audit_proof_invalid`
 * @see draft-ietf-plants-merkle-tree-certs section 4.3.2
 */
export function verifySubtreeInclusion(claim: SubtreeInclusionClaim): void {
  const { index, start, end, leafHash, proof, root } = claim
  const isPlaced = isTreeNumber(index) && isSubtree(claim) && index >= start && index < end
  if (!isPlaced) throw refuse(index, 'the entry is outside of the tree')
  if (![leafHash, root, ...proof].every((hash) => hash.length === HASH_LENGTH)) {
    throw refuse(index, 'a hash is not 32 bytes long')
  }
  const reached = climb({ index: index - start, last: end - start - 1, leafHash, proof })
  if (reached === undefined || !equalBytes(reached, root)) {
    throw refuse(index, 'the proof does not lead to the root')
  }
}

/** The root that a path leads to, or undefined when it is too short or too long for the tree. */
function climb(path: {
  readonly index: number
  readonly last: number
  readonly leafHash: Uint8Array
  readonly proof: readonly Uint8Array[]
}): Uint8Array | undefined {
  let { index, last, leafHash: reached } = path
  for (const sibling of path.proof) {
    if (last === 0) return undefined
    if (isOdd(index) || index === last) {
      reached = hashChildren(sibling, reached)
      // A last node without a sibling moves up unchanged.
      while (!isOdd(index) && index !== 0) {
        index = half(index)
        last = half(last)
      }
    } else {
      reached = hashChildren(reached, sibling)
    }
    index = half(index)
    last = half(last)
  }
  return last === 0 ? reached : undefined
}

function refuse(index: number, message: string): AuditLogError {
  return new AuditLogError('audit_proof_invalid', `Inclusion: ${message}`, { index })
}
