import type { Clock } from '@behalf/core'
import { z } from '@hono/zod-openapi'
import type { AuthorityDatabase } from '../database-schema.ts'
import { defineRoute, json, jsonAnswer, type Route, requireCaller } from '../route.ts'
import type { Ledger } from './create-ledger.ts'
import { forgetPrincipal } from './forget-principal.ts'

const forgetSchema: z.ZodType<{ readonly id: string }> = z.strictObject({ id: z.string().min(1).max(2048) })
const answer = z.strictObject({
  forgotten: z.string().openapi({ description: 'How records name whoever it was' }),
  evidence: z.int().openapi({ description: 'Requests whose evidence is gone' }),
  events: z.int().openapi({ description: 'Names in events that are gone' }),
})

/** The route by which an operator lets the log forget who somebody was. */
export function createForgetRoute(context: {
  readonly database: AuthorityDatabase
  readonly issuer: { readonly did: string }
  readonly clock: Clock
  readonly ledger: Ledger
}): Route {
  const { database, issuer, clock, ledger } = context
  return defineRoute({
    name: 'POST /forgotten-principals',
    summary: 'Forget who a principal of the records was; every proof still holds',
    body: forgetSchema,
    answers: { 200: jsonAnswer('Nobody can tell any more', answer) },
    run: async (call) => {
      const moved = await ledger.settle()
      const principal = { issuer: issuer.did, id: call.body.id }
      const by = requireCaller(call).did
      const { salts } = ledger
      const forgotten = await forgetPrincipal(database, principal, { moved, by, clock, salts })
      const { hash, evidence, events } = forgotten
      ledger.wake()
      return json(200, { forgotten: hash, evidence, events })
    },
  })
}
