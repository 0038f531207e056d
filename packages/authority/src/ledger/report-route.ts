import { z } from '@hono/zod-openapi'
import { AuthorityError } from '../error.ts'
import { defineRoute, json, jsonAnswer, type Route, requireCaller } from '../route.ts'
import type { Ledger } from './create-ledger.ts'
import { MAX_REPORT_BYTES, reportSchema } from './request-report.ts'

const answer = z.strictObject({
  records: z.array(
    z.strictObject({
      request_id: z.string(),
      index: z.int().openapi({ description: 'Of the entry in the log' }),
    }),
  ),
  checkpoint: z.string().openapi({ description: 'A checkpoint whose tree holds all of them' }),
})

/** The route by which APIs put their decisions on record. */
export function createReportRoute(ledger: Ledger): Route {
  return defineRoute({
    name: 'POST /audit/records',
    summary: 'Put decisions about requests on record; again changes nothing',
    body: reportSchema,
    maxBodyBytes: MAX_REPORT_BYTES,
    answers: { 200: jsonAnswer('They are in the log, on disk, and can be proven', answer) },
    run: async (call) => {
      const { records } = call.body
      const { api } = requireCaller(call)
      if (!api) throw new AuthorityError('forbidden', 'Only an API that an operator registered may do this')
      const { indices, checkpoint } = await ledger.recordRequests(api, records)
      const places = records.map(({ request_id: id }, place) => ({
        request_id: id,
        index: indices[place] ?? -1,
      }))
      return json(200, { records: places, checkpoint })
    },
  })
}
