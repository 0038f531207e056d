import type { JsonObject, JsonValue } from '@behalf/core'
import type { OnBehalfOf } from '@behalf/credential'
import type { Did } from '@behalf/did'

/** Where an agent runs, as somebody whom the operators trust in this says: never its own word. */
export interface Workload {
  /** What said so: a signed token, or a certificate. */
  readonly type: 'jwt' | 'x509'
  /** Who said so, as it is configured. */
  readonly issuer: string
  /** Its name there, such as `spiffe://example.org/billing` or `system:serviceaccount:prod:billing`. */
  readonly subject: string
  /** What else is remembered of it, by the names that the configuration gives. */
  readonly claims: Readonly<Record<string, string>>
}

/** A key that proved where it runs. Times are milliseconds since the epoch. */
export interface WorkloadProof extends Workload {
  /** `sha-256:…` of the bytes that were signed: the same for the same proof, however its signature is spelled. */
  readonly digest: string
  readonly agent: Did
  /** It tells nothing any more from then on. */
  readonly validUntil: number
  readonly provenAt: number
}

/** What the operators let a workload have by itself, whatever its key. */
export interface WorkloadGrant {
  /** Its name in the configuration. What was withdrawn of it is not given again under the same name. */
  readonly id: string
  readonly onBehalfOf: OnBehalfOf
  /** The wire form, a JSON array. */
  readonly capabilities: JsonValue
  readonly maxSeconds: number
  /** Absent: 0. */
  readonly maxDelegationDepth?: number
}

/** Returns a workload as events and answers spell it. */
export function describeWorkload({ type, issuer, subject, claims }: Workload): JsonObject {
  return { type, issuer, subject, claims: { ...claims } }
}

/** Returns by whom an enrolment was made that a grant gave. */
export function nameGrant({ id }: Pick<WorkloadGrant, 'id'>): string {
  return `urn:behalf:workload-grant:${id}`
}
