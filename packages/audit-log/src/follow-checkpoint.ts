import { equalBytes } from '@behalf/core'
import { type VerifiedCheckpoint, verifyCheckpoint } from './checkpoint.ts'
import { AuditLogError } from './error.ts'
import { EMPTY_ROOT } from './merkle-hash.ts'
import type { NoteKey } from './signed-note.ts'
import { verifyConsistency } from './verify-consistency.ts'

/** What somebody who watches a log remembers of it. */
export interface SeenTree {
  readonly size: number
  /** 32 bytes. */
  readonly root: Uint8Array
}

/** What a log shows to be believed. */
export interface ShownTree {
  /** A checkpoint as it was sent. */
  readonly checkpoint: string
  /** From the size that was seen to the new one. */
  readonly proof: readonly Uint8Array[]
}

/** Of a log that was never looked at. */
export const NOTHING_SEEN: SeenTree = { size: 0, root: EMPTY_ROOT }

/**
 * The log still says everything it said before, and perhaps more. Whoever saw it so may sign the checkpoint.
 *
 * @param seen - what was returned the last time, or `NOTHING_SEEN`
 * @returns the new checkpoint, verified
 * @throws AuditLogError `audit_proof_invalid` (the signature), `audit_fork` (a smaller tree, or another one than was
 *   seen: both notes together are the proof of it)
 */
export function followCheckpoint(seen: SeenTree, shown: ShownTree, key: NoteKey): VerifiedCheckpoint {
  const checkpoint = verifyCheckpoint(shown.checkpoint, key)
  const { size, root } = checkpoint
  if (size < seen.size) throw fork('The log became shorter')
  if (size === seen.size && !equalBytes(root, seen.root)) throw fork('The log shows two trees of one size')
  if (seen.size === 0 || size === seen.size) return checkpoint
  try {
    verifyConsistency({ size1: seen.size, root1: seen.root, size2: size, root2: root, proof: shown.proof })
  } catch (cause) {
    throw fork('The log does not begin as it was seen before', cause)
  }
  return checkpoint
}

function fork(message: string, cause?: unknown): AuditLogError {
  return new AuditLogError('audit_fork', message, { cause })
}
