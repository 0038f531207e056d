// What tells and proves a story of the log, apart from the service: it runs in a browser, too.

export { addWitnesses, type GrowthSource } from './trace/add-witnesses.ts'
export { type CollectedTrace, collectTrace } from './trace/collect-trace.ts'
export { type FoundEnrolment, findEnrolment } from './trace/find-enrolment.ts'
export { enrolledCapabilities } from './trace/judge-enrolment.ts'
export {
  type Exchanges,
  type KnownStatements,
  type PlacedRecord,
  toExchanges,
} from './trace/known-statements.ts'
export { type EntryProof, findEffect, findOutcome, proofOf } from './trace/proof-of.ts'
export {
  isProven,
  type ProvenRequest,
  proveRequest,
  type UnprovenRequest,
} from './trace/prove-request.ts'
export type { ProvenSignedRequest } from './trace/prove-signed-request.ts'
export { type StatusLists, type StatusThen, toStatusLists } from './trace/prove-status.ts'
export type { ProvenTokenRequest } from './trace/prove-token-request.ts'
export type { WitnessedTree } from './trace/prove-witnesses.ts'
export {
  isAccepted,
  isRequest,
  isRevocation,
  listOf,
  memberOf,
  nameRun,
  originOf,
  textOf,
  workflowOf,
} from './trace/record-members.ts'
export {
  type BundleDelegation,
  type BundleEntry,
  type BundleWitness,
  parseTraceBundle,
  type RequestEvidenceText,
  serializeTraceBundle,
  type TraceBundle,
} from './trace/trace-bundle.ts'
export type { TraceEntry, TraceFilter, TraceSource } from './trace/trace-source.ts'
export {
  digestOfPolicy,
  type ProvenDelegation,
  type ProvenEntry,
  type VerifiedTrace,
  verifyTrace,
} from './trace/verify-trace.ts'
