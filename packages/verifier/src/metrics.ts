import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { AuditShipper } from './create-audit-shipper.ts'
import { HTTP_FAILURES } from './http-failure.ts'
import type { VerifierMeter, VerifierState } from './verifier-meter.ts'

/** Options of `createVerifierMetrics`. */
export interface VerifierMetricsOptions {
  /** Where the metrics are registered. Default: a registry of their own. */
  readonly registry?: Registry
  /** Whose outbox is measured too. */
  readonly shipper?: Pick<AuditShipper, 'waiting' | 'dropped' | 'setAside'>
}

/** The meter of the verifiers of an API, and what it measured. */
export interface VerifierMetrics extends VerifierMeter {
  readonly registry: Registry
}

/** Seconds: a warm request takes some 200 microseconds, one that waits for a disk or the authority much longer. */
const BUCKETS = [0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]

/**
 * Makes the meter of one or more verifiers: give it to `createRequestVerifier` as `meter`, and what its registry says
 * to Prometheus. No label has a value that a request chose: they are codes of the documented table, the three
 * decisions and the issuers that are trusted.
 *
 * @example
 * const meter = createVerifierMetrics()
 * const verifier = createRequestVerifier({ meter, origins, trustedIssuers, statusSource, ...database })
 * app.get('/metrics', async (c) => c.text(await meter.registry.metrics()))
 */
export function createVerifierMetrics(options: VerifierMetricsOptions = {}): VerifierMetrics {
  const { registry = new Registry(), shipper } = options
  const registers = [registry]
  const states: VerifierState[] = []
  const decisions = new Counter({
    name: 'behalf_verifier_decisions_total',
    help: 'Requests by what was decided and why',
    labelNames: ['decision', 'code'],
    registers,
  })
  const seconds = new Histogram({
    name: 'behalf_verifier_decision_seconds',
    help: 'From the request to the decision, waiting for stores included',
    labelNames: ['decision'],
    buckets: BUCKETS,
    registers,
  })
  createStateGauges(registers, states)
  if (shipper !== undefined) createShipperGauges(registers, shipper)
  return {
    registry,
    watch: (state) => void states.push(state),
    decided: ({ decision, code, seconds: taken }) => {
      decisions.inc({ decision, code: boundCode(code) })
      seconds.observe({ decision }, taken)
    },
  }
}

function boundCode(code: string): string {
  return code === 'ok' || Object.hasOwn(HTTP_FAILURES, code) ? code : 'internal_error'
}

function createStateGauges(registers: Registry[], states: readonly VerifierState[]): void {
  const sum = (count: (state: VerifierState) => number | undefined): number =>
    states.reduce((total, state) => total + (count(state) ?? 0), 0)
  gauge(registers, {
    name: 'behalf_verifier_cached_chains',
    help: 'Chains whose proofs are remembered',
    read: () => sum((state) => state.cachedChains()),
  })
  gauge(registers, {
    name: 'behalf_verifier_replay_entries',
    help: 'Nonces that are remembered; 0 also when the store does not say',
    // Verifiers of one API share a store.
    read: () => Math.max(0, ...states.map((state) => state.replayEntries() ?? 0)),
  })
  // Made for its collect, as the library has it.
  new Gauge({
    name: 'behalf_verifier_status_age_seconds',
    help: 'Age of the signed time of the status that is held, by issuer; nothing where none is held',
    labelNames: ['issuer'],
    registers,
    collect() {
      this.reset()
      const ages = states.flatMap((state) => [...state.statusAges()])
      for (const [issuer, age] of ages) this.set({ issuer }, age)
    },
  })
}

function createShipperGauges(
  registers: Registry[],
  shipper: Pick<AuditShipper, 'waiting' | 'dropped' | 'setAside'>,
): void {
  gauge(registers, {
    name: 'behalf_verifier_audit_waiting',
    help: 'Records that the authority does not have yet',
    read: () => shipper.waiting(),
  })
  gauge(registers, {
    name: 'behalf_verifier_audit_dropped',
    help: 'Refusals since the start that were not reported, because there was no room for them',
    read: () => shipper.dropped(),
  })
  gauge(registers, {
    name: 'behalf_verifier_audit_set_aside',
    help: 'Records that the authority refused for what they say, and that are kept here',
    read: () => shipper.setAside(),
  })
}

function gauge(
  registers: Registry[],
  { name, help, read }: { readonly name: string; readonly help: string; readonly read: () => number },
): Gauge {
  return new Gauge({
    name,
    help,
    registers,
    collect() {
      this.set(read())
    },
  })
}
