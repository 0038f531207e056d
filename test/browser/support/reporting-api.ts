import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type IssueApi, openIssueApi } from '../../../apps/behalf/test/support/issue-api.ts'
import { openReports } from '../../../apps/behalf/test/support/reports.ts'
import type { PageWorld } from './page-world.ts'

/** A real API that puts its decisions on record at the authority. */
export interface ReportingApi extends Pick<IssueApi, 'origin' | 'close'> {
  /** Every decision so far is in the log. */
  settle(): Promise<void>
}

/** Starts it, and an operator registers it. */
export async function openReportingApi({
  origin,
  authority,
  operator,
}: Pick<PageWorld, 'origin' | 'authority' | 'operator'>): Promise<ReportingApi> {
  const folder = mkdtempSync(join(tmpdir(), 'behalf-api-'))
  const clock = Date.now
  const reports = openReports({ folder, authority: origin, clock })
  const api = await openIssueApi({
    issuer: authority.issuerDid,
    authority: origin,
    clock,
    auditSink: reports.sink,
  })
  await operator.authority(origin).registerApi({ did: reports.did, origins: [api.origin] })
  return {
    origin: api.origin,
    settle: () => reports.settle(),
    close: async () => {
      await api.close()
      await reports.close()
      rmSync(folder, { recursive: true })
    },
  }
}
