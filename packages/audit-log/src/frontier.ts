import { EMPTY_ROOT, hashChildren } from './merkle-hash.ts'
import { half, isOdd, type NodePosition } from './tree-shape.ts'

/** A node that became complete. */
export interface TreeNode extends NodePosition {
  /** 32 bytes. */
  readonly hash: Uint8Array
}

/** The right edge of a tree: as much as is needed to let it grow, one hash for each bit of its size. */
export interface Frontier {
  /** Entries so far. */
  readonly size: number
  /**
   * The tree has one more entry.
   *
   * @param leafHash - 32 bytes
   * @returns the nodes that are complete by now, the leaf first
   */
  append(leafHash: Uint8Array): readonly TreeNode[]
  /** The root of the tree as it is. */
  root(): Uint8Array
  /** Another frontier at the same size. */
  copy(): Frontier
}

/** The nodes of which a frontier of this size consists, the widest first. */
export function frontierOf(size: number): readonly NodePosition[] {
  const positions: NodePosition[] = []
  for (let level = 0, rest = size; rest > 0; level += 1, rest = half(rest)) {
    if (isOdd(rest)) positions.unshift({ level, index: rest - 1 })
  }
  return positions
}

/**
 * Returns the frontier of a tree.
 *
 * @param size - entries in the tree
 * @param hashes - of the nodes that `frontierOf(size)` names, in that order
 * @throws TypeError when there are more or fewer of them
 */
export function createFrontier(size = 0, hashes: readonly Uint8Array[] = []): Frontier {
  if (hashes.length !== frontierOf(size).length)
    throw new TypeError('The hashes do not make up a tree of this size')
  return growing(size, [...hashes])
}

function growing(start: number, edge: Uint8Array[]): Frontier {
  let size = start
  return {
    get size(): number {
      return size
    },
    append(leafHash) {
      const nodes: TreeNode[] = [{ level: 0, index: size, hash: leafHash }]
      let hash = leafHash
      for (let level = 1, rest = size; isOdd(rest); level += 1) {
        rest = half(rest)
        hash = hashChildren(edge.pop() ?? hash, hash)
        nodes.push({ level, index: rest, hash })
      }
      edge.push(hash)
      size += 1
      return nodes
    },
    root: () => edge.reduceRight<Uint8Array | undefined>(joinLeft, undefined) ?? EMPTY_ROOT,
    copy: () => growing(size, [...edge]),
  }
}

function joinLeft(right: Uint8Array | undefined, left: Uint8Array): Uint8Array {
  return right === undefined ? left : hashChildren(left, right)
}
