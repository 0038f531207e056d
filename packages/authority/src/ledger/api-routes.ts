import type { Clock, JsonObject } from '@behalf/core'
import { z } from '@hono/zod-openapi'
import type { AuthorityDatabase } from '../database-schema.ts'
import { formatTime } from '../format-time.ts'
import { defineRoute, json, jsonAnswer, type Route, requireCaller } from '../route.ts'
import { listApis, type RegisteredApi, registerApi, removeApi } from './api-rows.ts'
import type { Ledger } from './create-ledger.ts'

/** What the routes about APIs work with. */
export interface ApiContext {
  readonly database: AuthorityDatabase
  readonly clock: Clock
  readonly ledger: Pick<Ledger, 'wake'>
}

interface ApiBody {
  readonly did: string
  readonly origins: readonly string[]
}

const MAX_ORIGINS = 20
const apiSchema: z.ZodType<ApiBody> = z.strictObject({
  did: z.string().openapi({ description: 'did:key of the key that signs what the API sends' }),
  origins: z.array(z.string()).min(1).max(MAX_ORIGINS).openapi({ description: 'What it answers for' }),
})
const apiAnswer = z
  .strictObject({
    did: z.string(),
    origins: z.array(z.string()),
    added_at: z.iso.datetime().openapi({ type: 'string', format: 'date-time' }),
    added_by: z.string().openapi({ description: 'DID of an operator' }),
  })
  .openapi('RegisteredApi')

/** The routes by which operators say which APIs may put their decisions on record. */
export function createApiRoutes({ database, clock, ledger }: ApiContext): readonly Route[] {
  return [
    defineRoute({
      name: 'GET /apis',
      summary: 'The APIs that may put their decisions on record',
      answers: { 200: jsonAnswer('All of them', z.strictObject({ apis: z.array(apiAnswer) })) },
      run: async () => json(200, { apis: (await listApis(database)).map(apiToWire) }),
    }),
    defineRoute({
      name: 'POST /apis',
      summary: 'Let an API put its decisions on record, for these origins instead of those before',
      body: apiSchema,
      answers: { 201: jsonAnswer('The API', apiAnswer) },
      run: async (call) => {
        const api = await registerApi(database, call.body, { by: requireCaller(call).did, now: clock() })
        ledger.wake()
        return json(201, apiToWire(api))
      },
    }),
    defineRoute({
      name: 'DELETE /apis/{did}',
      summary: 'Let an API put nothing on record any more; what it did stays',
      answers: { 204: { description: 'It may not' } },
      run: async (call) => {
        await removeApi(database, call.param, { by: requireCaller(call).did, now: clock() })
        ledger.wake()
        return { status: 204 }
      },
    }),
  ]
}

function apiToWire({ did, origins, addedAt, addedBy }: RegisteredApi): JsonObject {
  return { did, origins: [...origins], added_at: formatTime(addedAt), added_by: addedBy }
}
