export {
  AUDIT_RECORD_TYPES,
  type AuditFacts,
  type AuditRecord,
  type AuditRecordType,
  MAX_RECORD_BYTES,
  parseAuditRecord,
  serializeAuditRecord,
} from './audit-record.ts'
export { type Checkpoint, signCheckpoint, type VerifiedCheckpoint, verifyCheckpoint } from './checkpoint.ts'
export { cosignCheckpoint, verifyCosignature } from './cosignature.ts'
export {
  type AppendReceipt,
  type AuditLog,
  type AuditLogOptions,
  createAuditLog,
  type SetTimer,
} from './create-audit-log.ts'
export { createMemoryLogStore } from './create-memory-log-store.ts'
export { type AuditEvidence, AuditLogError, type AuditLogErrorCode } from './error.ts'
export { followCheckpoint, NOTHING_SEEN, type SeenTree, type ShownTree } from './follow-checkpoint.ts'
export { createFrontier, type Frontier, frontierOf, type TreeNode } from './frontier.ts'
export { hashPrincipal, SALT_BYTES, saltedDigest } from './hash-principal.ts'
export type { LogCommit, LogEntry, LogStore, NewEntry } from './log-store.ts'
export { EMPTY_ROOT, hashChildren, hashLeaf } from './merkle-hash.ts'
export { type NoteKey, type NoteSignature, noteKeyId, parseNote, type SignedNote } from './signed-note.ts'
export { proveConsistency, proveInclusion, type ReadNodes } from './tree-proof.ts'
export type { LeafRange, NodePosition } from './tree-shape.ts'
export {
  type ConsistencyClaim,
  type SubtreeConsistencyClaim,
  verifyConsistency,
  verifySubtreeConsistency,
} from './verify-consistency.ts'
export {
  type InclusionClaim,
  type SubtreeInclusionClaim,
  verifyInclusion,
  verifySubtreeInclusion,
} from './verify-inclusion.ts'
export { type VerifyLogOptions, verifyLog } from './verify-log.ts'
