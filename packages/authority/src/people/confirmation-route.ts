import { confirmationFilterSchema } from '../body-schemas.ts'
import { AuthorityError } from '../error.ts'
import { listApis, type RegisteredApi } from '../ledger/api-rows.ts'
import { json, jsonAnswer } from '../route.ts'
import { describeConfirmations } from '../status/describe-confirmations.ts'
import { originsOf } from './origins-of.ts'
import { PEOPLE_ANSWERS } from './people-answers.ts'
import type { PeopleContext } from './people-context.ts'
import { definePeopleRoute, type PeopleRoute, requireSession } from './people-route.ts'
import { type Person, seesEverything } from './person.ts'

/**
 * The route by which a person who stopped something learns which APIs know. Everybody is told how many; names only of
 * APIs that delegations of theirs name.
 */
export function createConfirmationRoute(context: PeopleContext): PeopleRoute {
  const { issuer, confirmations } = context
  return definePeopleRoute({
    name: 'GET /api/confirmations',
    summary:
      'How many of the APIs that follow the stream hold a heartbeat, and which; asks those who did not say so yet',
    query: confirmationFilterSchema,
    answers: { 200: jsonAnswer('Now', PEOPLE_ANSWERS.confirmations) },
    run: async (call) => {
      const { person } = requireSession(call)
      const sequence = Number(call.query.sequence ?? 0)
      const last = await issuer.lastHeartbeat()
      // Nobody can hold what does not exist yet: every API would be asked in vain, again and again.
      if (sequence > (last?.sequence ?? 0)) {
        throw new AuthorityError('input_invalid', 'No such heartbeat was published', { field: 'sequence' })
      }
      const apis = await listApis(context.database)
      const counts = confirmations.ask(sequence, new Set(apis.map(({ did }) => did)))
      return json(200, describeConfirmations(counts, await selectKnown(apis, context, person)))
    },
  })
}

/** The APIs that the person may hear of, with those of their origins that concern the person. */
async function selectKnown(
  apis: readonly RegisteredApi[],
  { issuer, clock }: PeopleContext,
  person: Person,
): Promise<readonly Pick<RegisteredApi, 'did' | 'origins'>[]> {
  if (seesEverything(person)) return apis
  const delegations = await issuer.listDelegations({ principal: person.id, endsAfter: clock() })
  const own = new Set(delegations.flatMap(originsOf))
  return apis
    .map(({ did, origins }) => ({ did, origins: origins.filter((origin) => own.has(origin)) }))
    .filter(({ origins }) => origins.length > 0)
}
