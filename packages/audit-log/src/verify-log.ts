import { equalBytes } from '@behalf/core'
import type { Checkpoint } from './checkpoint.ts'
import { AuditLogError } from './error.ts'
import { createFrontier, type Frontier } from './frontier.ts'
import type { LogEntry } from './log-store.ts'
import { hashLeaf } from './merkle-hash.ts'
import type { ReadNodes } from './tree-proof.ts'

/** How a log is read that is checked as a whole. */
export interface VerifyLogOptions {
  /** Entries in order, from an index on; none at the end. */
  readonly readEntries: (from: number, limit: number) => Promise<readonly LogEntry[]>
  /** What the log signed, verified: nothing else is believed. */
  readonly checkpoint: Checkpoint
  /** Older checkpoints that somebody kept, verified: the log must have looked so. */
  readonly seen?: readonly Pick<Checkpoint, 'size' | 'root'>[]
  /** The tree that was stored beside the entries: with it a refusal can name the entry that was changed. */
  readonly readNodes?: ReadNodes
  /** Told now and then how many entries were checked. */
  readonly onProgress?: (checked: number) => void
}

const PAGE = 1000

/**
 * The entries are exactly those that the checkpoint speaks of, and the log looked as it was seen before: every entry
 * was hashed again.
 *
 * @returns how many entries there are
 * @throws AuditLogError `audit_gap` (an entry is missing or out of place), `audit_fork` (the log does not begin as it
 *   was seen), `audit_proof_invalid` (the entries do not make up the root)
 */
export async function verifyLog(options: VerifyLogOptions): Promise<number> {
  const { checkpoint, readEntries, onProgress } = options
  const seen = new Map((options.seen ?? []).map(({ size, root }) => [size, root]))
  if ([...seen.keys()].some((size) => size > checkpoint.size)) {
    throw new AuditLogError('audit_fork', 'The log became shorter than it was seen')
  }
  const tree = createFrontier()
  while (tree.size < checkpoint.size) {
    const page = await readEntries(tree.size, Math.min(PAGE, checkpoint.size - tree.size))
    if (page.length === 0) throw gap(tree.size)
    const stored = await readLeaves(options, page)
    for (const [place, { index, data }] of page.entries()) {
      if (index !== tree.size) throw gap(tree.size)
      const leafHash = hashLeaf(data)
      checkStored(stored?.[place], leafHash, index)
      tree.append(leafHash)
      checkSeen(tree, seen)
    }
    onProgress?.(tree.size)
  }
  if (!equalBytes(tree.root(), checkpoint.root)) {
    throw new AuditLogError(
      'audit_proof_invalid',
      'The entries are not those that the checkpoint was signed for',
    )
  }
  return tree.size
}

async function readLeaves(
  { readNodes }: VerifyLogOptions,
  page: readonly LogEntry[],
): Promise<readonly Uint8Array[] | undefined> {
  return readNodes?.(page.map(({ index }) => ({ level: 0, index })))
}

function checkStored(stored: Uint8Array | undefined, leafHash: Uint8Array, index: number): void {
  if (stored === undefined || equalBytes(stored, leafHash)) return
  throw new AuditLogError('audit_proof_invalid', 'This entry is not the one that was appended', { index })
}

function checkSeen(tree: Frontier, seen: ReadonlyMap<number, Uint8Array>): void {
  const root = seen.get(tree.size)
  if (root === undefined || equalBytes(root, tree.root())) return
  const index = tree.size - 1
  throw new AuditLogError('audit_fork', 'The log does not begin as it was seen before', { index })
}

function gap(index: number): AuditLogError {
  return new AuditLogError('audit_gap', 'An entry of the log is missing', { index })
}
