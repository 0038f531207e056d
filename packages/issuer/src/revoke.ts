import type { Did } from '@behalf/did'
import { checkAgent } from './check-terms.ts'
import { type Decider, type DecidingPerson, identifyDecider } from './decider.ts'
import { IssuerError } from './error.ts'
import { checkKeyAlive, type IssuerContext } from './issuer-context.ts'
import { principalOf, record } from './issuer-event.ts'
import type { DelegationRecord, IssuerTransaction, Revocation } from './issuer-store.ts'
import { publishHeartbeat, signList } from './publish-status.ts'
import { checkOptionalText, TEXT_LIMITS } from './text-rule.ts'

/** Who calls. Whether a key is an operator's is decided outside, from the operators the authority knows. */
export interface Caller {
  readonly did: Did
  readonly operator: boolean
}

/** What was revoked, and where it is published. */
export interface RevocationReceipt {
  /** Id of the delegation, DID of the agent, or what else was named. */
  readonly revoked: string
  /** The heartbeat that says so; every later one does too. */
  readonly sequence: number
  /** When it was revoked first, milliseconds since the epoch. */
  readonly time: number
}

/**
 * The delegation is revoked, and with it everything below it. When this resolves, the revocation, the new list and a
 * heartbeat over it are stored together. Revoking again changes nothing and gives the first time.
 *
 * @param options.caller - an operator, its principal, the agent that delegated, or the agent it was delegated to
 * @throws IssuerError `not_found` (also when it is none of the caller's business), `key_revoked`, `input_invalid`
 */
export async function revokeDelegation(
  context: IssuerContext,
  options: { readonly id: string; readonly caller: Caller | DecidingPerson; readonly reason?: string },
): Promise<RevocationReceipt> {
  const { id, caller } = options
  const reason = checkOptionalText(options.reason, { field: 'reason', maxLength: TEXT_LIMITS.reason })
  return context.store.transaction(async (tx) => {
    if ('did' in caller) await checkKeyAlive(tx, caller.did)
    const by = 'did' in caller ? caller.did : caller.person.id
    const delegation = await tx.findDelegation(id)
    if (!delegation || !mayRevoke(caller, delegation)) {
      throw new IssuerError('not_found', 'There is no such delegation')
    }
    if (delegation.revoked) return receiptOf(tx, id, delegation.revoked)
    const revocation = { at: context.clock(), by, ...(reason !== undefined && { reason }) }
    await tx.markRevoked(id, revocation)
    await recordRevocation(context, tx, { delegation, revocation })
    await signList(context, tx, { number: delegation.status.list, purpose: 'revocation' })
    await publishHeartbeat(context, tx)
    return receiptOf(tx, id, revocation)
  })
}

/**
 * The agent key is revoked for good: no verifier takes a request or a chain with it, and the issuer serves it no more.
 * Revoking again changes nothing and gives the first time.
 *
 * @param options - by which operator, key or person; whether they are one is decided outside
 * @throws IssuerError `key_revoked` (the operator's own), `input_invalid` for the issuer's own key
 *   and for what is no key
 */
export async function revokeKey(
  context: IssuerContext,
  options: { readonly agent: Did; readonly reason?: string } & Decider,
): Promise<RevocationReceipt> {
  const agent = checkAgent(options.agent, 'agent')
  if (agent === context.did) {
    // Its own key would sign its own death notice, which a thief of that key could simply not publish.
    throw new IssuerError('input_invalid', 'An issuer key is distrusted at the verifiers, not here', {
      field: 'agent',
    })
  }
  const reason = checkOptionalText(options.reason, { field: 'reason', maxLength: TEXT_LIMITS.reason })
  return context.store.transaction(async (tx) => {
    const by = await identifyDecider(tx, options)
    const known = await tx.findRevokedKey(agent)
    if (known) return receiptOf(tx, agent, known)
    const revocation = { at: context.clock(), by, ...(reason !== undefined && { reason }) }
    await tx.insertRevokedKey({ agent, ...revocation })
    await record(context, tx, { type: 'key_revoked', data: { subject: agent, by, reason } })
    await publishHeartbeat(context, tx)
    return receiptOf(tx, agent, revocation)
  })
}

/**
 * A key of this issuer is revoked for good: every heartbeat says so from now on, and a verifier that heard of it once
 * trusts nothing that is signed with the key any more, after a restart too. Nothing is issued with it any more. A thief
 * of the key can sign heartbeats that do not say so: they convince only verifiers that never heard.
 *
 * @param options.kid - DID URL of the key
 * @throws IssuerError `not_found` for what is no key of this issuer, `key_revoked` for an operator whose key is,
 *   `input_invalid`
 */
export async function revokeIssuerKey(
  context: IssuerContext,
  options: { readonly kid: string; readonly operator: Did; readonly reason?: string },
): Promise<RevocationReceipt> {
  const { kid, operator } = options
  if (kid !== context.kid) throw new IssuerError('not_found', 'This issuer has no such key')
  const reason = checkOptionalText(options.reason, { field: 'reason', maxLength: TEXT_LIMITS.reason })
  return context.store.transaction(async (tx) => {
    const by = await identifyDecider(tx, { operator })
    const known = await tx.findRevokedKey(kid)
    if (known) return receiptOf(tx, kid, known)
    const revocation = { at: context.clock(), by, ...(reason !== undefined && { reason }) }
    await tx.insertRevokedKey({ agent: kid, ...revocation })
    await record(context, tx, { type: 'issuer_key_revoked', data: { key: kid, by, reason } })
    await publishHeartbeat(context, tx)
    return receiptOf(tx, kid, revocation)
  })
}

function mayRevoke(caller: Caller | DecidingPerson, delegation: DelegationRecord): boolean {
  if ('person' in caller) return caller.isOperator === true || caller.person.id === delegation.onBehalfOf.id
  return caller.operator || caller.did === delegation.delegator || caller.did === delegation.subject
}

async function receiptOf(
  tx: IssuerTransaction,
  revoked: string,
  revocation: Revocation,
): Promise<RevocationReceipt> {
  const published = await tx.readPublication()
  return { revoked, sequence: published?.sequence ?? 0, time: revocation.at }
}

/** The revocation stands in the record. */
export async function recordRevocation(
  context: IssuerContext,
  tx: IssuerTransaction,
  facts: { readonly delegation: DelegationRecord; readonly revocation: Revocation },
): Promise<void> {
  const { delegation, revocation } = facts
  await record(context, tx, {
    type: 'delegation_revoked',
    data: {
      delegation: delegation.id,
      root: delegation.rootId,
      subject: delegation.subject,
      principal: principalOf(context, delegation.onBehalfOf),
      by: revocation.by,
      reason: revocation.reason,
    },
  })
}
