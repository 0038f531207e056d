import { AuditLogError, type NoteKey, verifyCheckpoint } from '@behalf/audit-log'
import type { BundleWitness, TraceBundle } from './trace-bundle.ts'

/** Where it is asked what shows that the log only grew. */
export interface GrowthSource {
  /** Hashes, base64. */
  proveConsistency(of: { readonly from: number; readonly to: number }): Promise<readonly string[]>
}

/**
 * Returns the bundle with what witnesses saw of the log before it was made, and what shows that the log still begins
 * so. Their signatures are for `verifyTrace` to check.
 *
 * @param seen.key - of the log
 * @param seen.notes - checkpoints of it that witnesses keep
 * @throws AuditLogError `audit_proof_invalid`, `audit_fork` when one saw more than the log shows now; what the source
 *   throws
 */
export async function addWitnesses(
  source: GrowthSource,
  bundle: TraceBundle,
  { key, notes }: { readonly key: NoteKey; readonly notes: readonly string[] },
): Promise<TraceBundle> {
  const { size: to } = verifyCheckpoint(bundle.checkpoint, key)
  const proveSeen = async (note: string): Promise<BundleWitness> => {
    const { size: from } = verifyCheckpoint(note, key)
    if (from > to) throw new AuditLogError('audit_fork', 'A witness saw more of the log than it shows now')
    const proof = from > 0 && from < to ? await source.proveConsistency({ from, to }) : []
    return { checkpoint: note, proof }
  }
  return { ...bundle, witnesses: await Promise.all(notes.map(proveSeen)) }
}
