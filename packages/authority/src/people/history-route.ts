import { sql } from 'kysely'
import { readEventRow } from '../event-rows.ts'
import { json, jsonAnswer } from '../route.ts'
import { eventToWire } from '../to-wire.ts'
import { findNames } from './find-names.ts'
import { PEOPLE_ANSWERS } from './people-answers.ts'
import { historySchema } from './people-bodies.ts'
import type { PeopleContext } from './people-context.ts'
import { definePeopleRoute, type PeopleRoute, requireSession } from './people-route.ts'
import { seesEverything } from './person.ts'

const LIMIT = 100

/** The route by which people read what happened. */
export function createHistoryRoute({ database }: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'GET /api/history',
    summary: 'What is on record about this person; everything for operators and auditors',
    query: historySchema,
    answers: { 200: jsonAnswer('At most 100 before `before`, newest first', PEOPLE_ANSWERS.history) },
    run: async (call) => {
      const { person } = requireSession(call)
      let query = database.selectFrom('events').selectAll().orderBy('sequence', 'desc').limit(LIMIT)
      if (call.query.before !== undefined) query = query.where('sequence', '<', Number(call.query.before))
      if (!seesEverything(person)) {
        query = query.where((where) =>
          where.or([
            where(sql<string>`json_extract(data_json, '$.principal.id')`, '=', person.id),
            where(sql<string>`json_extract(data_json, '$.person')`, '=', person.id),
          ]),
        )
      }
      const events = (await query.execute()).map(readEventRow)
      const names = await findNames(database, person, events)
      return json(200, { events: events.map((event) => ({ ...eventToWire(event), ...names(event) })) })
    },
  })
}
