import { BehalfError, canonicalizeJson, encodeBase64url, isJsonObject, type JsonObject } from '@behalf/core'
import { createApprovalChallenge, renderApproval } from '@behalf/credential'
import type { EnrolBody, PreparedApproval } from '../api/approvals-api.ts'
import type { RequestView } from '../api/views.ts'

/** The authority wants a passkey to sign something else than what this page shows. */
export class DishonestPreparationError extends Error {
  override readonly name = 'DishonestPreparationError'
}

/** What the person chose to approve. */
export interface Chosen {
  readonly requests: readonly Pick<RequestView, 'agent' | 'on_behalf_of'>[]
  readonly enrol: EnrolBody | undefined
}

/**
 * What the passkey is about to sign is what the page shows, whatever the authority says: the sentences are made of the
 * terms by the renderer of this page, and the challenge is made of both. The terms are for the agents and principals of
 * the requests, and enrol nobody beyond what was chosen.
 *
 * @throws DishonestPreparationError
 */
export function checkPrepared(prepared: PreparedApproval, { requests, enrol }: Chosen): void {
  const { payloads, enrolment } = prepared
  if (payloads.length !== requests.length) throw differs('It prepared another number of requests.')
  for (const [index, { agent, on_behalf_of }] of requests.entries()) {
    const subject = subjectOf(payloads[index])
    if (subject.id !== agent) throw differs('It prepared terms for another agent.')
    const { id } = isJsonObject(subject.onBehalfOf) ? subject.onBehalfOf : {}
    if (id !== on_behalf_of.id) throw differs('It prepared terms on behalf of somebody else.')
  }
  if (!isWithin(enrolment, enrol)) throw differs('It prepared more for the agent by itself than was chosen.')
  checkSigned(prepared)
}

function checkSigned(prepared: PreparedApproval): void {
  const { sentences, renderer, options } = prepared
  try {
    if (canonicalizeJson(renderApproval(prepared, renderer)) !== canonicalizeJson(sentences)) {
      throw differs('Its sentences are not what the terms say.')
    }
    if (encodeBase64url(createApprovalChallenge(prepared)) !== options.challenge) {
      throw differs('Your passkey would sign something else.')
    }
  } catch (cause) {
    if (!(cause instanceof BehalfError)) throw cause
    throw differs('Its terms cannot be read.')
  }
}

function isWithin(enrolment: EnrolBody | undefined, chosen: EnrolBody | undefined): boolean {
  if (!enrolment || !chosen) return enrolment === undefined && chosen === undefined
  const isSooner = Date.parse(enrolment.valid_until) <= Date.parse(chosen.valid_until)
  return isSooner && enrolment.max_seconds <= chosen.max_seconds
}

function subjectOf(payload: JsonObject | undefined): JsonObject {
  const subject = payload?.credentialSubject
  return isJsonObject(subject) ? subject : {}
}

function differs(how: string): DishonestPreparationError {
  return new DishonestPreparationError(how)
}
