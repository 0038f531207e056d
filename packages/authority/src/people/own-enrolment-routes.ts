import { AuthorityError } from '../error.ts'
import { readId } from '../read-input.ts'
import { json, jsonAnswer } from '../route.ts'
import { enrolmentToWire } from '../to-wire.ts'
import { requireStepUp } from './assertion-ceremony.ts'
import { checkEnrolmentBounds, enrolFor } from './enrol-for.ts'
import { PEOPLE_ANSWERS } from './people-answers.ts'
import { nothingSchema, ownEnrolmentSchema } from './people-bodies.ts'
import type { PeopleContext } from './people-context.ts'
import { definePeopleRoute, type PeopleRoute, requireSession } from './people-route.ts'
import { seesEverything, toDecider } from './person.ts'
import { findVisibleRequest } from './request-queries.ts'

/** The routes about what agents may have by themselves on behalf of a person. */
export function createOwnEnrolmentRoutes(context: PeopleContext): readonly PeopleRoute[] {
  return [createListRoute(context), createEnrolRoute(context), createWithdrawRoute(context)]
}

function createListRoute({ issuer }: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'GET /api/enrolments',
    summary:
      'What agents may have by themselves on behalf of this person; all of it for operators and auditors',
    answers: { 200: jsonAnswer('Those in force, newest first', PEOPLE_ANSWERS.enrolments) },
    run: async (call) => {
      const { person } = requireSession(call)
      const enrolments = await issuer.listEnrolments({ limit: Number.MAX_SAFE_INTEGER })
      const visible = enrolments.filter(
        ({ onBehalfOf }) => seesEverything(person) || onBehalfOf.id === person.id,
      )
      return json(200, { enrolments: visible.map(enrolmentToWire) })
    },
  })
}

function createEnrolRoute(context: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'POST /api/enrolments',
    summary: 'Allow the agent of a request its terms by itself, until an end',
    body: ownEnrolmentSchema,
    answers: { 201: jsonAnswer('The enrolment', PEOPLE_ANSWERS.enrolment) },
    run: async (call) => {
      const session = requireSession(call)
      const { person } = session
      const { body } = call
      checkEnrolmentBounds(context, body)
      const request = await findVisibleRequest(context.database, person, readId(body.request))
      if (request.terms.onBehalfOf.id !== person.id) {
        throw new AuthorityError('forbidden', 'Only the person on whose behalf it acts enrols an agent')
      }
      await requireStepUp(context, session, body.step_up)
      return json(201, enrolmentToWire(await enrolFor(context, { person, request, bounds: body })))
    },
  })
}

function createWithdrawRoute({ issuer }: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'DELETE /api/enrolments/{id}',
    summary: 'Withdraw an enrolment; what was issued under it stays',
    body: nothingSchema,
    answers: { 204: { description: 'It is withdrawn' } },
    run: async (call) => {
      const { person } = requireSession(call)
      await issuer.withdrawEnrolment({ id: readId(call.param), ...toDecider(person) })
      return { status: 204 }
    },
  })
}
