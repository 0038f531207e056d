import type { Did } from '@behalf/did'
import { decidePolicy } from './decide-policy.ts'
import type { PolicyDecision, RequestedTerms } from './delegation-request.ts'
import { IssuerError } from './error.ts'
import { stricterEffect } from './evaluate-policy.ts'
import type { IssuerContext } from './issuer-context.ts'
import type { IssuerTransaction } from './issuer-store.ts'

/**
 * Returns what the policy answers when people are asked about these terms now: it may have changed since the question,
 * and the credential carries the policy of its own time.
 *
 * @throws IssuerError `access_denied` when it refuses by now, `input_invalid` as `decidePolicy`
 */
export async function decideTerms(
  context: IssuerContext,
  tx: IssuerTransaction,
  asked: { readonly agent: Did; readonly terms: RequestedTerms },
): Promise<PolicyDecision> {
  const { policy } = await decidePolicy(context, tx, asked)
  if (policy.decision === 'refuse') {
    throw new IssuerError('access_denied', `The policy ${policy.id} refuses this request`)
  }
  // Somebody is asked, whatever would have sufficed.
  return { ...policy, decision: stricterEffect(policy.decision, 'ask-one') }
}
