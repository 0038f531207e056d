import { createUuid } from '@behalf/core'
import type { Did } from '@behalf/did'
import { type AskedTerms, checkTerms } from './check-terms.ts'
import { checkIssuable } from './draft-root.ts'
import type { IssuerContext } from './issuer-context.ts'
import type { UndecidedRequest } from './settle-question.ts'
import { checkOptionalText, TEXT_LIMITS } from './text-rule.ts'

/** What an agent sends to ask for a delegation. */
export interface DelegationQuestion extends AskedTerms {
  /** The key that signed the question: the subject of what may come of it. */
  readonly agent: Did
  /** What the agent calls itself; shown, never signed. */
  readonly agentName?: string
}

/**
 * Returns the request that a question makes, before the policy saw it: its terms are complete, in range and safe to
 * show, and a delegation on them could be issued.
 *
 * @throws IssuerError `input_invalid`, `policy_unknown`
 * @throws CredentialError `scope_malformed`, `credential_malformed`, `credential_too_large`
 */
export function checkQuestion(context: IssuerContext, question: DelegationQuestion): UndecidedRequest {
  const agentName = checkOptionalText(question.agentName, {
    field: 'agent_name',
    maxLength: TEXT_LIMITS.agentName,
  })
  const now = context.clock()
  const asked: UndecidedRequest = {
    id: createUuid(context.random),
    version: 1,
    agent: question.agent,
    ...(agentName !== undefined && { agentName }),
    terms: checkTerms(question, context),
    status: 'pending',
    requestedAt: now,
    expiresAt: now + context.requestSeconds * 1000,
    approvals: [],
  }
  // Nobody should be asked about what could never be issued.
  checkIssuable(context, asked)
  return asked
}
