import type { JsonObject } from '@behalf/core'
import type { DelegationRequest, GivenAssertion, PreparedApproval } from '@behalf/issuer'
import { AuthorityError } from '../error.ts'
import { formatTime } from '../format-time.ts'
import { readId } from '../read-input.ts'
import { narrowingFrom } from '../request-routes.ts'
import { json, jsonAnswer } from '../route.ts'
import { finishAssertion, openAssertion } from './assertion-ceremony.ts'
import { takeCeremony } from './ceremony.ts'
import { PEOPLE_ANSWERS } from './people-answers.ts'
import { approvalSchema, type CompleteApprovalBody, completeApprovalSchema } from './people-bodies.ts'
import type { PeopleContext } from './people-context.ts'
import { definePeopleRoute, type PeopleRoute, requireSession } from './people-route.ts'
import { mayApproveByLogin } from './people-wire.ts'
import { toApprover } from './person.ts'
import { viewRequest } from './request-view.ts'
import type { LiveSession } from './session.ts'

/** The routes by which people approve: what they read is fixed first, and what their passkey signs is exactly that. */
export function createApprovalRoutes(context: PeopleContext): readonly PeopleRoute[] {
  return [createPrepareRoute(context), createCompleteRoute(context)]
}

function createPrepareRoute(context: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'POST /api/approvals',
    summary: 'Fix what is to be approved, as it was asked or narrower, for five minutes',
    body: approvalSchema,
    answers: { 201: jsonAnswer('What to read, and what the passkey is to sign', PEOPLE_ANSWERS.approval) },
    run: async (call) => {
      const session = requireSession(call)
      const { requests, enrol } = call.body
      const prepared = await context.issuer.prepareApproval({
        person: toApprover(session.person),
        requests: requests.map(({ id, version, narrow }) => ({
          id: readId(id),
          version,
          ...(narrow && { narrow: narrowingFrom(narrow) }),
        })),
        ...(enrol && {
          enrol: { maxSeconds: enrol.max_seconds, validUntil: Date.parse(enrol.valid_until) },
        }),
      })
      const { id, challenge } = prepared
      const { options } = await openAssertion(context, { purpose: 'approval', id, challenge, session })
      return json(201, { ...preparedToWire(prepared), options })
    },
  })
}

/** With all that its challenge is made of, so that the page need not believe it. */
function preparedToWire(prepared: PreparedApproval): JsonObject {
  const { id, sentences, payloads, renderer, enrolment, nonce, expiresAt } = prepared
  return {
    approval: id,
    sentences: sentences.map((list) => [...list]),
    payloads: [...payloads],
    renderer,
    ...(enrolment && { enrolment }),
    nonce,
    expires_at: formatTime(expiresAt),
  }
}

function createCompleteRoute(context: PeopleContext): PeopleRoute {
  return definePeopleRoute({
    name: 'POST /api/approvals/{id}',
    summary: 'Approve what was fixed, with the answer of the passkey',
    body: completeApprovalSchema,
    answers: { 200: jsonAnswer('The requests as they are now', PEOPLE_ANSWERS.requests) },
    run: async (call) => {
      const session = requireSession(call)
      const completed = await complete(context, session, { id: readId(call.param), body: call.body })
      const requests = []
      for (const request of completed) requests.push(await viewRequest(context, session.person, request))
      return json(200, { requests })
    },
  })
}

async function complete(
  context: PeopleContext,
  session: LiveSession,
  { id, body }: { readonly id: string; readonly body: CompleteApprovalBody },
): Promise<readonly DelegationRequest[]> {
  const { response } = body
  if (!response && body.login && mayApproveByLogin(context, session)) {
    return approveByLogin(context, session, id)
  }
  if (!response) {
    throw new AuthorityError('step_up_required', 'An approval takes a passkey, whoever is signed in')
  }
  const { assertion, passkey } = await finishAssertion(context, {
    purpose: 'approval',
    ceremony: id,
    session,
    response,
  })
  const given: GivenAssertion = {
    passkeyId: passkey.id,
    publicKey: passkey.publicKey,
    software: passkey.software,
    rpId: assertion.rp_id,
    origin: assertion.origin,
    authenticatorData: assertion.authenticator_data,
    clientDataJson: assertion.client_data_json,
    signature: assertion.signature,
  }
  return context.issuer.completeApproval({ draft: id, person: toApprover(session.person), assertion: given })
}

/** Used up in the session in which it was prepared, like any approval. */
async function approveByLogin(
  context: PeopleContext,
  session: LiveSession,
  id: string,
): Promise<readonly DelegationRequest[]> {
  await takeCeremony(context, { id, purpose: 'approval', session })
  return context.issuer.approveByLogin({ draft: id, person: toApprover(session.person) })
}
