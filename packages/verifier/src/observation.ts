import type { AuditRecord } from './audit-sink.ts'
import type { VerifierError } from './error.ts'

/**
 * What an observing verifier found out about one request: what it verified, or why it would have been refused. Of a
 * request that would have been refused nothing else is told, because nothing else of it is certain.
 */
export type Observation<Verified> =
  | { readonly verified: Verified; readonly refusal?: undefined; readonly requestId: string }
  | { readonly refusal: VerifierError; readonly verified?: undefined; readonly requestId: string }

/**
 * Told of every request that would have been refused, before its handler runs. What it throws is reported as a fault
 * and changes nothing.
 *
 * @param record what is recorded: the code, and what was proven by the time the check failed
 * @param refusal with its evidence and, as its `cause`, what was thrown
 */
export type ReportObservation = (record: AuditRecord, refusal: VerifierError) => void

/** Writes one line to the console: the code, the message, the request and the agent as far as it was proven. */
export const reportObservationToConsole: ReportObservation = (record, { message }) => {
  const { requestId, code, method, origin, path, agent } = record
  console.warn(
    `behalf would refuse: ${JSON.stringify({ code, message, requestId, method, origin, path, agent })}`,
  )
}
