import type { ApprovedTerms } from './approval-challenge.ts'
import { parseDateTime } from './date-time.ts'
import { CURRENT_RENDERER, renderDelegation, renderSpan, renderTime } from './render-delegation.ts'

/**
 * Returns the sentences of everything that is approved at once, one list for each payload: what its delegation says,
 * and what the agent may have by itself from then on.
 * @param version of the renderer
 * @throws CredentialError as of `renderDelegation`; `credential_malformed` (`valid_until`) for another spelling of a time
 */
export function renderApproval(
  { payloads, enrolment }: Pick<ApprovedTerms, 'payloads' | 'enrolment'>,
  version: number = CURRENT_RENDERER,
): readonly (readonly string[])[] {
  const more = enrolment === undefined ? [] : [renderEnrolment(enrolment)]
  return payloads.map((payload) => [...renderDelegation(payload, version).sentences, ...more])
}

function renderEnrolment({ valid_until, max_seconds }: NonNullable<ApprovedTerms['enrolment']>): string {
  const end = renderTime(parseDateTime(valid_until, 'valid_until'))
  const span = renderSpan(max_seconds)
  return `Until ${end} this key may get the same again by itself, for any purpose and as often as it asks, each time for at most ${span}: nobody is asked.`
}
