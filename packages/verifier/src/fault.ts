import type { VerifierError } from './error.ts'

/**
 * Told of every failure that is the API's own: a store that cannot be reached, a callback that throws, a body that
 * was read too early, a bug. Never of a request that was refused for what it is. It must not throw.
 *
 * @param fault its `cause` is what was thrown
 * @param requestId absent where no request was at hand
 */
export type ReportFault = (fault: VerifierError, requestId?: string) => void

/** Writes one line to the console: code, message, the request and the message of the cause, without line breaks. */
export const reportFaultToConsole: ReportFault = (fault, requestId) => {
  const { code, message, cause } = fault
  const reason = cause instanceof Error ? cause.message : undefined
  console.error(`behalf: ${JSON.stringify({ code, message, requestId, cause: reason })}`)
}
