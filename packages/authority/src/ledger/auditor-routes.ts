import type { Clock, JsonObject } from '@behalf/core'
import { z } from '@hono/zod-openapi'
import type { AuthorityDatabase } from '../database-schema.ts'
import { formatTime } from '../format-time.ts'
import { defineRoute, json, jsonAnswer, type Route, requireCaller } from '../route.ts'
import { type Auditor, addAuditor, listAuditors, removeAuditor } from './auditor-rows.ts'
import type { Ledger } from './create-ledger.ts'

/** What the routes about auditors work with. */
export interface AuditorContext {
  readonly database: AuthorityDatabase
  readonly clock: Clock
  readonly ledger: Pick<Ledger, 'wake'>
}

const auditorSchema: z.ZodType<{ readonly did: string }> = z.strictObject({
  did: z.string().openapi({ description: 'did:key of the key that signs what the auditor asks' }),
})
const auditorAnswer = z
  .strictObject({
    did: z.string(),
    added_at: z.iso.datetime().openapi({ type: 'string', format: 'date-time' }),
    added_by: z.string().openapi({ description: 'DID of an operator' }),
  })
  .openapi('Auditor')

/** The routes by which operators say whose keys may read the records of the log from outside. */
export function createAuditorRoutes({ database, clock, ledger }: AuditorContext): readonly Route[] {
  return [
    defineRoute({
      name: 'GET /auditors',
      summary: 'The keys that may read the records of the log',
      answers: { 200: jsonAnswer('All of them', z.strictObject({ auditors: z.array(auditorAnswer) })) },
      run: async () => json(200, { auditors: (await listAuditors(database)).map(auditorToWire) }),
    }),
    defineRoute({
      name: 'POST /auditors',
      summary: 'Let whoever holds this key read the records of the log, and nothing else',
      body: auditorSchema,
      answers: { 201: jsonAnswer('The auditor', auditorAnswer) },
      run: async (call) => {
        const decision = { by: requireCaller(call).did, now: clock() }
        const auditor = await addAuditor(database, call.body.did, decision)
        ledger.wake()
        return json(201, auditorToWire(auditor))
      },
    }),
    defineRoute({
      name: 'DELETE /auditors/{did}',
      summary: 'Let this key read nothing any more',
      answers: { 204: { description: 'It may not' } },
      run: async (call) => {
        await removeAuditor(database, call.param, { by: requireCaller(call).did, now: clock() })
        ledger.wake()
        return { status: 204 }
      },
    }),
  ]
}

function auditorToWire({ did, addedAt, addedBy }: Auditor): JsonObject {
  return { did, added_at: formatTime(addedAt), added_by: addedBy }
}
