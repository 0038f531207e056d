import {
  AuditLogError,
  type NoteKey,
  type VerifiedCheckpoint,
  verifyCheckpoint,
  verifyConsistency,
  verifyCosignature,
} from '@behalf/audit-log'
import { decodeBase64 } from '@behalf/core'
import { type Did, decodeDidKey } from '@behalf/did'
import type { BundleWitness } from './trace-bundle.ts'

/** What somebody outside saw of the log, and signed. */
export interface WitnessedTree {
  readonly witness: Did
  /** Entries that were there. */
  readonly size: number
  /** When, by the clock of the witness, in milliseconds since the epoch. */
  readonly time: number
}

/**
 * Each of the witnesses signed a tree, and the tree under the checkpoint begins with it; nobody else signed any of them.
 *
 * @param known.witnesses - did:key of everybody who must have signed, and nobody else may have
 * @throws AuditLogError `audit_proof_invalid`
 */
export function proveWitnesses(
  given: readonly BundleWitness[],
  known: {
    readonly checkpoint: VerifiedCheckpoint
    readonly key: NoteKey
    readonly witnesses: readonly Did[]
  },
): readonly WitnessedTree[] {
  const seen = given.flatMap((one) => proveOne(one, known))
  const silent = known.witnesses.find((witness) => !seen.some((tree) => tree.witness === witness))
  if (silent === undefined) return seen
  throw refuse(`the witness ${silent} signed nothing in it`)
}

function proveOne(
  { checkpoint: note, proof }: BundleWitness,
  known: Parameters<typeof proveWitnesses>[1],
): readonly WitnessedTree[] {
  const { checkpoint, key, witnesses } = known
  const older = verifyCheckpoint(note, key)
  const { size: size1, root: root1 } = older
  const { size: size2, root: root2 } = checkpoint
  verifyConsistency({ size1, root1, size2, root2, proof: proof.map((hash) => decodeBase64(hash)) })
  const signed = new Set(older.note.signatures.map(({ name }) => name))
  const trees = witnesses
    .filter((witness) => signed.has(witness))
    .map((witness) => ({
      witness,
      size: size1,
      time: verifyCosignature(note, { name: witness, publicKey: decodeDidKey(witness) }) * 1000,
    }))
  // A signature that nobody checks could be changed.
  if (trees.length > 0 && older.note.signatures.length === trees.length + 1) return trees
  throw new AuditLogError(
    'audit_proof_invalid',
    'Somebody signed a checkpoint in it whose key was not given: every witness has to be named',
  )
}

function refuse(message: string): AuditLogError {
  return new AuditLogError('audit_proof_invalid', `the bundle is not what the log has: ${message}`)
}
