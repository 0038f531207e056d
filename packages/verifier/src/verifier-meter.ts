import type { Did } from '@behalf/did'
import type { AuditRecord } from './audit-sink.ts'

/** One decision, for those who count them. */
export interface MeasuredDecision extends Pick<AuditRecord, 'decision' | 'code'> {
  /** From the request to the decision, waiting for stores included. */
  readonly seconds: number
}

/** What of a verifier can be looked at any time. */
export interface VerifierState {
  /** Chains whose proofs are remembered. */
  cachedChains(): number
  /** Nonces that are remembered; undefined when the store does not say. */
  replayEntries(): number | undefined
  /**
   * Age of what is held of each issuer that is trusted, in seconds by its signed time; absent where nothing is. It grows
   * when the issuer is silent, also beyond what is accepted.
   */
  statusAges(): ReadonlyMap<Did, number>
}

/** Measures a verifier: `createVerifierMetrics` of `@behalf/verifier/metrics`, or something of the API's own. */
export interface VerifierMeter {
  /** Called after each decision. What it throws is reported as a fault and changes nothing. */
  decided(decision: MeasuredDecision): void
  /** Called once by each verifier that it measures. */
  watch(state: VerifierState): void
}
