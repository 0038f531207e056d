import type { AuditOutbox, WaitingReport } from './audit-outbox.ts'
import { VerifierError } from './error.ts'
import type { ReportFault } from './fault.ts'
import { namesEmptyList, namesReports, type ReportRefusal } from './report-refusal.ts'
import { type SendAuditReportsOptions, sendAuditReports } from './send-audit-reports.ts'

/** What reports are shipped with. */
export interface ShipReportsOptions extends SendAuditReportsOptions {
  readonly outbox: AuditOutbox
  /** Reports that are set aside at most. */
  readonly maxSetAside: number
  readonly reportFault: ReportFault
  readonly isClosed: () => boolean
  /** The authority has every report up to and with this number that was not set aside before. */
  readonly shipped: (upTo: number) => void
  /** The authority will not take the report of this number. */
  readonly refused: (number: number, cause: Error) => void
  /** A refusal that had been set aside is not kept any more, to make room. */
  readonly dropped: () => void
}

/**
 * The authority has each of these reports, or refuses it for what it says and it is set aside; none of them waits any
 * more. What is refused together is sent again in halves, until it is known which reports are meant.
 *
 * @param batch in order, beginning with the oldest that waits
 * @throws any error of `sendAuditReports`; Error when the authority refuses whatever is sent, and when no room is left
 * for what it refuses. What was not told to be shipped or refused by then still waits
 */
export async function shipReports(
  batch: readonly WaitingReport[],
  options: ShipReportsOptions,
): Promise<void> {
  const [first, last] = [batch[0], batch.at(-1)]
  if (first === undefined || last === undefined || options.isClosed()) return
  const refusal = await sendAuditReports(
    batch.map(({ text }) => text),
    options,
  )
  if (refusal === undefined) {
    options.outbox.remove(last.number)
    options.shipped(last.number)
    return
  }
  if (!(await isAboutReports(refusal, options))) throw new Error(refusal.words)
  if (first === last) {
    setAside(first, refusal, options)
    return
  }
  const half = Math.ceil(batch.length / 2)
  await shipReports(batch.slice(0, half), options)
  await shipReports(batch.slice(half), options)
}

/**
 * Somebody in front of the authority may refuse some reports for their paths, in words of its own; and an API that is
 * not registered any more is refused whatever it sends. A list without reports tells which it is: the authority looks
 * at it only after it has let the API in.
 */
async function isAboutReports(refusal: ReportRefusal, options: ShipReportsOptions): Promise<boolean> {
  if (namesReports(refusal)) return true
  const answer = await sendAuditReports([], options)
  return answer !== undefined && namesEmptyList(answer)
}

function setAside(report: WaitingReport, refusal: ReportRefusal, options: ShipReportsOptions): void {
  const { outbox, maxSetAside, reportFault } = options
  const cause = new Error(refusal.words)
  if (outbox.setAsideSize() >= maxSetAside) {
    if (!outbox.dropSetAside()) {
      throw new Error('no room to set aside what the authority refuses: all of it is of accepted requests', {
        cause,
      })
    }
    options.dropped()
  }
  outbox.setAside(report.number, refusal.words)
  options.refused(report.number, cause)
  reportFault(
    new VerifierError('audit_unavailable', 'the authority refuses a record, which is set aside', {
      cause,
      fault: true,
    }),
    readRequestId(report.text),
  )
}

function readRequestId(text: string): string | undefined {
  const { request_id: id } = JSON.parse(text) as { readonly request_id?: string }
  return id
}
