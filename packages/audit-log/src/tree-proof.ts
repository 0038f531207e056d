import { AuditLogError } from './error.ts'
import { hashChildren } from './merkle-hash.ts'
import { isTreeNumber, type LeafRange, type NodePosition, splitOf } from './tree-shape.ts'

/**
 * Returns the hashes of complete nodes, in the order of the positions.
 *
 * @throws when one of them is missing
 */
export type ReadNodes = (positions: readonly NodePosition[]) => Promise<readonly Uint8Array[]>

/**
 * Returns the hashes that lead from an entry to the root of the tree of a size, from the leaf upwards.
 *
 * @param of.index - of the entry, below `size`
 * @param of.size - of the tree, at most what the log holds
 * @throws AuditLogError `audit_gap` when there is no such entry
 * @see RFC 9162 section 2.1.3.1
 */
export function proveInclusion(
  of: { readonly index: number; readonly size: number },
  readNodes: ReadNodes,
): Promise<readonly Uint8Array[]> {
  const { index, size } = of
  if (!isTreeNumber(size) || !isTreeNumber(index) || index >= size) {
    throw new AuditLogError('audit_gap', 'There is no entry of this index in a tree of this size', { index })
  }
  return hashRanges(pathTo(index, { start: 0, end: size }), readNodes)
}

/**
 * Returns the hashes that show that a tree began as an older one.
 *
 * @param of.size1 - of the older tree; 0 gives an empty proof
 * @param of.size2 - of the newer tree, at most what the log holds
 * @throws AuditLogError `audit_gap` when the older tree is larger than the newer one
 * @see RFC 9162 section 2.1.4.1
 */
export function proveConsistency(
  of: { readonly size1: number; readonly size2: number },
  readNodes: ReadNodes,
): Promise<readonly Uint8Array[]> {
  const { size1, size2 } = of
  if (!isTreeNumber(size1) || !isTreeNumber(size2) || size1 > size2) {
    throw new AuditLogError('audit_gap', 'There is no such tree within a tree of this size')
  }
  const isTrivial = size1 === 0 || size1 === size2
  return hashRanges(isTrivial ? [] : subProof(size1, { start: 0, end: size2 }, true), readNodes)
}

/** The subtrees beside the path from a root to an entry, the lowest first. */
function pathTo(index: number, { start, end }: LeafRange): readonly LeafRange[] {
  if (end - start === 1) return []
  const middle = start + splitOf(end - start)
  const [left, right] = [
    { start, end: middle },
    { start: middle, end },
  ]
  return index < middle ? [...pathTo(index, left), right] : [...pathTo(index, right), left]
}

/** `SUBPROOF` of the RFC: what shows that the tree over a range began as the one over its first entries. */
function subProof(end1: number, { start, end }: LeafRange, isWhole: boolean): readonly LeafRange[] {
  if (end1 === end) return isWhole ? [] : [{ start, end }]
  const middle = start + splitOf(end - start)
  const [left, right] = [
    { start, end: middle },
    { start: middle, end },
  ]
  return end1 <= middle ? [...subProof(end1, left, isWhole), right] : [...subProof(end1, right, false), left]
}

async function hashRanges(
  ranges: readonly LeafRange[],
  readNodes: ReadNodes,
): Promise<readonly Uint8Array[]> {
  const parts = ranges.map(completeNodes)
  const hashes = await readNodes(parts.flat())
  let used = 0
  return parts.map((positions) => {
    const own = hashes.slice(used, used + positions.length)
    used += positions.length
    return own.reduceRight((right, left) => hashChildren(left, right))
  })
}

/** The complete nodes that a range consists of; they become smaller from left to right. */
function completeNodes({ start, end }: LeafRange): readonly NodePosition[] {
  const positions: NodePosition[] = []
  for (let from = start; from < end; ) {
    let [width, level] = [1, 0]
    while (from + width * 2 <= end && from % (width * 2) === 0) [width, level] = [width * 2, level + 1]
    positions.push({ level, index: from / width })
    from += width
  }
  return positions
}
