// What tells and proves a story of the log, apart from the service: it runs in a browser, too.
export {
  type CollectedTrace,
  collectTrace,
  type TraceEntry,
  type TraceFilter,
  type TraceSource,
} from './trace/collect-trace.ts'
export { type EntryProof, findEffect, proofOf } from './trace/proof-of.ts'
export { isProven, type ProvenRequest, proveRequest, type UnprovenRequest } from './trace/prove-request.ts'
export { isRevocation, listOf, memberOf, textOf } from './trace/record-members.ts'
export {
  type BundleDelegation,
  type BundleEntry,
  parseTraceBundle,
  type RequestEvidenceText,
  serializeTraceBundle,
  type TraceBundle,
} from './trace/trace-bundle.ts'
export {
  digestOfPolicy,
  type ProvenDelegation,
  type ProvenEntry,
  type VerifiedTrace,
  verifyTrace,
} from './trace/verify-trace.ts'
