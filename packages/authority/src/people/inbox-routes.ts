import { denySchema } from '../body-schemas.ts'
import { defined } from '../defined.ts'
import { readId } from '../read-input.ts'
import { json, jsonAnswer } from '../route.ts'
import { PEOPLE_ANSWERS } from './people-answers.ts'
import { inboxFilterSchema } from './people-bodies.ts'
import type { PeopleContext } from './people-context.ts'
import { definePeopleRoute, type PeopleRoute, requireSession } from './people-route.ts'
import { toApprover } from './person.ts'
import { findVisibleRequest, listVisibleRequests } from './request-queries.ts'
import { viewRequest } from './request-view.ts'

/** The routes by which people read what agents ask for, and refuse it. */
export function createInboxRoutes(context: PeopleContext): readonly PeopleRoute[] {
  return [createListRoute(context), createReadRoute(context), createDenyRoute(context)]
}

function createListRoute(context: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'GET /api/requests',
    summary: 'What agents ask of this person; everything for operators and auditors',
    query: inboxFilterSchema,
    answers: { 200: jsonAnswer('At most 200, newest first', PEOPLE_ANSWERS.requests) },
    run: async (call) => {
      const { person } = requireSession(call)
      const filter = { state: call.query.status, now: context.clock() }
      const requests = []
      for (const request of await listVisibleRequests(context.database, person, filter)) {
        requests.push(await viewRequest(context, person, request))
      }
      return json(200, { requests })
    },
  })
}

function createReadRoute(context: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'GET /api/requests/{id}',
    summary: 'One request, with what helps to decide about it',
    answers: { 200: jsonAnswer('The request', PEOPLE_ANSWERS.request) },
    run: async (call) => {
      const { person } = requireSession(call)
      const request = await findVisibleRequest(context.database, person, readId(call.param))
      return json(200, await viewRequest(context, person, request))
    },
  })
}

function createDenyRoute(context: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'POST /api/requests/{id}/deny',
    summary: 'Refuse a request for good',
    body: denySchema,
    answers: { 200: jsonAnswer('The request as refused', PEOPLE_ANSWERS.request) },
    run: async (call) => {
      const { person } = requireSession(call)
      const { version, reason } = call.body
      const id = readId(call.param)
      const denied = await context.issuer.deny({
        id,
        version,
        person: toApprover(person),
        ...defined({ reason }),
      })
      return json(200, await viewRequest(context, person, denied))
    },
  })
}
