import type { Did } from '@behalf/did'
import { identifyDecider } from './decider.ts'
import { recordWithdrawal } from './enrol-agent.ts'
import type { IssuerContext } from './issuer-context.ts'
import { principalOf, record } from './issuer-event.ts'
import type { DelegationRecord, Enrolment, IssuerTransaction, Revocation } from './issuer-store.ts'
import { publishHeartbeat, signRevoked } from './publish-status.ts'
import type { RevocationReceipt } from './revoke.ts'
import { recordRevocation } from './revoke.ts'
import { checkOptionalText, checkText, TEXT_LIMITS } from './text-rule.ts'

/** Much that an operator stops at once. */
export type RevocationScope =
  /** Everything on behalf of a principal, by its id, in every tenant. */
  | { readonly principal: string }
  /** Everything of a workflow, or of one run of it. */
  | { readonly workflow: { readonly id: string; readonly run?: string } }

/** Who stops it, and why. */
export interface RevokeScopeOptions {
  readonly scope: RevocationScope
  readonly operator: Did
  readonly reason?: string
}

/** What was stopped, and where it is published. */
export interface ScopeRevocationReceipt extends RevocationReceipt {
  /** Ids of the roots that were revoked now, and with them everything below. */
  readonly delegations: readonly string[]
}

const MAX_ENROLMENTS = 10_000

/**
 * Nothing in the scope acts any more: every root is revoked and with it everything below it; of a principal no enrolment
 * approves a new one by itself. All of it happens at once and is published once. What is asked for and approved later
 * is not touched. Revoking again stops what came meanwhile.
 *
 * @throws IssuerError `key_revoked` for an operator whose key is, `input_invalid` for a text that hides something
 */
export async function revokeScope(
  context: IssuerContext,
  { scope, operator, reason: given }: RevokeScopeOptions,
): Promise<ScopeRevocationReceipt> {
  const reason = checkOptionalText(given, { field: 'reason', maxLength: TEXT_LIMITS.reason })
  const revoked = nameScope(scope)
  return context.store.transaction(async (tx) => {
    const by = await identifyDecider(tx, { operator })
    const time = context.clock()
    const revocation = { at: time, by, ...(reason !== undefined && { reason }) }
    const live = await tx.listLiveDelegations({ ...scope, now: time })
    // What lies below a root ends with it.
    const roots = live.filter(({ parentId }) => parentId === undefined)
    await recordScope(context, tx, { scope, revocation })
    for (const delegation of roots) await revokeRoot(context, tx, { delegation, revocation })
    if ('principal' in scope) await withdrawAll(context, tx, { principal: scope.principal, revocation })
    await signRevoked(context, tx, roots)
    const { sequence } = await publishHeartbeat(context, tx)
    return { revoked, delegations: roots.map(({ id }) => id), sequence, time }
  })
}

/** The scope in one text. */
function nameScope(scope: RevocationScope): string {
  if ('principal' in scope) {
    return checkText(scope.principal, { field: 'principal.id', maxLength: TEXT_LIMITS.principalId })
  }
  const { id, run } = scope.workflow
  const named = checkText(id, { field: 'workflow.id', maxLength: TEXT_LIMITS.workflowId })
  if (run === undefined) return named
  return `${named}/${checkText(run, { field: 'workflow.run', maxLength: TEXT_LIMITS.workflowRun })}`
}

async function recordScope(
  context: IssuerContext,
  tx: IssuerTransaction,
  { scope, revocation: { by, reason } }: { readonly scope: RevocationScope; readonly revocation: Revocation },
): Promise<void> {
  if ('principal' in scope) {
    const principal = principalOf(context, { id: scope.principal })
    await record(context, tx, { type: 'principal_revoked', data: { principal, by, reason } })
    return
  }
  await record(context, tx, { type: 'run_revoked', data: { workflow: { ...scope.workflow }, by, reason } })
}

async function revokeRoot(
  context: IssuerContext,
  tx: IssuerTransaction,
  facts: { readonly delegation: DelegationRecord; readonly revocation: Revocation },
): Promise<void> {
  await tx.markRevoked(facts.delegation.id, facts.revocation)
  await recordRevocation(context, tx, facts)
}

async function withdrawAll(
  context: IssuerContext,
  tx: IssuerTransaction,
  { principal, revocation }: { readonly principal: string; readonly revocation: Revocation },
): Promise<void> {
  const enrolments = await tx.listEnrolments({ now: revocation.at, limit: MAX_ENROLMENTS })
  const own = (enrolment: Enrolment): boolean => enrolment.onBehalfOf.id === principal
  for (const enrolment of enrolments.filter(own)) {
    await tx.saveEnrolment({ ...enrolment, withdrawnAt: revocation.at })
    await recordWithdrawal(context, tx, { enrolment, by: revocation.by })
  }
}
