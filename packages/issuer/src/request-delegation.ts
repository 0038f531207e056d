import { canonicalizeJson } from '@behalf/core'
import { isStranger } from './decide-policy.ts'
import type { DelegationRequest, RequestedTerms } from './delegation-request.ts'
import { checkPendingLimits, countQuestion } from './flood-limits.ts'
import { checkKeyAlive, type IssuerContext } from './issuer-context.ts'
import { checkQuestion, type DelegationQuestion } from './question.ts'
import { replaceRequest } from './replace-request.ts'
import { settleQuestion, type UndecidedRequest } from './settle-question.ts'

/**
 * The question is recorded and the policy's answer with it: refused, waiting for people, or, within the terms of an
 * enrolment, approved and ready to be collected. A key has one request at a time for the same principal, capabilities
 * and workflow: the same question again gives the one that waits, and with other terms beside these it changes it, see
 * `changeRequest`.
 *
 * @returns the request as it stands
 * @throws IssuerError `input_invalid`, `policy_unknown`, `rate_limited`, `key_revoked`
 * @throws CredentialError `scope_malformed`, `credential_malformed`, `credential_too_large`
 */
export async function requestDelegation(
  context: IssuerContext,
  question: DelegationQuestion,
): Promise<DelegationRequest> {
  const asked = checkQuestion(context, question)
  return context.store.transaction(async (tx) => {
    const { agent } = asked
    await checkKeyAlive(tx, agent)
    const stranger = await isStranger(context, tx, asked)
    await countQuestion(context, tx, { agent, stranger })
    const waiting = await tx.listPendingOf(agent, context.clock())
    const pending = waiting.find(({ terms }) => isAboutTheSame(terms, asked.terms))
    if (pending && asksTheSame(pending, asked)) return pending
    if (pending) return replaceRequest(context, tx, { pending, asked, stranger })
    await checkPendingLimits(context, tx, { asked, pending: waiting.length, stranger })
    return settleQuestion(context, tx, { asked, stranger, keep: (request) => tx.insertRequest(request) })
  })
}

function isAboutTheSame(left: RequestedTerms, right: RequestedTerms): boolean {
  const [mine, theirs] = [left, right].map(({ onBehalfOf, capabilities, workflow }) =>
    spell({ onBehalfOf, capabilities, workflow }),
  )
  return mine === theirs
}

function asksTheSame(pending: DelegationRequest, asked: UndecidedRequest): boolean {
  return pending.agentName === asked.agentName && spell(pending.terms) === spell(asked.terms)
}

/** The one spelling of terms, or of some members of them. */
function spell(terms: object): string {
  return canonicalizeJson(JSON.parse(JSON.stringify(terms)))
}
